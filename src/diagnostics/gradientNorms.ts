// Where along the depth does the signal die, and for how many seeds?
//
// All seeds are asked, on the probe set and not on the batch of the step, so that the picture moves with the weights
// and not with the draw of the batch.
import { dataMoments } from '../core/dataMoments.ts'
import { networkWidths } from '../core/networkSpec.ts'
import type { GradientNormSample } from '../core/sample.ts'
import { probeSamples, probeSetSize, type Instrument, type InstrumentContext } from './instrument.ts'
import { isDead } from './deadNetwork.ts'
import { forwardLog10 } from './forwardNorms.ts'
import { globalLog10Norm, log10Norms } from './logNorms.ts'

/** Seeds between two looks at the clock: a chain answers in microseconds, a network in milliseconds. */
const SEEDS_PER_BREATH = 32

/** Seeds whose signal is measured as well. */
const FORWARD_SEEDS = 16

/** Frobenius norm and mean absolute entry of the gradient of the reduced loss on the probe set, per seed and layer. */
export const measureGradientNorms: Instrument = async (context: InstrumentContext): Promise<GradientNormSample> => {
  const { probes } = context
  const set = probeSamples(probeSetSize(context))
  const layerCount = probes[0].layers.length
  const log10 = new Float64Array(probes.length * layerCount)
  const meanAbsLog10 = new Float64Array(probes.length * layerCount)
  const globalLog10 = new Float64Array(probes.length)
  const underflow = new Uint8Array(probes.length * layerCount)
  const dead = new Uint8Array(probes.length)
  // Where nothing crosses from a GPU the start is always known: there the closed forms speak.
  const isAsked = context.effort === 'full' || (context.step === 0 && probes[0].precision === 'float64')
  const forward = isAsked ? new Float64Array(log10.length).fill(NaN) : null
  for (let seed = 0; seed < probes.length; seed++) {
    if (seed % SEEDS_PER_BREATH === SEEDS_PER_BREATH - 1) await context.breathe()
    const norms = await probes[seed].gradientNorms(set, context.signal)
    const at = seed * layerCount
    log10.set(log10Norms(norms.mantissa, norms.exponent), at)
    meanAbsLog10.set(log10Norms(norms.meanAbsMantissa, norms.meanAbsExponent), at)
    globalLog10[seed] = globalLog10Norm(norms)
    underflow.set(norms.underflow, at)
    if (seed < FORWARD_SEEDS) forward?.set(await forwardLog10(probes[seed], set.indices.length), at)
    if (norms.mantissa[0] === 0 && norms.underflow[0] === 0 && (await isDead(probes[seed], set, context.signal))) dead[seed] = 1
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
    ...(context.step === 0 ? momentsOf(context, set.indices.length) : {}),
    ...(forward === null ? {} : { forwardLog10: forward }),
  }
}

/** Of the probe set, which is the first training samples. */
function momentsOf({ train, spec }: InstrumentContext, count: number): Pick<GradientNormSample, 'data'> {
  if (train === undefined || spec === undefined) return {}
  const { inputWidth, outputWidth } = networkWidths(spec)
  return {
    data: dataMoments(
      train.inputs.subarray(0, count * inputWidth),
      train.targets.subarray(0, count * outputWidth),
      count,
      inputWidth,
      outputWidth,
    ),
  }
}
