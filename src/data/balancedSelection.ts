// Which images of a large file are shipped, and which of them test? Chosen by position alone, so that anyone gets the same ones.

/**
 * The rows number `from` to `from + perClass - 1` of each class, counted within the class, all in file order.
 *
 * A class with too few rows gives fewer: the caller compares the length with classes * perClass.
 */
export function balancedRows(labels: ArrayLike<number>, classes: number, from: number, perClass: number): number[] {
  const seen = new Int32Array(classes)
  const rows: number[] = []
  for (let row = 0; row < labels.length; row++) {
    const place = seen[labels[row]]++
    if (place >= from && place < from + perClass) rows.push(row)
  }
  return rows
}

/** Rows of a split, each list in file order. */
export interface HeldOut {
  readonly train: readonly number[]
  readonly test: readonly number[]
}

/**
 * Holds out `testCount` rows, as equal in number per class as can be: the last rows of each class, in file order.
 *
 * The last ones, because files of handwriting are ordered by writer: the test then has mostly hands that training has not.
 * When testCount is no multiple of classes, the lower classes hold out one row more.
 */
export function holdOutLast(labels: ArrayLike<number>, classes: number, testCount: number): HeldOut {
  const quota = Int32Array.from({ length: classes }, (_, k) => Math.floor(testCount / classes) + (k < testCount % classes ? 1 : 0))
  const train: number[] = []
  const test: number[] = []
  for (let row = labels.length - 1; row >= 0; row--) {
    const held = quota[labels[row]] > 0
    if (held) quota[labels[row]]--
    ;(held ? test : train).push(row)
  }
  return { train: train.reverse(), test: test.reverse() }
}
