// Between which bounds may each number of an experiment move?
//
// One table for the validator, the sliders and the refusal texts. `scale` tells the slider whether equal
// distances are equal differences or equal ratios; `softMax` is where the slider ends although a typed value may go on.

/** Bounds of one number; both ends are allowed values. */
export interface Limit {
  readonly min: number
  readonly max: number
  readonly softMax?: number
  readonly scale: 'linear' | 'log'
}

export const LIMITS = {
  depth: { min: 1, max: 2000, softMax: 300, scale: 'log' },
  width: { min: 1, max: 1024, softMax: 256, scale: 'log' },
  parameterBudget: { min: 10, max: 20_000_000, scale: 'log' },
  skipSpan: { min: 0, max: 3, scale: 'linear' },
  branchScale: { min: 0, max: 10, softMax: 2, scale: 'linear' },
  gain: { min: 0.01, max: 10, softMax: 2, scale: 'linear' },
  dropFactor: { min: 0.001, max: 1, scale: 'log' },
  fileName: { min: 1, max: 120, scale: 'linear' },
  fileChannels: { min: 1, max: 4, scale: 'linear' },
  fileSide: { min: 1, max: 4096, scale: 'log' },
  fileClasses: { min: 0, max: 200, scale: 'linear' },
  fileTargets: { min: 1, max: 100, scale: 'linear' },
  tau: { min: 0.01, max: 10, softMax: 4, scale: 'linear' },
  trainCount: { min: 1, max: 10_000, scale: 'log' },
  testCount: { min: 0, max: 2_000, scale: 'log' },
  inputs: { min: 1, max: 1024, scale: 'log' },
  outputs: { min: 1, max: 100, scale: 'log' },
  noise: { min: 0, max: 10, scale: 'linear' },
  lr: { min: 1e-8, max: 100, softMax: 10, scale: 'log' },
  momentum: { min: 0, max: 0.9999, scale: 'linear' },
  decay: { min: 0, max: 0.99999, scale: 'linear' },
  beta1: { min: 0, max: 0.9999, scale: 'linear' },
  beta2: { min: 0, max: 0.99999, scale: 'linear' },
  eps: { min: 0, max: 1, scale: 'log' },
  probeCount: { min: 1, max: 256, scale: 'log' },
  pairCount: { min: 1, max: 2000, scale: 'log' },
  pairBatch: { min: 1, max: 512, scale: 'log' },
  lanczosSteps: { min: 2, max: 200, scale: 'log' },
  lanczosProbes: { min: 1, max: 32, scale: 'log' },
  every: { min: 0, max: 100_000, scale: 'log' },
  budget: { min: 0, max: 1, scale: 'linear' },
  batch: { min: 1, max: 10_000, softMax: 1024, scale: 'log' },
  steps: { min: 1, max: 1_000_000, softMax: 100_000, scale: 'log' },
  seed: { min: 0, max: 4_294_967_295, scale: 'linear' },
  seeds: { min: 1, max: 4096, softMax: 64, scale: 'log' },
} as const satisfies Record<string, Limit>

export type LimitName = keyof typeof LIMITS
