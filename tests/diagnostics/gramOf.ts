// Gram matrices of small vectors, and random ones for property tests.
import fc from 'fast-check'

/** [n, n] inner products of the rows. */
export function gramOf(rows: readonly (readonly number[])[]): Float64Array {
  return Float64Array.from(rows.flatMap((a) => rows.map((b) => a.reduce((sum, value, k) => sum + value * b[k], 0))))
}

/** 2 .. 6 vectors of 1 .. 4 small integers: their inner products are exact, so equalities can be asserted. */
export const integerVectors = fc.tuple(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 1, max: 4 })).chain(([count, dimension]) =>
  fc.array(fc.array(fc.integer({ min: -9, max: 9 }), { minLength: dimension, maxLength: dimension }), {
    minLength: count,
    maxLength: count,
  }),
)

/** Fixed, so that a red run can be repeated. */
export const PROPERTY_SEED = { seed: 20_260_301, numRuns: 300 } as const
