// Which samples train and which test? A fifth of each class is set aside by the seed, once, whatever the counts are.
//
// So neither count changes the other split, a rare class keeps both kinds of samples, and the first samples of each split
// hold all classes alike: a smaller count is a prefix of a larger one, as everywhere.
import type { RandomStream } from '../../core/random.ts'

/** Of each class, one sample in so many tests. */
export const TEST_SHARE = 5

/** Rows of both splits, each in the order in which counts take them. */
export interface OwnSplits {
  readonly train: readonly number[]
  readonly test: readonly number[]
}

/**
 * Splits and orders `count` rows.
 *
 * @param labels [count] class numbers; null where there are none, which is one class of all.
 * @param streams `test` decides who tests and in which order, `train` the order of the others.
 */
export function splitRows(
  count: number,
  labels: ArrayLike<number> | null,
  streams: { readonly train: RandomStream; readonly test: RandomStream },
): OwnSplits {
  const held: number[][] = []
  const kept: number[][] = []
  for (const rows of rowsByClass(count, labels)) {
    const order = streams.test.permutation(rows.length)
    const testCount = Math.floor(rows.length / TEST_SHARE)
    held.push(Array.from(order.subarray(0, testCount), (i) => rows[i]))
    kept.push(Array.from(order.subarray(testCount), (i) => rows[i]))
  }
  return { test: inRounds(held, streams.test), train: inRounds(kept, streams.train) }
}

function rowsByClass(count: number, labels: ArrayLike<number> | null): readonly (readonly number[])[] {
  const classes: number[][] = []
  for (let row = 0; row < count; row++) {
    const label = labels === null ? 0 : labels[row]
    while (classes.length <= label) classes.push([])
    classes[label].push(row)
  }
  return classes
}

/** One of each class that still has some, in random order, round after round. */
function inRounds(classes: readonly (readonly number[])[], stream: RandomStream): number[] {
  const shuffled = classes.map((rows) => Array.from(stream.permutation(rows.length), (i) => rows[i]))
  const order: number[] = []
  const rounds = Math.max(0, ...shuffled.map((rows) => rows.length))
  for (let round = 0; round < rounds; round++) {
    const waiting = shuffled.filter((rows) => rows.length > round)
    for (const k of stream.permutation(waiting.length)) order.push(waiting[k][round])
  }
  return order
}
