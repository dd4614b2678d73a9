// Which closed forms belong to one sample rather than to the run? Those that need its own weights, or its own diversity.
//
// Not part of `theory` in the state: the scrubber may stand at another sample than the newest, and the curve goes with it.
import type { ArmName, Experiment } from '../core/experiment.ts'
import { armExperiment } from '../core/resolve.ts'
import type { CosineSample, KernelSample, PairAngles } from '../core/sample.ts'
import type { TheoryCurve } from '../core/theoryCurve.ts'
import { batchSumCurves } from '../theory/batchSumCurves.ts'
import { orthogonalCosine } from '../theory/orthogonalLinear.ts'
import { shallowCurvature, shallowCurves } from '../theory/shallowCurves.ts'

/** Expected sums of batch gradients from the diversity of this sample; none where it has no sums. */
export function batchSumTheory(experiment: Experiment, arm: ArmName, sample: CosineSample): readonly TheoryCurve[] {
  if (sample.batchSums === undefined) return []
  const { model } = armExperiment(experiment, arm)
  return batchSumCurves(sample.batchSums, sample.sampleCount, sample.diversity, model.kind !== 'chain' && model.norm === 'batch')
}

/** [k] where the cosine of each pair of gradients lies in a linear orthogonal network. */
export function angleProducts({ residuals, inputs }: PairAngles): Float64Array {
  return residuals.map((cosine, k) => orthogonalCosine(cosine, inputs[k]))
}

export interface ShallowTheory {
  readonly curves: readonly TheoryCurve[]
  /** |H| of the outputs that were asked; null without a closed form. */
  readonly curvature: number | null
}

const NO_SHALLOW: ShallowTheory = { curves: [], curvature: null }
const kept = new WeakMap<object, ShallowTheory>()

/** Kernel and curvature of the shallow network at the weights of this sample, computed once; none for other networks. */
export function shallowTheory(experiment: Experiment, arm: ArmName, sample: KernelSample): ShallowTheory {
  const { shallow, step, outputHessianNorm } = sample
  if (shallow === undefined) return NO_SHALLOW
  const known = kept.get(sample)
  if (known !== undefined) return known
  const { activation, outputActivation } = armExperiment(experiment, arm).model
  const n = shallow.inputs.length
  const asked = outputHessianNorm?.askedCount ?? n
  // As `outputHessianNorm` spreads them.
  const inputs = Float64Array.from({ length: asked }, (_, k) => shallow.inputs[Math.floor((k * n) / asked)])
  const found: ShallowTheory = {
    curves: shallowCurves(shallow, activation, outputActivation, step === 0),
    curvature: shallowCurvature({ ...shallow, inputs }, activation, outputActivation),
  }
  kept.set(sample, found)
  return found
}
