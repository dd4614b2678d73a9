// Do mini-batches pull the weights the same way? Inner products of their gradients, never k x P numbers off the GPU.
//
// Several batches ride side by side through K1 and K2; their gradients go into a bank of bounded size, from which a
// kernel takes the pairs. Where k gradients do not fit, two banks hold two blocks of them and some are computed again.
import type { SampleSet } from '../../core/probe.ts'
import { timesPowerOfTwo, type ScaledNumber } from '../../numerics/logMagnitude.ts'
import { prepareBanks } from './gradientBanks.ts'
import type { MeasuringPasses } from './measuringPasses.ts'

/** Squares of numbers within 2^+-400 need no scaling. */
const PLAIN_EXPONENT = 400

/** [k, k] inner products of reduced batch gradients. */
export async function batchGramOn(passes: MeasuringPasses, batches: readonly SampleSet[], signal?: AbortSignal): Promise<Float64Array> {
  const k = batches.length
  const gram = new Float64Array(k * k)
  if (k === 0) return gram
  const run = await prepareBanks(passes, batches)
  try {
    const size = run.slots >= k ? k : Math.max(1, Math.floor(run.slots / 2))
    for (let a = 0; a < k; a += size) {
      const own = range(a, Math.min(k, a + size))
      await run.fill(
        0,
        own.map((i) => batches[i]),
        signal,
      )
      const within = own.flatMap((i) => own.filter((j) => j <= i).map((j) => [i, j] as const))
      write(
        gram,
        k,
        within,
        await run.dots(
          0,
          0,
          within.map(([i, j]) => [i - a, j - a] as const),
          signal,
        ),
      )
      for (let b = a + size; b < k; b += size) {
        const others = range(b, Math.min(k, b + size))
        await run.fill(
          1,
          others.map((i) => batches[i]),
          signal,
        )
        const across = own.flatMap((i) => others.map((j) => [i, j] as const))
        write(
          gram,
          k,
          across,
          await run.dots(
            0,
            1,
            across.map(([i, j]) => [i - a, j - b] as const),
            signal,
          ),
        )
      }
    }
  } finally {
    run.destroy()
  }
  return gram
}

/** [p, 3]: <a,b>, |a|^2, |b|^2 of reduced batch gradients; both of a pair by one power of two where squares would leave float64. */
export async function batchPairsOn(
  passes: MeasuringPasses,
  pairs: readonly (readonly [SampleSet, SampleSet])[],
  signal?: AbortSignal,
): Promise<Float64Array> {
  const rows = new Float64Array(3 * pairs.length)
  if (pairs.length === 0) return rows
  const run = await prepareBanks(passes, pairs.flat())
  try {
    const together = Math.max(1, Math.floor(run.slots / 2))
    for (let start = 0; start < pairs.length; start += together) {
      const part = pairs.slice(start, start + together)
      await run.fill(0, part.flat(), signal)
      const wanted = part.flatMap(
        (_, i) =>
          [
            [2 * i, 2 * i + 1],
            [2 * i, 2 * i],
            [2 * i + 1, 2 * i + 1],
          ] as const,
      )
      const products = await run.dots(0, 0, wanted, signal)
      for (let i = 0; i < part.length; i++) rows.set(pairRow(products.slice(3 * i, 3 * i + 3)), 3 * (start + i))
    }
  } finally {
    run.destroy()
  }
  return rows
}

/** Plain numbers, divided by one power of four where the squares are far from 1. */
function pairRow(products: readonly ScaledNumber[]): number[] {
  const largest = Math.max(
    ...products
      .slice(1)
      .filter(({ mantissa }) => mantissa !== 0)
      .map(({ exponent }) => exponent),
  )
  const shift = Number.isFinite(largest) && Math.abs(largest) > 2 * PLAIN_EXPONENT ? largest : 0
  return products.map(({ mantissa, exponent }) => timesPowerOfTwo(mantissa, exponent - shift))
}

function write(gram: Float64Array, k: number, places: readonly (readonly [number, number])[], products: readonly ScaledNumber[]): void {
  for (const [at, [i, j]] of places.entries()) {
    const value = timesPowerOfTwo(products[at].mantissa, products[at].exponent)
    gram[i * k + j] = value
    gram[j * k + i] = value
  }
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)
