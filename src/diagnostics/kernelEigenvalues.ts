// What are the eigenvalues of a tangent kernel, down to the smallest?
//
// Of the formed kernel where they can be seen there, else the squared singular values of the Jacobian, while that is affordable.
import type { Probe, SampleSet } from '../core/probe.ts'
import type { InstrumentContext } from './instrument.ts'
import { needsJacobian, squaredSingularValues } from './smallestKernelEigenvalue.ts'

/** Rows for which the singular values of the Jacobian are worth their eightfold cost. */
const JACOBIAN_ROWS_LIMIT = 256
const JACOBIAN_ENTRIES_LIMIT = 4e6

/**
 * Ascending, never below 0: a Gram matrix has no negative eigenvalue but by rounding.
 *
 * @param kernel [n*c, n*c] of the samples of `set`.
 */
export async function kernelEigenvalues(
  probe: Probe,
  kernel: Float64Array,
  set: SampleSet,
  context: Pick<InstrumentContext, 'breathe' | 'eigenvalues' | 'signal'>,
): Promise<Float64Array> {
  const rows = set.indices.length * probe.outputCount
  const formed = (await context.eigenvalues(kernel, rows)).map((value) => Math.max(0, value))
  const isAffordable = rows <= JACOBIAN_ROWS_LIMIT && rows * probe.parameterCount <= JACOBIAN_ENTRIES_LIMIT
  if (!isAffordable || !needsJacobian(formed[0], formed[rows - 1], probe.precision)) return formed
  await context.breathe()
  const jacobian = await probe.outputJacobian(set, context.signal)
  return await squaredSingularValues(jacobian, rows, probe.parameterCount, (matrix, n) => context.eigenvalues(matrix, n))
}
