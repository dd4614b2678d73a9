// Where may a long pass be left for a moment?
//
// A pass is a generator that yields about every 10 ms: whoever runs it gives way there, ends it there, or goes straight on. Places are
// found by counting work, never by a clock, and no sum is cut in two, so the result has the same bits in all three cases.

/** A computation with places to give way. */
export type Parts<Result> = Generator<void, Result, void>

/** Multiplications between two places: about 10 ms. */
const PART = 1e7
/** Rows that a matrix product likes to have together. */
const TILE = 4

/** True where so much work needs no place to give way within it: most layers, and generators cost more than those do. */
export function isPart(multiplications: number): boolean {
  return multiplications <= PART
}

/** Counts the work since the last place to give way. */
export class Stretch {
  private work = 0

  /** Adds work; true when this is a place to give way. */
  isLong(multiplications: number): boolean {
    this.work += multiplications
    if (this.work < PART) return false
    this.work = 0
    return true
  }
}

/** How many pieces of this much work make a part, at least one; whole tiles where there are some. */
export function piecesOfPart(multiplications: number): number {
  const pieces = Math.max(1, Math.floor(PART / Math.max(1, multiplications)))
  return pieces < TILE ? pieces : pieces - (pieces % TILE)
}

/** The result without giving way. */
export function whole<Result>(parts: Parts<Result>): Result {
  for (;;) {
    const next = parts.next()
    if (next.done === true) return next.value
  }
}

/** The result, with a pause awaited at every place to give way; what the pause throws ends the work. */
export async function inParts<Result>(parts: Parts<Result>, pause: () => Promise<void>): Promise<Result> {
  for (;;) {
    const next = parts.next()
    if (next.done === true) return next.value
    await pause()
  }
}
