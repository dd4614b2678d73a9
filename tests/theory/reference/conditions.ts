// What of a run decides whether a closed form applies: small experiments, and the verdict of one condition of one curve.
import { DEFAULT_EXPERIMENT, DEFAULT_MLP } from '../../../src/core/defaults.ts'
import type { Experiment } from '../../../src/core/experiment.ts'
import { theoryFor } from '../../../src/theory/curvesFor.ts'
import { runFacts, type MeasuredFacts, type RunFacts } from '../../../src/theory/runFacts.ts'

export const chain: Experiment = { ...DEFAULT_EXPERIMENT, versus: null }
export const linear: Experiment = {
  ...DEFAULT_MLP,
  model: { ...DEFAULT_MLP.model, activation: 'identity', bias: false, depth: 3, width: 16 },
  init: { scheme: 'unitNormal', tau: 1, gain: 1 },
  data: { ...DEFAULT_MLP.data, kind: 'teacher', inputs: 8, outputs: 1, trainCount: 500 },
  loss: { kind: 'squaredError', reduction: 'mean' },
  optimizer: { ...DEFAULT_MLP.optimizer, kind: 'sgd', lr: 0.01 },
  batch: 500,
}
export const relu: Experiment = { ...linear, model: { ...linear.model, activation: 'relu' }, init: { ...linear.init, scheme: 'heNormal' } }
export const regression: Experiment = {
  ...linear,
  model: { ...linear.model, depth: 1 },
  optimizer: { ...linear.optimizer, lr: 1e-4 },
  batch: 1,
}
export const orthogonal: Experiment = { ...linear, init: { ...linear.init, scheme: 'orthogonal' } }
export const ntk: Experiment = { ...linear, model: { ...linear.model, depth: 2, parameterization: 'ntk' } }
export const KERNEL = { steps: [0, 10], lower: [0.5, 0.4], upper: [4, 4] }
export const POINT = { inputWidth: 1, outputWidth: 1, imageShape: null, trainCount: 1 }

export interface Case {
  readonly arm: Experiment
  readonly measured?: MeasuredFacts
  /** Of the facts, where no experiment has them. */
  readonly facts?: Partial<RunFacts>
  readonly outputs?: number
  readonly trainCount?: number
}
export type Verdict = boolean | 'unknown'

export function factsOf({ arm, measured = {}, facts = {}, outputs = 1, trainCount = arm.data.trainCount }: Case): RunFacts {
  const shape = arm.model.kind === 'chain' ? POINT : { inputWidth: 8, outputWidth: outputs, imageShape: null, trainCount }
  return { ...runFacts(arm, shape, null, measured), ...facts }
}
export function verdictOf(id: string, text: string, own: Case): Verdict {
  const curve = theoryFor(factsOf(own)).find((candidate) => candidate.id === id)
  if (curve === undefined) throw new Error(`no curve ${id}`)
  const found = curve.hypotheses.filter((hypothesis) => hypothesis.text.startsWith(text))
  if (found.length !== 1) throw new Error(`${found.length} conditions "${text}" among ${curve.hypotheses.map((h) => h.text).join('; ')}`)
  return found[0].holds
}
export const model = (arm: Experiment, change: Partial<Experiment['model']>): Experiment => ({ ...arm, model: { ...arm.model, ...change } })
export const init = (arm: Experiment, change: Partial<Experiment['init']>): Experiment => ({ ...arm, init: { ...arm.init, ...change } })
export const lr = (arm: Experiment, rate: number): Experiment => ({ ...arm, optimizer: { ...arm.optimizer, lr: rate } })
export const kind = (arm: Experiment, name: Experiment['optimizer']['kind']): Experiment => ({
  ...arm,
  optimizer: { ...arm.optimizer, kind: name },
})
export const data = (arm: Experiment, change: Partial<Experiment['data']>): Experiment => ({ ...arm, data: { ...arm.data, ...change } })
export const SEEN: MeasuredFacts = { initialTrainLoss: 1, outputGradientSquare: { min: 2, max: 4 }, confusion: 0.5 }
export const certified: MeasuredFacts = { kernel: KERNEL, initialLoss: 2, lambdaMax: 50 }
export const whole: Experiment = data({ ...linear, batch: 64, diagnostics: { ...linear.diagnostics, probeCount: 64 } }, { trainCount: 64 })
export const equal: Experiment = init(model(chain, { depth: 6 }), { scheme: 'constant', tau: 0.7 })
export const moments = (traceS: number, crossSquare: number) => ({
  traceS,
  traceSS: traceS * traceS,
  crossSquare,
  meanInputSquare: traceS,
  meanTargetSquare: crossSquare,
})
export const BALL = { steps: [0, 1], lipschitz: [2, 2], distance: [0, 1], residual: 3, kernelNorm: 4, rows: 20 }

/** Curve, beginning of the condition, where it holds, where it is broken, and the boundary with its verdict. */
export type ConditionCase = readonly [string, string, Case, Case, Case, Verdict]
