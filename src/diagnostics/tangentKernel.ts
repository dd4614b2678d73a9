// Does the network learn by moving its features, or only on top of those it started with?
//
// The kernel and the weights of step 0 are remembered by the instrument; when it was created later (switched on in
// mid-run, or restored) it borrows the start once, built again from the seed.
import type { Probe } from '../core/probe.ts'
import type { KernelSample, UnavailableSample } from '../core/sample.ts'
import { kernelDrift } from './kernelDrift.ts'
import { probeSamples, probeSetSize, unavailable, type Instrument, type InstrumentContext } from './instrument.ts'
import { plBounds, plRatio } from './polyakLojasiewicz.ts'
import { needsJacobian, squaredSingularValues } from './smallestKernelEigenvalue.ts'
import { traceKernel } from './traceKernel.ts'
import { weightDistance } from './weightDistance.ts'

/** Rows of the kernel, samples x outputs: its eigenvalues then take about a second at most. */
export const KERNEL_ROWS_LIMIT = 1000
/** Rows for which the singular values of the Jacobian are worth their eightfold cost. */
const JACOBIAN_ROWS_LIMIT = 256
const JACOBIAN_ENTRIES_LIMIT = 4e6

interface Start {
  readonly kernel: Float64Array
  readonly weights: Float64Array
}

/** Tangent kernel J J^T of the outputs on the probe set, its drift, extremes and PL* ratio; focus seed. */
export function createTangentKernel(): Instrument {
  let start: Start | null = null
  return async (context: InstrumentContext): Promise<KernelSample | UnavailableSample> => {
    const probe = context.probes[0]
    const { outputCount } = probe
    const sampleCount = Math.min(probeSetSize(context), Math.max(1, Math.floor(KERNEL_ROWS_LIMIT / outputCount)))
    const set = probeSamples(sampleCount)
    start ??= await context.atStart(async (first) => ({ kernel: await first.kernelGram(set, context.signal), weights: await first.weights() }))
    const kernel = context.step === 0 ? start.kernel : await probe.kernelGram(set, context.signal)
    await context.breathe()
    const [gradient, value, weights] = [await probe.gradient(set, context.signal), await probe.loss(set, context.signal), await probe.weights()]
    if (!kernel.every(Number.isFinite) || !Number.isFinite(value.loss)) return unavailable(context, 'kernel', 'nonFinite')
    const drift = kernelDrift(kernel, start.kernel)
    if (Number.isNaN(drift)) return unavailable(context, 'kernel', 'zeroGradient')
    const eigenvalues = await kernelEigenvalues(context, probe, kernel, sampleCount)
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
    }
  }
}

/** Ascending, never below 0: a Gram matrix has no negative eigenvalue but by rounding. */
async function kernelEigenvalues(context: InstrumentContext, probe: Probe, kernel: Float64Array, sampleCount: number): Promise<Float64Array> {
  const rows = sampleCount * probe.outputCount
  const formed = (await context.eigenvalues(kernel, rows)).map((value) => Math.max(0, value))
  const isAffordable = rows <= JACOBIAN_ROWS_LIMIT && rows * probe.parameterCount <= JACOBIAN_ENTRIES_LIMIT
  if (!isAffordable || !needsJacobian(formed[0], formed[rows - 1], probe.precision)) return formed
  await context.breathe()
  const jacobian = await probe.outputJacobian(probeSamples(sampleCount), context.signal)
  return await squaredSingularValues(jacobian, rows, probe.parameterCount, (matrix, n) => context.eigenvalues(matrix, n))
}
