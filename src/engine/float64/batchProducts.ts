// Inner products of mini-batch gradients, without ever holding k x P numbers when that is large.
import type { SplitArrays } from '../../core/dataset.ts'
import { binaryExponent } from '../../numerics/logMagnitude.ts'

/** Gradients held at once: 64 MiB. */
const HELD_ENTRIES = 8 * 2 ** 20
/** Squares of gradients within 2^+-400 need no scaling. */
const PLAIN_EXPONENT = 400

/** One mini-batch as rows of a split. */
export interface Batch {
  readonly split: SplitArrays
  readonly indices: Int32Array
}

/** Writes the reduced gradient of a batch into [P], at once or giving way in between. */
export type GradientWriter = (batch: Batch, into: Float64Array) => void | Promise<void>

/**
 * [k, k] inner products of the gradients of k batches.
 *
 * Holds at most 64 MiB of gradients (two at least): when k P is larger, some are computed again.
 */
export async function batchGramMatrix(
  batches: readonly Batch[],
  parameterCount: number,
  write: GradientWriter,
  pause: () => Promise<void>,
  heldEntries = HELD_ENTRIES,
): Promise<Float64Array> {
  const k = batches.length
  const gram = new Float64Array(k * k)
  const held = Math.max(1, Math.min(k, Math.floor(heldEntries / parameterCount) - 1))
  const gradients = Array.from({ length: held }, () => new Float64Array(parameterCount))
  const single = new Float64Array(parameterCount)
  for (let start = 0; start < k; start += held) {
    const end = Math.min(k, start + held)
    for (let a = start; a < end; a++) {
      await write(batches[a], gradients[a - start])
      for (let b = start; b <= a; b++) setBoth(gram, k, a, b, dot(gradients[a - start], gradients[b - start]))
      await pause()
    }
    for (let b = end; b < k; b++) {
      await write(batches[b], single)
      for (let a = start; a < end; a++) setBoth(gram, k, a, b, dot(gradients[a - start], single))
      await pause()
    }
  }
  return gram
}

/** [p, 3]: <a,b>, |a|^2, |b|^2; both gradients of a pair by one power of two where their squares would leave float64. */
export async function batchPairProducts(
  pairs: readonly (readonly [Batch, Batch])[],
  parameterCount: number,
  write: GradientWriter,
  pause: () => Promise<void>,
): Promise<Float64Array> {
  const rows = new Float64Array(pairs.length * 3)
  const a = new Float64Array(parameterCount)
  const b = new Float64Array(parameterCount)
  for (const [row, [first, second]] of pairs.entries()) {
    await write(first, a)
    await write(second, b)
    const exponent = Math.max(binaryExponent(largestSize(a)), binaryExponent(largestSize(b)))
    if (Number.isFinite(exponent) && Math.abs(exponent) > PLAIN_EXPONENT) {
      divideByPower(a, exponent)
      divideByPower(b, exponent)
    }
    rows.set([dot(a, b), dot(a, a), dot(b, b)], 3 * row)
    await pause()
  }
  return rows
}

function setBoth(gram: Float64Array, k: number, a: number, b: number, value: number): void {
  gram[a * k + b] = value
  gram[b * k + a] = value
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

function largestSize(values: Float64Array): number {
  let largest = 0
  for (let i = 0; i < values.length; i++) if (Math.abs(values[i]) > largest) largest = Math.abs(values[i])
  return largest
}

function divideByPower(values: Float64Array, exponent: number): void {
  const half = Math.trunc(exponent / 2)
  for (let i = 0; i < values.length; i++) values[i] = values[i] * 2 ** -half * 2 ** -(exponent - half)
}
