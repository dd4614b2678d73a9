// What does the tangent kernel of a problem say? The fields kernel and drift of a snapshot.
import type { Probe, SampleSet } from '../../core/probe.ts'
import { jsonMatrix, jsonNumber, type Measured } from '../../core/snapshot.ts'
import { kernelDrift } from '../../diagnostics/kernelDrift.ts'
import { kernelEigenvalues } from '../../diagnostics/kernelEigenvalues.ts'
import { traceKernel } from '../../diagnostics/traceKernel.ts'
import { weightDistance } from '../../diagnostics/weightDistance.ts'
import type { Attention } from './attention.ts'

/** Largest n * c of which the kernel is written out. */
export const KERNEL_ROWS = 700

/** Lends the probe of the start weights. */
export type LendStart = <Result>(use: (probe: Probe) => Promise<Result>) => Promise<Result>

/** The kernel with its extremes; `kernel` is [n*c, n*c]. */
export async function measuredKernel(
  probe: Probe,
  kernel: Float64Array,
  set: SampleSet,
  attention: Attention,
): Promise<NonNullable<Measured['kernel']>> {
  const n = set.indices.length
  const rows = n * probe.outputCount
  const eigenvalues = await kernelEigenvalues(probe, kernel, set, attention)
  const lambdaMin = eigenvalues[0]
  const lambdaMax = eigenvalues[rows - 1]
  return {
    matrix: jsonMatrix(kernel, rows),
    lambdaMin: jsonNumber(lambdaMin),
    lambdaMax: jsonNumber(lambdaMax),
    condition: jsonNumber(lambdaMin > 0 ? lambdaMax / lambdaMin : Infinity),
    traceKernel: jsonMatrix(traceKernel(kernel, n, probe.outputCount), n),
  }
}

/** Distance from the start; without a kernel that of the weights only. */
export async function measuredDrift(
  probe: Probe,
  kernel: Float64Array | null,
  set: SampleSet,
  atStart: LendStart,
  signal?: AbortSignal,
): Promise<NonNullable<Measured['drift']>> {
  const start = await atStart(async (first) => ({
    kernel: kernel === null ? null : await first.kernelGram(set, signal),
    weights: await first.weights(),
  }))
  return {
    ...(kernel === null || start.kernel === null ? {} : { kernelRelFro: jsonNumber(kernelDrift(kernel, start.kernel)) }),
    weightDistance: jsonNumber(weightDistance(await probe.weights(), start.weights)),
  }
}
