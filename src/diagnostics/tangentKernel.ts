// Does the network learn by moving its features, or only on top of those it started with?
//
// The kernel and the weights of step 0 are remembered by the instrument; when it was created later (switched on in
// mid-run, or restored) it borrows the start once, built again from the seed.
import type { Probe, SampleSet } from '../core/probe.ts'
import type { KernelSample, OutputHessianNorm, UnavailableSample } from '../core/sample.ts'
import { namedStream } from '../numerics/streams.ts'
import { kernelChange } from './kernelChange.ts'
import { kernelDrift } from './kernelDrift.ts'
import { hasConvolutions, probeSamples, probeSetSize, unavailable, type Instrument, type InstrumentContext } from './instrument.ts'
import { outputHessianNorm } from './outputHessianNorm.ts'
import { plBounds, plRatio } from './polyakLojasiewicz.ts'
import { kernelEigenvalues } from './kernelEigenvalues.ts'
import { tangentGap } from './tangentGap.ts'
import { traceKernel } from './traceKernel.ts'
import { weightDistance } from './weightDistance.ts'

/** Rows of the kernel, samples x outputs: its eigenvalues then take about a second at most. */
export const KERNEL_ROWS_LIMIT = 1000
/** The same with convolutions, where each row costs a pass of its own: an image-to-image network has hundreds of outputs. */
const CONVOLUTION_ROWS_LIMIT = 200
/** Outputs whose Hessians are asked on demand. */
const OUTPUTS_ASKED = 32

interface Start {
  readonly kernel: Float64Array
  readonly weights: Float64Array
  /** [n, c], of a linearised arm only. */
  readonly outputs: Float64Array | null
}

/** Tangent kernel J J^T of the outputs on the probe set, its drift, extremes and PL* ratio; focus seed. */
export function createTangentKernel(): Instrument {
  let start: Start | null = null
  return async (context: InstrumentContext): Promise<KernelSample | UnavailableSample> => {
    const probe = context.probes[0]
    const { outputCount } = probe
    const rowsLimit = hasConvolutions(probe) ? CONVOLUTION_ROWS_LIMIT : KERNEL_ROWS_LIMIT
    const sampleCount = Math.min(probeSetSize(context), Math.max(1, Math.floor(rowsLimit / outputCount)))
    const set = probeSamples(sampleCount)
    start ??= await context.atStart(async (first) => ({
      kernel: await first.kernelGram(set, context.signal),
      weights: await first.weights(),
      outputs: context.network === undefined ? null : (await first.loss(set, context.signal)).outputs,
    }))
    const kernel = context.step === 0 ? start.kernel : await probe.kernelGram(set, context.signal)
    await context.breathe()
    const [gradient, value, weights] = [
      await probe.gradient(set, context.signal),
      await probe.loss(set, context.signal),
      await probe.weights(),
    ]
    if (!kernel.every(Number.isFinite) || !Number.isFinite(value.loss)) return unavailable(context, 'kernel', 'nonFinite')
    const drift = kernelDrift(kernel, start.kernel)
    if (Number.isNaN(drift)) return unavailable(context, 'kernel', await whyZero(probe, set, context.signal))
    const eigenvalues = await kernelEigenvalues(probe, kernel, set, context)
    const lambdaMin = eigenvalues[0]
    const lambdaMax = eigenvalues[eigenvalues.length - 1]
    const bounds = plBounds(lambdaMin, lambdaMax, context.loss, sampleCount)
    return {
      type: 'kernel',
      arm: context.arm,
      step: context.step,
      sampleCount,
      outputCount,
      drift,
      lambdaMin,
      lambdaMax,
      condition: lambdaMin > 0 ? lambdaMax / lambdaMin : Infinity,
      plRatio: plRatio(gradient, value.loss),
      plLower: bounds.lower,
      plUpper: bounds.upper,
      weightDistance: weightDistance(weights, start.weights),
      traceKernel: traceKernel(kernel, sampleCount, outputCount),
      eigenvalues,
      loss: value.loss,
      change: await kernelChange(
        kernel,
        start.kernel,
        sampleCount * outputCount,
        namedStream(context.seed, `kernel/change/step ${context.step}`),
        context.signal,
      ),
      ...(await shallowOf(context, probe, weights, sampleCount)),
      ...(await gapOf(context, set, value.outputs, start.outputs)),
      ...(context.effort === 'full' ? { outputHessianNorm: await outputCurvature(context, probe, set) } : {}),
    }
  }
}

/** A kernel holds squares of gradients: those of a gradient of 1e-160 are 0, the gradient is not. */
async function whyZero(probe: Probe, set: SampleSet, signal?: AbortSignal): Promise<'zeroGradient' | 'underflow'> {
  const { mantissa, underflow } = await probe.gradientNorms(set, signal)
  return mantissa.some((entry) => entry !== 0) || underflow.some((flag) => flag !== 0) ? 'underflow' : 'zeroGradient'
}

/** Nothing unless the network is m^-1/2 sum v_i sigma(w_i x) with one number in and constant v. */
async function shallowOf(
  { spec, train }: InstrumentContext,
  probe: Probe,
  weights: Float64Array,
  count: number,
): Promise<Pick<KernelSample, 'shallow'>> {
  if (spec?.fixedOutput !== true || spec.linearised === true || train === undefined || spec.layers.length !== 2) return {}
  const [hidden, output] = spec.layers
  if (hidden.kind !== 'dense' || output.kind !== 'dense' || hidden.fanIn !== 1 || output.fanOut !== 1) return {}
  if (hidden.bias || hidden.norm !== undefined || hidden.skip !== undefined || hidden.forwardScale !== 1) return {}
  const signs = await probe.constants?.()
  return signs === undefined
    ? {}
    : { shallow: { inputs: Float64Array.from(train.inputs.subarray(0, count)), weights: weights.slice(), signs } }
}

/** Nothing unless this arm is a tangent with its network beside it. */
async function gapOf(
  { network, signal }: InstrumentContext,
  set: SampleSet,
  tangent: Float64Array,
  start: Float64Array | null,
): Promise<Pick<KernelSample, 'tangentGap'>> {
  if (network === undefined || start === null) return {}
  const { outputs } = await network.loss(set, signal)
  const gap = tangentGap(outputs, tangent, start, set.indices.length)
  return Number.isFinite(gap.rms) && Number.isFinite(gap.moved) ? { tangentGap: gap } : {}
}

async function outputCurvature(context: InstrumentContext, probe: Probe, set: SampleSet): Promise<OutputHessianNorm> {
  const stream = namedStream(context.seed, `kernel/output Hessian/step ${context.step}`)
  return await outputHessianNorm(probe, set, stream, OUTPUTS_ASKED, () => context.breathe(), context.signal)
}
