// Do the laws of the spread over seeds agree with draws of networks of any widths?
import { describe, expect, test } from 'vitest'
import { dataMoments } from '../../src/core/dataMoments.ts'
import type { RandomStream } from '../../src/core/random.ts'
import { namedStream } from '../../src/numerics/streams.ts'
import { trigamma } from '../../src/numerics/specialFunctions.ts'
import { fixedMoments, forwardMoments, linearGaussianTail } from '../../src/theory/forwardMoments.ts'
import { chainLogSquareVariances, followedTail, linearTail, logSquareVariances } from '../../src/theory/signalSpread.ts'
import { normalLaw, uniformLaw } from '../../src/theory/weightLaw.ts'
import { apply, dot, matrixOf, normals, uniforms } from './reference/draws.ts'
import { expectMean, expectMeans } from './reference/monteCarlo.ts'

const UNITS = [3, 5, 2]
const INPUT = Float64Array.of(1, -2, 0.5, 0.3)
const normalEntry = (stream: RandomStream) => () => 0.7 * stream.normal()
const uniformEntry = (stream: RandomStream) => () => 2 * stream.uniform() - 1
/** |h_k|^2 behind each layer of widths 4-3-5-2. */
function squares(entry: () => number, isRelu: boolean, inputs: readonly Float64Array[] = [INPUT]): number[] {
  let now = inputs
  return UNITS.map((units) => {
    const weights = matrixOf(units, now[0].length, entry)
    const h = now.map((a) => apply(weights, a))
    now = isRelu ? h.map((z) => z.map((v) => Math.max(0, v))) : h
    return h.reduce((sum, z) => sum + dot(z, z) / inputs.length, 0)
  })
}
/** ln|h_k|^2 of a draw in which no hidden layer is dead. */
function livingLogs(entry: () => number, isRelu: boolean): number[] {
  for (;;) {
    const logs = squares(entry, isRelu).map(Math.log)
    if (logs.every(Number.isFinite)) return logs
  }
}

describe('logSquareVariances', () => {
  test('agrees with draws of widths 4-3-5-2, linear and of living relu networks (seed 701)', () => {
    const stream = namedStream(701, 'weights')
    for (const gate of [1, 0.5] as const) {
      const draws = Array.from({ length: 20_000 }, () => livingLogs(normalEntry(stream), gate === 0.5))
      const means = UNITS.map((_, k) => draws.reduce((sum, logs) => sum + logs[k] / draws.length, 0))
      let at = 0
      expectMeans([...logSquareVariances(UNITS, gate)], draws.length, () => {
        const logs = draws[at++]
        return means.map((mean, k) => (logs[k] - mean) ** 2)
      })
    }
  })
  test("is k psi'(d/2) for square linear layers, and falls to 0 with width", () => {
    const found = logSquareVariances([6, 6, 6], 1)
    expect(found).toHaveLength(3)
    for (const [k, value] of found.entries()) expect(value).toBeCloseTo((k + 1) * trigamma(3), 12)
    expect(logSquareVariances([1e6, 1e6], 1)[1]).toBeCloseTo(0, 5)
  })
})

describe('chainLogSquareVariances', () => {
  test('agrees with draws of uniform and normal chains of 5 (seed 702)', () => {
    const stream = namedStream(702, 'weights')
    for (const [law, draw] of [
      [uniformLaw(2), () => uniforms(stream, 5, 2)],
      [normalLaw(4), () => normals(stream, 5, 2)],
    ] as const) {
      const logs = Array.from({ length: 20_000 }, () => draw().reduce((sum, w) => sum + 2 * Math.log(Math.abs(w)), 0))
      const mean = logs.reduce((sum, log) => sum + log / logs.length, 0)
      let at = 0
      expectMean(chainLogSquareVariances(law, 5)[4], logs.length, () => (logs[at++] - mean) ** 2)
    }
    expect(chainLogSquareVariances(uniformLaw(2), 3)).toEqual(Float64Array.of(4, 8, 12))
  })
})

describe('followedTail', () => {
  test.each([
    ['normal', 'linear', 703],
    ['uniform', 'linear', 704],
    ['normal', 'relu', 705],
    ['uniform', 'relu', 706],
  ] as const)('agrees with draws of %s %s layers of widths 4-3-5-2 (seed %i)', (family, activation, seed) => {
    const stream = namedStream(seed, 'weights')
    const law = family === 'normal' ? normalLaw(0.49) : uniformLaw(1)
    const entry = family === 'normal' ? normalEntry(stream) : uniformEntry(stream)
    const fourth = INPUT.reduce((sum, x) => sum + x ** 4, 0) / dot(INPUT, INPUT) ** 2
    const tail = followedTail([law, law, law], UNITS, activation === 'relu' ? 0.5 : 1, fourth)
    // E|h|^2 is known: the product of units, variance and gates.
    let mean = dot(INPUT, INPUT)
    const expected = [...tail].map((log, k) => {
      mean *= UNITS[k] * law.variance * (k > 0 && activation === 'relu' ? 0.5 : 1)
      return 10 ** log * mean ** 2
    })
    expectMeans(expected, 60_000, () => squares(entry, activation === 'relu').map((square) => square ** 2))
  })
  test('is ((d+2)/d)^k for square linear Gaussian layers at any depth, and kappa^k for a chain', () => {
    const deep = followedTail(
      Array.from({ length: 500 }, () => normalLaw(9)),
      Array.from({ length: 500 }, () => 4),
      1,
      0.3,
    )
    expect(deep[499] / (500 * Math.log10(linearGaussianTail(1, 4)))).toBeCloseTo(1, 12)
    const chain = followedTail([uniformLaw(1), uniformLaw(5), uniformLaw(2)], [1, 1, 1], 1, 1)
    expect(10 ** chain[2]).toBeCloseTo(1.8 ** 3, 12)
  })
  test('is the matrix Q of square relu layers', () => {
    const law = uniformLaw(0.8)
    const start = fixedMoments([0.2, -1, 3])
    // The first layer sees the start itself, those behind it the start through a gate.
    const [, first] = forwardMoments(start, 1, 3, law, 1)
    const end = forwardMoments(first, 4, 3, law, 0.5)
    const tail = followedTail(
      Array.from({ length: 5 }, () => law),
      [3, 3, 3, 3, 3],
      0.5,
      Math.exp(start.logFourth - start.logSquareSquared),
    )
    end.forEach((m, k) => expect(tail[k] * Math.LN10).toBeCloseTo(m.logSquareSquared - 2 * m.logSquare, 11))
  })
})

describe('linearTail', () => {
  test('agrees with draws of the mean over three samples, widths 4-3-5-2 (seed 707)', () => {
    const stream = namedStream(707, 'weights')
    const inputs = [INPUT, Float64Array.of(0, 1, 1, -1), Float64Array.of(2, 0, 0.1, 0.4)]
    const data = dataMoments(
      inputs.flatMap((x) => [...x]),
      [0, 0, 0],
      3,
      4,
      1,
    )
    let mean = data.traceS
    const expected = [...linearTail(UNITS, data)].map((log, k) => {
      mean *= UNITS[k] * 0.49
      return 10 ** log * mean ** 2
    })
    expectMeans(expected, 60_000, () => squares(normalEntry(stream), false, inputs).map((square) => square ** 2))
  })
  test('is that of the followed input for one sample, and 1 for ever so many directions and widths', () => {
    const one = linearTail([3, 7], { traceS: 2, traceSS: 4 })
    const followed = followedTail([normalLaw(1), normalLaw(1)], [3, 7], 1, 0.5)
    one.forEach((log, k) => expect(log).toBeCloseTo(followed[k], 13))
    expect(linearTail([1e7, 1e7], { traceS: 1, traceSS: 1e-7 })[1]).toBeCloseTo(0, 5)
  })
})
