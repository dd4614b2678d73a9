// Are Ritz values, residual bounds and stops right on matrices whose spectrum is known?
import { describe, expect, test } from 'vitest'
import { DomainFault, ShapeFault } from '../../src/core/faults.ts'
import { lanczos, randomUnitVector } from '../../src/numerics/lanczos.ts'
import type { BlockOperator } from '../../src/numerics/lanczos.ts'
import { namedStream } from '../../src/numerics/streams.ts'
import { diagonalOperator } from './reference/diagonalOperator.ts'

const stream = (): ReturnType<typeof namedStream> => namedStream(11, 'probes')
/** Bulk in [0, 0.5], outliers 100 .. 3 and two negative values. */
function outlierSpectrum(n: number): Float64Array {
  const random = namedStream(12, 'matrix')
  const d = Float64Array.from({ length: n }, () => 0.5 * random.uniform() ** 2)
  ;[100, 60, 40, 25, 15, 10, 5, 3].forEach((v, i) => (d[i] = v))
  d[10] = -1.5
  d[11] = -0.7
  return d
}
const nearest = (values: Float64Array, x: number): number => Math.min(...values.map((v) => Math.abs(v - x)))

describe('lanczos', () => {
  test('finds all eigenvalues when it makes as many steps as there are dimensions', async () => {
    const d = Float64Array.from({ length: 20 }, (_, i) => (i - 7) ** 3)
    const [run] = await lanczos(diagonalOperator(d), 20, stream(), { steps: 20 })
    const sorted = d.slice().sort()
    expect(run.ritzValues).toHaveLength(20)
    // Backward error of 20 steps against the largest, 1728.
    run.ritzValues.forEach((value, i) => expect(Math.abs(value - sorted[i])).toBeLessThan(1e-9))
    expect(run.ritzWeights.reduce((sum, w) => sum + w, 0)).toBeCloseTo(1, 13)
  })
  test('stops at the invariant subspace: one step for a multiple of the identity', async () => {
    const [run] = await lanczos(diagonalOperator(new Float64Array(50).fill(-3)), 50, stream(), { steps: 30 })
    expect(run.endedBy).toBe('invariant')
    expect(run.alphas).toHaveLength(1)
    expect(run.ritzValues[0]).toBeCloseTo(-3, 14)
    expect(run.residuals[0]).toBe(0)
    expect(run.converged).toEqual([true])
  })
  test('stops after as many steps as there are distinct eigenvalues', async () => {
    const d = Float64Array.from({ length: 60 }, (_, i) => [1, 2, 5][i % 3])
    const [run] = await lanczos(diagonalOperator(d), 60, stream(), { steps: 30 })
    expect(run.endedBy).toBe('invariant')
    expect(Array.from(run.ritzValues, (v) => Math.round(v * 1e12) / 1e12)).toEqual([1, 2, 5])
  })
  test('is zero for the zero matrix', async () => {
    const [run] = await lanczos(diagonalOperator(new Float64Array(9)), 9, stream(), { steps: 5 })
    expect(Array.from(run.ritzValues)).toEqual([0])
    expect(run.endedBy).toBe('invariant')
  })
  test('bounds the distance to an eigenvalue by every residual', async () => {
    const d = outlierSpectrum(600)
    for (const steps of [5, 12, 24]) {
      const [run] = await lanczos(diagonalOperator(d), 600, stream(), { steps })
      run.ritzValues.forEach((value, i) => expect(nearest(d, value)).toBeLessThanOrEqual(run.residuals[i] + 1e-12))
    }
  })
  test('has the residual |A q - alpha q| after one step, and residuals whose squares sum to that of the last coupling', async () => {
    const d = outlierSpectrum(50)
    const q = randomUnitVector(stream(), 50)
    const alpha = q.reduce((sum, v, i) => sum + d[i] * v * v, 0)
    const residual = Math.sqrt(q.reduce((sum, v, i) => sum + ((d[i] - alpha) * v) ** 2, 0))
    const [one] = await lanczos(diagonalOperator(d), 50, stream(), { steps: 1 })
    expect(one.residuals[0] / residual).toBeCloseTo(1, 12)
    const [many] = await lanczos(diagonalOperator(d), 50, stream(), { steps: 9 })
    expect(Math.sqrt(many.residuals.reduce((sum, v) => sum + v * v, 0)) / many.betas[8]).toBeCloseTo(1, 12)
  })
  test('keeps its basis orthogonal where each product nearly lies in it: a spread of 1e-9 around 1', async () => {
    const d = Float64Array.from({ length: 14 }, (_, i) => 1 + i * 1e-9)
    const [run] = await lanczos(diagonalOperator(d), 14, stream(), { steps: 14 })
    // One pass leaves errors of 1e-16 / 1e-9 in every direction, and some of the values are lost or doubled.
    run.ritzValues.forEach((value, i) => expect(Math.abs(value - d[i])).toBeLessThan(2e-15))
  })
  test('finds both extremes to 1e-3 and calls them converged at 24 steps', async () => {
    const [run] = await lanczos(diagonalOperator(outlierSpectrum(2000)), 2000, stream(), { steps: 24 })
    expect(Math.abs(run.ritzValues[23] / 100 - 1)).toBeLessThan(1e-3)
    expect(Math.abs(run.ritzValues[0] / -1.5 - 1)).toBeLessThan(1e-3)
    expect(run.converged[23]).toBe(true)
    expect(run.converged[0]).toBe(true)
  })
  test('calls the small end of a lopsided spectrum converged only when it is known to three digits of itself', async () => {
    // -1.6 and a crowd up to 1 beside 300: after ten steps 1e-3 of the largest is all there is of the smallest.
    const d = Float64Array.from({ length: 2000 }, (_, i) => (i === 0 ? 300 : -1.6 + (2.6 * i) / 2000))
    const after = async (steps: number) => (await lanczos(diagonalOperator(d), 2000, stream(), { steps }))[0]
    const early = await after(10)
    expect(early.residuals[0]).toBeLessThan(1e-3 * 300)
    expect(Math.abs(early.ritzValues[0] / d[1] - 1)).toBeGreaterThan(1e-3)
    expect([early.converged[0], early.converged[9]]).toEqual([false, true])
    const late = await after(400)
    expect(Math.abs(late.ritzValues[0] / d[1] - 1)).toBeLessThan(1e-3)
    expect(late.converged[0]).toBe(true)
  })
  test('says that nothing converged after two steps', async () => {
    const [run] = await lanczos(diagonalOperator(outlierSpectrum(2000)), 2000, stream(), { steps: 2 })
    expect(run.converged).toEqual([false, false])
  })
  test('gives no extreme twice with float32 products over 100 steps', async () => {
    const d = outlierSpectrum(1500)
    const exact = diagonalOperator(d)
    const rounded: BlockOperator = async (block, count) => Float64Array.from(Float32Array.from(await exact(block, count)))
    const [run] = await lanczos(rounded, 1500, stream(), { steps: 100 })
    for (const outlier of [100, 60, 40, 25, 15, 10, 5, 3, -1.5, -0.7]) {
      expect(run.ritzValues.filter((v) => Math.abs(v - outlier) < 0.1)).toHaveLength(1)
    }
  })
  test('runs recursions side by side as it would one after the other', async () => {
    const d = outlierSpectrum(80)
    const together = await lanczos(diagonalOperator(d), 80, stream(), { steps: 10, recursions: 3 })
    const shared = stream()
    for (const run of together) {
      const [alone] = await lanczos(diagonalOperator(d), 80, shared, { steps: 10 })
      expect(alone.ritzValues).toEqual(run.ritzValues)
    }
  })
  test('goes on with the others when one recursion is complete', async () => {
    let calls = 0
    const d = Float64Array.of(1, 2, 3)
    const inner = diagonalOperator(d)
    const runs = await lanczos(
      (block, count) => {
        calls++
        return inner(block, count)
      },
      3,
      stream(),
      { steps: 9, recursions: 2 },
    )
    expect(calls).toBe(3)
    for (const run of runs) expect(Array.from(run.ritzValues, (v) => Math.round(v * 1e9) / 1e9)).toEqual([1, 2, 3])
  })
  test('does fewer steps and says so when the basis would not fit', async () => {
    const [run] = await lanczos(diagonalOperator(outlierSpectrum(100)), 100, stream(), { steps: 40, basisLimitBytes: 8 * 100 * 6 })
    expect(run.alphas).toHaveLength(6)
    expect(run.requestedSteps).toBe(40)
    expect(run.endedBy).toBe('memory')
  })
  test('is right for curvature of size 1e-250', async () => {
    const d = outlierSpectrum(100)
    const plain = await lanczos(diagonalOperator(d), 100, stream(), { steps: 12 })
    const tiny = await lanczos(diagonalOperator(d.map((v) => v * 2 ** -830)), 100, stream(), { steps: 12 })
    tiny[0].ritzValues.forEach((value, i) => expect(value * 2 ** 830).toBeCloseTo(plain[0].ritzValues[i], 10))
    expect(tiny[0].converged).toEqual(plain[0].converged)
  })
  test('can be aborted between steps', async () => {
    const controller = new AbortController()
    const inner = diagonalOperator(outlierSpectrum(30))
    let calls = 0
    const operator: BlockOperator = (block, count) => {
      if (++calls === 3) controller.abort(new Error('enough'))
      return inner(block, count)
    }
    await expect(lanczos(operator, 30, stream(), { steps: 20, signal: controller.signal })).rejects.toThrow('enough')
    expect(calls).toBe(3)
  })
  test('refuses products that are not finite or of another length, and zero steps', async () => {
    await expect(lanczos(async (block) => block.map(() => NaN), 4, stream(), { steps: 2 })).rejects.toThrow(DomainFault)
    await expect(lanczos(async () => new Float64Array(3), 4, stream(), { steps: 2 })).rejects.toThrow(ShapeFault)
    await expect(lanczos(diagonalOperator(new Float64Array(4)), 4, stream(), { steps: 0 })).rejects.toThrow(DomainFault)
  })
})
