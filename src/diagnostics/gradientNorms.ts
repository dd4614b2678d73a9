// Where along the depth does the signal die, and for how many seeds?
//
// All seeds are asked, on the probe set, so that the picture moves with the weights and not with the draw of the batch; or on the
// batch of the step where that is wanted, which the step itself has told for next to nothing while a run goes on.
import { dataMoments } from '../core/dataMoments.ts'
import { networkWidths } from '../core/networkSpec.ts'
import type { LayerNorms, SampleSet } from '../core/probe.ts'
import type { GradientNormSample } from '../core/sample.ts'
import { probeSamples, probeSetSize, type Instrument, type InstrumentContext } from './instrument.ts'
import { isDead } from './deadNetwork.ts'
import { forwardLog10 } from './forwardNorms.ts'
import { globalLog10Norm, log10Norms } from './logNorms.ts'

/** Seeds between two looks at the clock: a chain answers in microseconds, a network in milliseconds to half a second. */
const CHAINS_PER_BREATH = 32

/** Seeds of a network whose signal is measured as well; of chains all. */
const FORWARD_SEEDS = 16

/** Rows of a batch for whose closed forms every pair is looked at. */
const MOST_PAIRED_ROWS = 512

/** Frobenius norm and mean absolute entry of the gradient of the reduced loss on the probe set or the step's batch, per seed and layer. */
export const measureGradientNorms: Instrument = async (context: InstrumentContext): Promise<GradientNormSample> => {
  const { probes, batch, stepNorms } = context
  const probeSet = probeSamples(probeSetSize(context))
  const set: SampleSet = batch === undefined ? probeSet : { indices: batch, from: 'train' }
  const layerCount = probes[0].layers.length
  const log10 = new Float64Array(probes.length * layerCount)
  const meanAbsLog10 = new Float64Array(probes.length * layerCount)
  const globalLog10 = new Float64Array(probes.length)
  const underflow = new Uint8Array(probes.length * layerCount)
  const dead = new Uint8Array(probes.length)
  // Where nothing crosses from a GPU the start is always known: there the closed forms speak.
  const isAsked = context.effort === 'full' || (context.step === 0 && probes[0].precision === 'float64')
  const forward = isAsked ? new Float64Array(log10.length).fill(NaN) : null
  const isChain = probes[0].layers[0].kind === 'chain'
  const perBreath = isChain ? CHAINS_PER_BREATH : 1
  for (let seed = 0; seed < probes.length; seed++) {
    if (seed % perBreath === perBreath - 1) await context.breathe()
    const told = stepNorms?.[seed]
    // A diverged seed stands still, so it can be asked after the step as well as before.
    const norms = told === undefined || isUnknown(told) ? await probes[seed].gradientNorms(set, context.signal) : told
    const at = seed * layerCount
    log10.set(log10Norms(norms.mantissa, norms.exponent), at)
    meanAbsLog10.set(log10Norms(norms.meanAbsMantissa, norms.meanAbsExponent), at)
    globalLog10[seed] = globalLog10Norm(norms)
    underflow.set(norms.underflow, at)
    if (isChain || seed < FORWARD_SEEDS) forward?.set(await forwardLog10(probes[seed], probeSet.indices.length), at)
    // Asked after the step where the step told the norms: what is dead then was dead before it, unless momentum ran on.
    if (norms.mantissa[0] === 0 && norms.underflow[0] === 0 && (await isDead(probes[seed], probeSet, context.signal))) dead[seed] = 1
  }
  return {
    type: 'gradientNorms',
    arm: context.arm,
    step: context.step,
    seedCount: probes.length,
    layerCount,
    log10,
    meanAbsLog10,
    globalLog10,
    underflow,
    dead,
    ...(context.step === 0 ? momentsOf(context, set.indices) : {}),
    ...(batch === undefined ? {} : { batchRows: batch.length }),
    ...(forward === null ? {} : { forwardLog10: forward }),
  }
}

function isUnknown({ mantissa }: LayerNorms): boolean {
  return Number.isNaN(mantissa[0])
}

/** Of the samples that were measured; the probe set is the first training samples. */
function momentsOf({ train, spec }: InstrumentContext, indices: Int32Array): Pick<GradientNormSample, 'data'> {
  if (train === undefined || spec === undefined || indices.length > MOST_PAIRED_ROWS) return {}
  const { inputWidth, outputWidth } = networkWidths(spec)
  const rowsOf = (values: ArrayLike<number>, width: number): Float64Array =>
    Float64Array.from({ length: indices.length * width }, (_, at) => values[indices[Math.floor(at / width)] * width + (at % width)])
  const inputs = rowsOf(train.inputs, inputWidth)
  return { data: dataMoments(inputs, rowsOf(train.targets, outputWidth), indices.length, inputWidth, outputWidth) }
}
