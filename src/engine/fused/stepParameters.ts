// What changes from step to step? The uniform block of K1 and K2, one 256-byte slice per step of a chunk.
import type { OptimizerSettings } from '../../core/experiment.ts'
import { resolveEps } from '../../core/resolve.ts'

/** Distance of two slices: the smallest offset that every adapter can bind. */
export const SLICE_BYTES = 256

export interface StepNumbers {
  readonly optimizer: OptimizerSettings
  /** 1/batch for a mean, 1 for a sum. */
  readonly reduction: number
  /** Position of this step's batch in the chunk. */
  readonly chunkStep: number
  /** Updates done since the slots were empty; this one is number updates + 1. */
  readonly updates: number
  /** Where this dispatch begins when K1 is cut into several; 0 when absent. */
  readonly firstTile?: number
  /** The same for K2 and its layers, and for the seeds of both. */
  readonly firstLayer?: number
  readonly firstSeed?: number
  /** Stations of K1 that a range of layers does, from .. until - 1; see `layerRangesWgsl.ts`. */
  readonly stations?: readonly [from: number, until: number]
}

/** Writes one slice; eps goes as mantissa and exponent, because 1e-150 is no float32. */
export function writeStep(view: DataView, slice: number, step: StepNumbers): void {
  const { optimizer } = step
  const base = slice * SLICE_BYTES
  const adam = optimizer.kind === 'adam'
  const second = {
    sgd: 0,
    momentum: optimizer.momentum,
    nesterov: optimizer.momentum,
    rmsprop: optimizer.decay,
    adam: optimizer.beta1,
    perturbed: optimizer.noise,
  }[optimizer.kind]
  const eps = resolveEps(optimizer, 'fused')
  const exponent = eps === 0 ? 0 : Math.floor(Math.log2(eps))
  const t = step.updates + 1
  const floats = [
    optimizer.lr,
    step.reduction,
    second,
    optimizer.beta2,
    eps === 0 ? 0 : eps / 2 ** exponent,
    adam ? 1 / (1 - optimizer.beta1 ** t) : 1,
    adam ? 1 / Math.sqrt(1 - optimizer.beta2 ** t) : 1,
    step.firstSeed ?? 0,
  ]
  for (const [i, value] of floats.entries()) view.setFloat32(base + 4 * i, value, true)
  const [from, until] = step.stations ?? [exponent, step.updates % 6]
  const integers = [step.chunkStep, from, until, step.firstTile ?? step.firstLayer ?? 0]
  for (const [i, value] of integers.entries()) view.setInt32(base + 32 + 4 * i, value, true)
}
