// Do mini-batches pull the weights the same way? Inner products of their gradients, never k x P numbers off the GPU.
//
// Several batches ride side by side through K1 and K2; their gradients go into a bank of bounded size, from which a
// kernel takes the pairs. Where k gradients do not fit, two banks hold two blocks of them and some are computed again.
import type { SampleSet, ScaledGram } from '../../core/probe.ts'
import { scaledToNumber, timesPowerOfTwo, type ScaledNumber } from '../../numerics/logMagnitude.ts'
import { gramOfScaledEntries, type ScaledEntries } from '../../numerics/scaledGram.ts'
import { prepareBanks } from './gradientBanks.ts'
import type { MeasuringPasses } from './measuringPasses.ts'

/** Squares of numbers within 2^+-400 need no scaling. */
const PLAIN_EXPONENT = 400

/** [k, k] inner products of reduced batch gradients. */
export async function batchGramOn(passes: MeasuringPasses, batches: readonly SampleSet[], signal?: AbortSignal): Promise<Float64Array> {
  const { mantissas, exponents } = await batchProducts(passes, batches, signal)
  return mantissas.map((mantissa, at) => timesPowerOfTwo(mantissa, exponents[at]))
}

/** The same in extended range: each gradient has an exponent of its own. */
export async function scaledBatchGramOn(passes: MeasuringPasses, batches: readonly SampleSet[], signal?: AbortSignal): Promise<ScaledGram> {
  return gramOfScaledEntries(await batchProducts(passes, batches, signal), batches.length)
}

/** [k, k]. */
async function batchProducts(passes: MeasuringPasses, batches: readonly SampleSet[], signal?: AbortSignal): Promise<ScaledEntries> {
  const k = batches.length
  const gram: ScaledEntries = { mantissas: new Float64Array(k * k), exponents: new Int32Array(k * k) }
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

/** [p, 3]: <a,b>, |a|^2, |b|^2 of reduced batch gradients; over powers of two where squares would leave float64. */
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

/** Plain numbers; where a square is far from 1, both gradients are divided by powers of two of their own. */
function pairRow([ab, aa, bb]: readonly ScaledNumber[]): number[] {
  if ([aa, bb].every(({ exponent }) => Math.abs(exponent) <= 2 * PLAIN_EXPONENT)) return [ab, aa, bb].map(scaledToNumber)
  const entries = [aa, ab, ab, bb]
  const { products } = gramOfScaledEntries(
    { mantissas: Float64Array.from(entries, (entry) => entry.mantissa), exponents: Int32Array.from(entries, (entry) => entry.exponent) },
    2,
  )
  return [products[1], products[0], products[3]]
}

function write(gram: ScaledEntries, k: number, places: readonly (readonly [number, number])[], products: readonly ScaledNumber[]): void {
  for (const [index, [i, j]] of places.entries()) {
    for (const at of [i * k + j, j * k + i]) {
      gram.mantissas[at] = products[index].mantissa
      gram.exponents[at] = products[index].exponent
    }
  }
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)
