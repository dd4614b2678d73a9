// Inner products of mini-batch gradients, without ever holding k x P numbers when that is large.
import type { SplitArrays } from '../../core/dataset.ts'
import type { ScaledGram } from '../../core/probe.ts'
import { binaryExponent } from '../../numerics/logMagnitude.ts'
import { scaledGramOf } from '../../numerics/scaledGram.ts'

/** Gradients held at once: 64 MiB. */
const HELD_ENTRIES = 8 * 2 ** 20
/** Gradients within 2^+-400 stay as they are: their squares need no scaling. */
const PLAIN_EXPONENT = 400

/** One mini-batch as rows of a split. */
export interface Batch {
  readonly split: SplitArrays
  readonly indices: Int32Array
}

/** Writes the reduced gradient of a batch into [P], at once or giving way in between. */
export type GradientWriter = (batch: Batch, into: Float64Array) => void | Promise<void>

/**
 * Inner products of the gradients of k batches.
 *
 * Holds at most 64 MiB of gradients (two at least): when k P is larger, some are computed again.
 */
export async function scaledBatchGram(
  batches: readonly Batch[],
  parameterCount: number,
  write: GradientWriter,
  pause: () => Promise<void>,
  heldEntries = HELD_ENTRIES,
): Promise<ScaledGram> {
  const k = batches.length
  const gram = new Float64Array(k * k)
  const exponents = new Int32Array(k)
  const held = Math.max(1, Math.min(k, Math.floor(heldEntries / parameterCount) - 1))
  const gradients = Array.from({ length: held }, () => new Float64Array(parameterCount))
  const single = new Float64Array(parameterCount)
  const fill = async (batch: number, into: Float64Array): Promise<void> => {
    await write(batches[batch], into)
    exponents[batch] = broughtInRange(into)
  }
  for (let start = 0; start < k; start += held) {
    const end = Math.min(k, start + held)
    for (let a = start; a < end; a++) {
      await fill(a, gradients[a - start])
      for (let b = start; b <= a; b++) setBoth(gram, k, a, b, dot(gradients[a - start], gradients[b - start]))
      await pause()
    }
    for (let b = end; b < k; b++) {
      await fill(b, single)
      for (let a = start; a < end; a++) setBoth(gram, k, a, b, dot(gradients[a - start], single))
      await pause()
    }
  }
  return scaledGramOf(gram, k, exponents)
}

/** [p, 3]: <a,b>, |a|^2, |b|^2; a gradient whose square would leave float64 is divided by a power of two. */
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
    broughtInRange(a)
    broughtInRange(b)
    rows.set([dot(a, b), dot(a, a), dot(b, b)], 3 * row)
    await pause()
  }
  return rows
}

/** Divides by the power of two that is returned, 0 while squares are in range. */
function broughtInRange(values: Float64Array): number {
  const exponent = binaryExponent(largestSize(values))
  if (!Number.isFinite(exponent) || Math.abs(exponent) <= PLAIN_EXPONENT) return 0
  divideByPower(values, exponent)
  return exponent
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
