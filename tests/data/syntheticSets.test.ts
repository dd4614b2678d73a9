// drawTeacher, drawLinearTeacher, teacherRows, mixtureRows, gaussianRows, sphereRows, drawOrthogonalBasis, pointRow and lineRows
import { describe, expect, test } from 'vitest'
import { gaussianRows } from '../../src/data/gaussianTargets.ts'
import { drawMixtureCentres, mixtureRows, MIXTURE_CLASSES } from '../../src/data/mixture.ts'
import { drawOrthogonalBasis } from '../../src/data/orthogonalPoints.ts'
import { lineRows, pointRow } from '../../src/data/pointAndLine.ts'
import { drawHyperplane, sphereRows } from '../../src/data/spherePoints.ts'
import { drawLinearTeacher, drawTeacher, teacherRows, type Teacher } from '../../src/data/teacher.ts'
import { namedStream } from '../../src/numerics/streams.ts'

/** Mean of the numbers and its standard error. */
function meanOf(values: ArrayLike<number>): { readonly mean: number; readonly error: number } {
  const list = Array.from(values)
  const mean = list.reduce((sum, x) => sum + x, 0) / list.length
  const variance = list.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (list.length - 1)
  return { mean, error: Math.sqrt(variance / list.length) }
}

/** Five standard errors: a right formula fails once in two million seeds, and this seed is fixed. */
function expectMean(values: ArrayLike<number>, expected: number): void {
  const { mean, error } = meanOf(values)
  expect(Math.abs(mean - expected)).toBeLessThan(5 * error)
}

function outputOf(teacher: Teacher, x: readonly number[]): Float64Array {
  const out = new Float64Array(teacher.outputs)
  teacher.apply(Float32Array.from(x), 0, out, 0)
  return out
}

describe.each([
  ['drawTeacher', drawTeacher],
  ['drawLinearTeacher', drawLinearTeacher],
])('%s', (_name, draw) => {
  test('gives each output mean square 1 over weights and inputs', async () => {
    const weights = namedStream(1, 'weights')
    const rows = namedStream(1, 'rows')
    const squares: number[][] = [[], []]
    for (let trial = 0; trial < 400; trial++) {
      // Rows of one teacher are not independent, so that one teacher counts as one number.
      const { targets } = await teacherRows(draw(12, 2, weights), 40, 0, rows)
      for (const k of [0, 1]) squares[k].push(targets.filter((_, i) => i % 2 === k).reduce((sum, y) => sum + y * y, 0) / 40)
    }
    expectMean(squares[0], 1)
    expectMean(squares[1], 1)
  })

  test('is the same function for the same stream and another one for another', () => {
    const x = [1, -2, 0.5]
    expect(outputOf(draw(3, 2, namedStream(4, 'a')), x)).toEqual(outputOf(draw(3, 2, namedStream(4, 'a')), x))
    expect(outputOf(draw(3, 2, namedStream(4, 'a')), x)).not.toEqual(outputOf(draw(3, 2, namedStream(5, 'a')), x))
  })

  test('doubles with its input, exactly', () => {
    const teacher = draw(5, 3, namedStream(6, 'a'))
    const x = [0.25, -1, 3, 0.5, -0.125]
    expect(
      outputOf(
        teacher,
        x.map((value) => 2 * value),
      ),
    ).toEqual(outputOf(teacher, x).map((value) => 2 * value))
  })

  test.each([
    [0, 1],
    [3, 0],
    [1.5, 1],
  ])('refuses %d inputs and %d outputs', (inputs, outputs) => {
    expect(() => draw(inputs, outputs, namedStream(1, 'a'))).toThrow(/whole number from 1/)
  })
})

describe('drawTeacher', () => {
  test('agrees with the obvious loops over weights from the same stream', () => {
    const d = 7
    const stream = namedStream(8, 'a')
    const W = Array.from({ length: d * d }, () => stream.normal() * Math.sqrt(1 / d))
    const V = Array.from({ length: 3 * d }, () => stream.normal() * Math.sqrt(2 / d))
    const x = [0.5, -1, 2, 0.25, 1, -3, 0.75]
    const expected = [0, 1, 2].map((k) => {
      let sum = 0
      for (let i = 0; i < d; i++) {
        let h = 0
        for (let j = 0; j < d; j++) h += W[i * d + j] * x[j]
        if (h > 0) sum += V[k * d + i] * h
      }
      return sum
    })
    // Same numbers in the same order up to the order of a factor: a few roundings of 2^-53.
    for (const [k, value] of outputOf(drawTeacher(d, 3, namedStream(8, 'a')), x).entries()) expect(value).toBeCloseTo(expected[k], 13)
  })
})

describe('drawLinearTeacher', () => {
  test('is linear', () => {
    const teacher = drawLinearTeacher(3, 1, namedStream(6, 'a'))
    const [a, b, both] = [outputOf(teacher, [1, 2, 3]), outputOf(teacher, [4, -5, 6]), outputOf(teacher, [5, -3, 9])]
    // Small whole inputs: only the roundings of three products.
    expect(both[0]).toBeCloseTo(a[0] + b[0], 13)
  })
})

describe('teacherRows', () => {
  const teacher = drawTeacher(9, 2, namedStream(1, 'teacher'))

  test('draws inputs of mean 0 and variance 1', async () => {
    const { inputs } = await teacherRows(teacher, 3000, 0, namedStream(1, 'data'))
    expectMean(inputs, 0)
    expectMean(
      inputs.map((x) => x * x),
      1,
    )
    expectMean(
      inputs.map((x) => x ** 4),
      3,
    )
  })

  test('gives the targets of the inputs as they are stored', async () => {
    const { inputs, targets } = await teacherRows(teacher, 20, 0, namedStream(1, 'data'))
    for (let row = 0; row < 20; row++) {
      const expected = outputOf(teacher, [...inputs.subarray(9 * row, 9 * row + 9)])
      expect(targets.subarray(2 * row, 2 * row + 2)).toEqual(Float32Array.from(expected))
    }
  })

  test('adds noise of the asked deviation to the targets and leaves the inputs alone', async () => {
    const plain = await teacherRows(teacher, 4000, 0, namedStream(1, 'data'))
    const noisy = await teacherRows(teacher, 4000, 0.5, namedStream(1, 'data'))
    expect(noisy.inputs).toEqual(plain.inputs)
    const noise = noisy.targets.map((y, i) => y - plain.targets[i])
    expectMean(noise, 0)
    expectMean(
      noise.map((e) => e * e),
      0.25,
    )
  })

  test('gives a prefix when fewer rows are asked', async () => {
    const many = await teacherRows(teacher, 50, 1, namedStream(1, 'data'))
    const few = await teacherRows(teacher, 20, 1, namedStream(1, 'data'))
    expect(few.inputs).toEqual(many.inputs.slice(0, 180))
    expect(few.targets).toEqual(many.targets.slice(0, 40))
  })

  test('pauses during long work and can then be stopped', async () => {
    const wide = drawTeacher(512, 1, namedStream(1, 'wide'))
    const controller = new AbortController()
    const rows = teacherRows(wide, 1_000_000 / 512, 0, namedStream(1, 'data'), controller.signal)
    controller.abort()
    await expect(rows).rejects.toBe(controller.signal.reason)
  })
})

describe('mixtureRows', () => {
  const centres = drawMixtureCentres(30, namedStream(1, 'centres'))
  const { inputs, labels } = mixtureRows(centres, 5000, 0, namedStream(1, 'rows'))

  test('draws every class equally often', () => {
    for (let k = 0; k < MIXTURE_CLASSES; k++)
      expectMean(
        Array.from(labels, (label) => (label === k ? 1 : 0)),
        1 / MIXTURE_CLASSES,
      )
  })

  test('puts unit noise around the centre of the class, divided by the root of 2', () => {
    const noise = inputs.map((x, i) => x * Math.SQRT2 - centres[labels[Math.floor(i / 30)] * 30 + (i % 30)])
    expectMean(noise, 0)
    expectMean(
      noise.map((e) => e * e),
      1,
    )
  })

  test('has centres of mean 0 and variance 1', () => {
    const many = drawMixtureCentres(500, namedStream(2, 'centres'))
    expectMean(many, 0)
    expectMean(
      many.map((c) => c * c),
      1,
    )
  })

  test('agrees with the formula over numbers from the same stream', () => {
    const stream = namedStream(1, 'rows')
    const label = stream.integer(MIXTURE_CLASSES)
    const expected = Array.from({ length: 30 }, (_, i) => (centres[label * 30 + i] + stream.normal()) / Math.sqrt(2))
    expect(labels[0]).toBe(label)
    // Values below 4: float32 rounds by at most 2^-23.
    for (const [i, x] of expected.entries()) expect(Math.abs(inputs[i] - x)).toBeLessThan(2 ** -22)
  })

  test('can be told apart by the nearest centre, all but a few in a hundred rows', () => {
    let right = 0
    for (let row = 0; row < 1000; row++) {
      const distances = Array.from({ length: MIXTURE_CLASSES }, (_, k) => {
        let sum = 0
        for (let i = 0; i < 30; i++) sum += (inputs[row * 30 + i] * Math.SQRT2 - centres[k * 30 + i]) ** 2
        return sum
      })
      if (distances.indexOf(Math.min(...distances)) === labels[row]) right++
    }
    // At d = 30 centres lie about sqrt(60) apart: Q(3.9) = 5e-5 per wrong centre.
    expect(right).toBeGreaterThan(980)
  })

  test('has at noise 0 the bits that it had before there was a noise', () => {
    const stream = namedStream(1, 'rows')
    for (let row = 0; row < 20; row++) {
      const label = stream.integer(MIXTURE_CLASSES)
      for (let i = 0; i < 30; i++) {
        expect(inputs[row * 30 + i]).toBe(Math.fround((centres[label * 30 + i] + stream.normal()) * Math.SQRT1_2))
      }
    }
  })

  test('blurs the clouds by the noise and leaves the labels alone', () => {
    const blurred = mixtureRows(centres, 5000, 2, namedStream(1, 'rows'))
    expect(blurred.labels).toEqual(labels)
    expectMean(
      blurred.inputs.map((x, i) => (x * Math.SQRT2 - centres[labels[Math.floor(i / 30)] * 30 + (i % 30)]) ** 2),
      1 + 2 ** 2,
    )
  })

  test('gives a prefix when fewer rows are asked', () => {
    expect(mixtureRows(centres, 10, 0, namedStream(1, 'rows'))).toEqual({ inputs: inputs.slice(0, 300), labels: labels.slice(0, 10) })
  })
})

describe('gaussianRows', () => {
  const rows = gaussianRows(6, 2, 4000, 0, namedStream(1, 'rows'))

  test('draws inputs and targets of mean 0 and variance 1', () => {
    for (const values of [rows.inputs, rows.targets]) {
      expectMean(values, 0)
      expectMean(
        values.map((x) => x * x),
        1,
      )
    }
  })

  test('draws targets that know nothing of the inputs', () => {
    for (let i = 0; i < 6; i++) {
      expectMean(
        rows.targets.map((y, k) => y * rows.inputs[Math.floor(k / 2) * 6 + i]),
        0,
      )
    }
  })

  test('adds noise to the targets and leaves the inputs alone', () => {
    const noisy = gaussianRows(6, 2, 4000, 3, namedStream(1, 'rows'))
    expect(noisy.inputs).toEqual(rows.inputs)
    expectMean(
      noisy.targets.map((y, i) => (y - rows.targets[i]) ** 2),
      9,
    )
  })

  test('gives a prefix when fewer rows are asked', () => {
    expect(gaussianRows(6, 2, 10, 0, namedStream(1, 'rows'))).toEqual({
      inputs: rows.inputs.slice(0, 60),
      targets: rows.targets.slice(0, 20),
    })
  })
})

describe('sphereRows', () => {
  const normal = drawHyperplane(16, namedStream(1, 'normal'))
  const { inputs, labels } = sphereRows(normal, 2000, 0, namedStream(1, 'rows'))
  const dot = (a: number, b: ArrayLike<number>, at = 0) => Array.from({ length: 16 }, (_, i) => inputs[a * 16 + i] * b[at + i])

  test('draws unit vectors, up to the rounding of their entries', () => {
    // Sixteen entries, each rounded by at most 2^-25 of its size: the square is off by less than 2^-23.
    for (let row = 0; row < 2000; row++) expect(Math.abs(dot(row, inputs, row * 16).reduce((a, b) => a + b) - 1)).toBeLessThan(2 ** -23)
  })

  test('draws points whose cosines have mean 0 and deviation 1/sqrt d', () => {
    const cosines = Array.from({ length: 1000 }, (_, k) => dot(2 * k, inputs, (2 * k + 1) * 16).reduce((a, b) => a + b))
    expectMean(cosines, 0)
    expectMean(
      cosines.map((c) => c * c),
      1 / 16,
    )
  })

  test('labels each point by its side of the hyperplane, both sides alike', () => {
    for (let row = 0; row < 2000; row++) expect(labels[row]).toBe(dot(row, normal).reduce((a, b) => a + b) > 0 ? 1 : 0)
    expectMean(labels, 1 / 2)
  })

  test('moves labels across the border by noise and leaves the points alone', () => {
    const noisy = sphereRows(normal, 2000, 1, namedStream(1, 'rows'))
    expect(noisy.inputs).toEqual(inputs)
    // Sign of s against sign of s + z with s, z of deviation 1 and about normal: they differ in 1/4 (0.2468 at d = 16).
    expectMean(
      labels.map((label, row) => (label === noisy.labels[row] ? 0 : 1)),
      0.248,
    )
  })

  test('gives a prefix when fewer rows are asked', () => {
    expect(sphereRows(normal, 10, 0, namedStream(1, 'rows'))).toEqual({ inputs: inputs.slice(0, 160), labels: labels.slice(0, 10) })
  })
})

describe('drawOrthogonalBasis', () => {
  test.each([1, 2, 3, 4, 7, 20, 64, 100, 1024])('gives %i points whose inner products are exactly those of a basis', (inputs) => {
    const basis = drawOrthogonalBasis(inputs, namedStream(1, 'basis'))
    const rows = new Float32Array(inputs * inputs).fill(9)
    for (let row = 0; row < inputs; row++) basis.write(row, rows, row * inputs)
    const step = Math.max(1, Math.floor(inputs / 50))
    for (let a = 0; a < inputs; a += step) {
      for (let b = 0; b < inputs; b += step) {
        let product = 0
        // In float32, entry after entry: not even there anything is lost.
        for (let i = 0; i < inputs; i++) product = Math.fround(product + Math.fround(rows[a * inputs + i] * rows[b * inputs + i]))
        expect(product).toBe(a === b ? 1 : 0)
      }
    }
  })

  test('is another basis for another seed', () => {
    const first = [1, 2].map((seed) => {
      const row = new Float32Array(64)
      drawOrthogonalBasis(64, namedStream(seed, 'basis')).write(0, row, 0)
      return row
    })
    expect(first[0]).not.toEqual(first[1])
  })

  test.each([0, 1.5])('refuses %d inputs', (inputs) => {
    expect(() => drawOrthogonalBasis(inputs, namedStream(1, 'basis'))).toThrow(/whole number from 1/)
  })
})

describe('pointRow', () => {
  test('is the single pair (1, 1)', () => {
    expect(pointRow()).toEqual({ inputs: Float32Array.of(1), targets: Float32Array.of(1) })
  })
})

describe('lineRows', () => {
  test('lies on y = 2x + 1/2 without noise, up to one rounding', () => {
    const { inputs, targets } = lineRows(20, 0, namedStream(1, 'line'))
    expect(inputs).toHaveLength(20)
    expect(targets).toEqual(inputs.map((x) => 2 * x + 0.5))
  })
  test('draws x uniformly from 0 to 1', () => {
    const { inputs } = lineRows(4000, 0, namedStream(1, 'line'))
    expect(Math.min(...inputs)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...inputs)).toBeLessThanOrEqual(1)
    expectMean(inputs, 1 / 2)
    expectMean(
      inputs.map((x) => x * x),
      1 / 3,
    )
  })
  test('adds noise to y alone', () => {
    const plain = lineRows(4000, 0, namedStream(1, 'line'))
    const noisy = lineRows(4000, 2, namedStream(1, 'line'))
    expect(noisy.inputs).toEqual(plain.inputs)
    expectMean(
      noisy.targets.map((y, i) => (y - plain.targets[i]) ** 2),
      4,
    )
  })
})
