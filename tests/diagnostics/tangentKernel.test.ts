// The tangent kernel on linear least squares: f = a_i w, so K = A A^T and the PL* inequality is algebra.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ShapeFault } from '../../src/core/faults.ts'
import type { Probe } from '../../src/core/probe.ts'
import { CATALOGUE } from '../../src/diagnostics/catalogue.ts'
import { kernelChange } from '../../src/diagnostics/kernelChange.ts'
import { kernelEigenvalues } from '../../src/diagnostics/kernelEigenvalues.ts'
import { kernelDrift } from '../../src/diagnostics/kernelDrift.ts'
import { outputHessianNorm } from '../../src/diagnostics/outputHessianNorm.ts'
import { plBounds, plRatio } from '../../src/diagnostics/polyakLojasiewicz.ts'
import { needsJacobian, squaredSingularValues } from '../../src/diagnostics/smallestKernelEigenvalue.ts'
import { traceKernel } from '../../src/diagnostics/traceKernel.ts'
import { weightDistance } from '../../src/diagnostics/weightDistance.ts'
import { symmetricEigenvalues } from '../../src/numerics/symmetricEigenvalues.ts'
import { namedStream } from '../../src/numerics/streams.ts'
import { gramOf, PROPERTY_SEED } from './gramOf.ts'
import { contextOf, expectType, quadraticProbe } from './quadraticProbe.ts'

const eigenvalues = async (matrix: Float64Array, n: number) => symmetricEigenvalues(matrix, n)

/** 1/2 (a_i w - b_i)^2 with w = 0: gradients -b_i a_i, kernel A A^T. */
function leastSquares(rows: readonly (readonly number[])[], targets: readonly number[]): Probe {
  const dimension = rows[0].length
  return quadraticProbe({
    hessian: Array.from({ length: dimension }, () => Array.from({ length: dimension }, () => 0)),
    slopes: rows.map((row, i) => row.map((value) => -targets[i] * value)),
    offsets: targets.map((target) => target ** 2 / 2),
    jacobian: rows,
    weights: rows[0].map(() => 0),
  })
}

describe('kernelDrift', () => {
  test('is 0 at the start, 1 when the kernel has vanished, 2 when it has turned round', () => {
    const start = Float64Array.of(3, 4)
    expect([kernelDrift(start, start), kernelDrift(new Float64Array(2), start), kernelDrift(Float64Array.of(-3, -4), start)]).toEqual([
      0, 1, 2,
    ])
  })
  test('is undefined for a kernel that was zero, and right at 1e-200', () => {
    expect(kernelDrift(new Float64Array(2), new Float64Array(2))).toBeNaN()
    expect(kernelDrift(Float64Array.of(2e-200), Float64Array.of(1e-200))).toBeCloseTo(1, 12)
  })
  test('refuses kernels of different sizes', () => {
    expect(() => kernelDrift(new Float64Array(4), new Float64Array(9))).toThrow(ShapeFault)
  })
})

test('weightDistance is the Euclidean distance', () => {
  expect(weightDistance(Float64Array.of(4, 6), Float64Array.of(1, 2))).toBe(5)
})

test('traceKernel is the kernel for one output and the sum of diagonals for two', () => {
  expect([...traceKernel(Float64Array.of(1, 2, 2, 5), 2, 1)]).toEqual([1, 2, 2, 5])
  const two = Float64Array.from({ length: 16 }, (_, i) => i)
  expect([...traceKernel(two, 2, 2)]).toEqual([0 + 5, 2 + 7, 8 + 13, 10 + 15])
})

describe('the PL* ratio', () => {
  test('lies between its bounds for every least-squares problem, as a mean and as a sum', () => {
    const problems = fc.tuple(
      fc.array(fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 3, maxLength: 3 }), { minLength: 2, maxLength: 4 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 4, maxLength: 4 }),
    )
    fc.assert(
      fc.property(problems, fc.constantFrom('mean' as const, 'sum' as const), ([rows, targets], reduction) => {
        const n = rows.length
        const share = reduction === 'mean' ? 1 / n : 1
        const gradient = Float64Array.from(rows[0], (_, k) => rows.reduce((sum, row, i) => sum - share * targets[i] * row[k], 0))
        const loss = rows.reduce((sum, _, i) => sum + (share * targets[i] ** 2) / 2, 0)
        const spectrum = symmetricEigenvalues(gramOf(rows), n)
        const { lower, upper } = plBounds(spectrum[0], spectrum[n - 1], { kind: 'squaredError', reduction }, n)
        const ratio = plRatio(gradient, loss)
        // Eigenvalues are right to a few 1e-16 of the largest, here below 400.
        expect(ratio).toBeGreaterThanOrEqual(lower - 1e-11)
        expect(ratio).toBeLessThanOrEqual(upper + 1e-11)
      }),
      PROPERTY_SEED,
    )
  })
  test('keeps gradients whose square leaves float64, as long as the ratio does not', () => {
    expect(plRatio(Float64Array.of(3e-170), 0.5e-300)).toBeCloseTo(9e-40, 50)
  })
  test('has no bounds for cross-entropy', () => {
    expect(plBounds(1, 2, { kind: 'softmaxCrossEntropy', reduction: 'mean' }, 4)).toEqual({ lower: NaN, upper: NaN })
  })
})

describe('squaredSingularValues', () => {
  test('equal the eigenvalues of J J^T where those can be seen', async () => {
    const rows = [
      [1, 2, 0, 1],
      [0, 1, 3, 1],
      [2, 0, 0, 5],
    ]
    const expected = symmetricEigenvalues(gramOf(rows), 3)
    const found = await squaredSingularValues(Float64Array.from(rows.flat()), 3, 4, eigenvalues)
    // Both are right to about 1e-16 of the largest, 33.
    found.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 12))
  })
  test('see what the product of rounded numbers hides', async () => {
    const tiny = 1e-10
    // Two rows at an angle of 1e-10: the smallest eigenvalue is about tiny^2 / 2 = 5e-21, where J J^T knows 1e-16.
    const found = await squaredSingularValues(Float64Array.of(1, 0, 1, tiny), 2, 2, eigenvalues)
    // sigma = 7e-11 is known to 1e-16: two parts in a million, twice that in its square.
    expect(found[0] / (tiny ** 2 / 2)).toBeCloseTo(1, 4)
    expect(found[1]).toBeCloseTo(2, 12)
  })
  test('are not led astray by rows that depend on each other, as outputs of equal pixels do', async () => {
    const stream = namedStream(3, 'dependent rows')
    const tenths = (): number => (1 + stream.integer(9)) / 10
    for (let round = 0; round < 1000; round++) {
      const [columns, rank, count] = [5, 2, 6]
      const directions = Array.from({ length: rank }, () => Array.from({ length: columns }, tenths))
      const multiple = (row: readonly number[]): number[] => {
        const factor = tenths()
        return row.map((value) => value * factor)
      }
      const [first, second] = directions
      const sum = first.map((value, k) => value + second[k])
      const rows = [first, multiple(first), second, multiple(second), sum, multiple(sum)]
      const found = await squaredSingularValues(Float64Array.from(rows.flat()), count, columns, eigenvalues)
      const formed = symmetricEigenvalues(gramOf(rows), count)
      // The formed matrix is right to a few 1e-16 of its largest eigenvalue, times the rows that were added.
      for (let i = 0; i < count; i++) expect(Math.abs(found[i] - formed[i])).toBeLessThan(1e-13 * formed[count - 1])
      // Singular values are right to 1e-15 of the largest: those that are not there are below its square.
      for (let i = 0; i < count - rank; i++) expect(found[i]).toBeLessThan(1e-28 * formed[count - 1])
    }
  })
  test('are exactly zero as often as there are more rows than columns', async () => {
    const found = await squaredSingularValues(Float64Array.of(1, 2, 3), 3, 1, eigenvalues)
    expect([found[0], found[1]]).toEqual([0, 0])
    expect(found[2]).toBeCloseTo(14, 12)
    const stream = namedStream(8, 'tall')
    const tall = Float64Array.from({ length: 21 }, () => stream.normal())
    expect([...(await squaredSingularValues(tall, 7, 3, eigenvalues))].map((value) => value === 0)).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
      false,
    ])
  })
})

test('needsJacobian is asked for below what rounding leaves of the largest eigenvalue, by engine', () => {
  const asked = (lambdaMin: number, precision: 'float64' | 'float32') => needsJacobian(lambdaMin, 10, precision)
  expect([asked(0.9e-10, 'float64'), asked(1.1e-10, 'float64')]).toEqual([true, false])
  expect([asked(0.9e-3, 'float32'), asked(1.1e-3, 'float32')]).toEqual([true, false])
})

test('kernelEigenvalues has nothing below 0, although rounding has', async () => {
  const probe = { ...leastSquares([[1], [1]], [1, 1]), parameterCount: 1e7 }
  const context = { breathe: async () => undefined, eigenvalues: async () => Float64Array.of(-1e-17, 2) }
  const set = { indices: Int32Array.of(0, 1), from: 'probe' as const }
  expect([...(await kernelEigenvalues(probe, Float64Array.of(1, 1, 1, 1), set, context))]).toEqual([0, 2])
})

describe('outputHessianNorm', () => {
  /** Output o of sample s has the Hessian diag(1, .., P) times (s + 1), negative for odd outputs. */
  const probe: Probe = {
    ...leastSquares(
      [
        [1, 0, 0, 0],
        [0, 1, 0, 0],
        [0, 0, 1, 0],
      ],
      [1, 1, 1],
    ),
    outputCount: 2,
    outputHessianVectors: async (block, _count, _set, { sample, output }) =>
      block.map((entry, at) => entry * ((at % 4) + 1) * (sample + 1) * (output === 1 ? -1 : 1)),
  }
  const set = { indices: Int32Array.of(0, 1, 2), from: 'probe' as const }
  const norm = (most: number) => outputHessianNorm(probe, set, namedStream(1, 'test'), most, async () => undefined)

  test('is the largest |eigenvalue| over all outputs, of either sign', async () => {
    const found = await norm(100)
    // Four steps span all of P = 4: exact to rounding.
    expect(found.value).toBeCloseTo(12, 9)
    expect(found).toMatchObject({ converged: true, askedCount: 6 })
  })
  test('says how many outputs it asked', async () => {
    const found = await norm(2)
    // Outputs 0 and 3 of six: samples 0 and 1.
    expect(found.askedCount).toBe(2)
    expect(found.value).toBeCloseTo(8, 9)
  })
  test('is 0 for outputs that are linear in the weights', async () => {
    const linear: Probe = { ...probe, outputHessianVectors: async (block) => new Float64Array(block.length) }
    expect(await outputHessianNorm(linear, set, namedStream(1, 'test'), 9, async () => undefined)).toMatchObject({
      value: 0,
      converged: true,
    })
  })
})

describe('kernelChange', () => {
  const changeOf = (kernel: readonly number[], start: readonly number[], rows: number) =>
    kernelChange(Float64Array.from(kernel), Float64Array.from(start), rows, namedStream(3, 'change'))

  test('is the largest |eigenvalue| of the difference, of either sign', async () => {
    // Differences diag(1, -3) and [[0, 2], [2, 0]].
    expect((await changeOf([5, 0, 0, 1], [4, 0, 0, 4], 2)).value).toBeCloseTo(3, 12)
    expect(await changeOf([4, 2, 2, 4], [4, 0, 0, 4], 2)).toMatchObject({ value: expect.closeTo(2, 12) as number, converged: true })
  })
  test('is 0 at the start, and refuses kernels of other sizes', async () => {
    expect(await changeOf([4, 1, 1, 4], [4, 1, 1, 4], 2)).toEqual({ value: 0, residual: 0, converged: true })
    await expect(changeOf([4, 1, 1], [4, 1, 1], 2)).rejects.toThrow(ShapeFault)
  })
  test('grows with the kernel down to the smallest numbers', async () => {
    const scale = 2 ** -1000
    const [value, tiny] = [
      await changeOf([5, 1, 1, 1], [4, 0, 0, 4], 2),
      await changeOf(
        [5, 1, 1, 1].map((k) => k * scale),
        [4, 0, 0, 4].map((k) => k * scale),
        2,
      ),
    ]
    expect(tiny.value).toBe(value.value * scale)
  })
  test('lies between |K - K_0|_F over the root of its side and |K - K_0|_F, as all eigenvalues say, in random symmetric matrices', async () => {
    const stream = namedStream(4, 'matrices')
    for (const rows of [3, 17, 90]) {
      const kernel = new Float64Array(rows * rows)
      for (let i = 0; i < rows; i++) for (let j = i; j < rows; j++) kernel[i * rows + j] = kernel[j * rows + i] = stream.normal()
      const { value } = await kernelChange(kernel, new Float64Array(rows * rows), rows, namedStream(5, 'change'))
      const all = symmetricEigenvalues(kernel, rows)
      // Sixty steps of ninety leave the outermost eigenvalue to about 1e-9.
      expect(value / Math.max(-all[0], all[rows - 1])).toBeCloseTo(1, 7)
      const frobenius = Math.hypot(...kernel)
      expect(value).toBeLessThanOrEqual(frobenius)
      expect(value).toBeGreaterThanOrEqual(frobenius / Math.sqrt(rows))
    }
  })
})

describe('the tangent kernel', () => {
  const start = leastSquares(
    [
      [1, 0],
      [0, 2],
    ],
    [1, 1],
  )
  const later = leastSquares(
    [
      [1, 1],
      [0, 2],
    ],
    [1, 1],
  )

  test('is measured with its extremes, its ratio and no drift at step 0', async () => {
    const sample = expectType(await CATALOGUE.kernel.create()(contextOf([start], 2)), 'kernel')
    expect(sample).toMatchObject({ drift: 0, lambdaMin: 1, lambdaMax: 4, condition: 4, weightDistance: 0, plLower: 0.5, plUpper: 2 })
    // Residual (1, 1): (1 + 4) / (2 * 2).
    expect(sample.plRatio).toBeCloseTo(1.25, 12)
    expect([...sample.traceKernel]).toEqual([1, 0, 0, 4])
  })

  test('remembers the start of its own run and drifts from it', async () => {
    const measure = CATALOGUE.kernel.create()
    await measure(contextOf([start], 2))
    const sample = expectType(
      await measure(contextOf([later], 2, { step: 5, atStart: () => Promise.reject(new Error('was asked')) })),
      'kernel',
    )
    // K moves from diag(1, 4) to [[2, 2], [2, 4]]: |(1, 2, 2, 0)| / |(1, 0, 0, 4)|.
    expect(sample.drift).toBeCloseTo(3 / Math.sqrt(17), 12)
    // Eigenvalues of [[1, 2], [2, 0]]: (1 +- sqrt 17) / 2.
    expect(sample.change!.value).toBeCloseTo((1 + Math.sqrt(17)) / 2, 12)
  })

  test('has no condition but infinity once the network is dead', async () => {
    const measure = CATALOGUE.kernel.create()
    await measure(contextOf([start], 2))
    const dead = leastSquares(
      [
        [0, 0],
        [0, 0],
      ],
      [1, 1],
    )
    expect(await measure(contextOf([dead], 2, { step: 9 }))).toMatchObject({ drift: 1, lambdaMax: 0, condition: Infinity })
  })

  test('borrows the start when it was created in the middle of a run', async () => {
    const measure = CATALOGUE.kernel.create()
    const sample = expectType(await measure(contextOf([later], 2, { step: 5, atStart: (use) => use(start) })), 'kernel')
    expect(sample.drift).toBeCloseTo(3 / Math.sqrt(17), 12)
  })

  test('of more samples than parameters has an exact zero below, and says infinite for its condition', async () => {
    const sample = expectType(await CATALOGUE.kernel.create()(contextOf([leastSquares([[1], [2], [3]], [1, 1, 1])], 3)), 'kernel')
    expect(sample).toMatchObject({ lambdaMin: 0, condition: Infinity })
    expect(sample.lambdaMax).toBeCloseTo(14, 12)
  })

  test('of gradients whose squares leave float64 says so, and not that they are zero', async () => {
    expect(
      await CATALOGUE.kernel.create()(
        contextOf(
          [
            leastSquares(
              [
                [1e-170, 0],
                [0, 1e-170],
              ],
              [1, 1],
            ),
          ],
          2,
        ),
      ),
    ).toMatchObject({ type: 'unavailable', reason: 'underflow' })
  })

  test('of a dead network has no drift', async () => {
    expect(await CATALOGUE.kernel.create()(contextOf([leastSquares([[0], [0]], [1, 1])], 2))).toMatchObject({
      type: 'unavailable',
      reason: 'zeroGradient',
    })
  })
})
