// What may a reader of random numbers rely on? The interface alone; `numerics/streams.ts` makes them.

/** One named stream of one seed; equal seeds and names give equal numbers on every machine. */
export interface RandomStream {
  /** [0, 1) with 53 random bits. */
  uniform(): number
  /** N(0, 1). */
  normal(): number
  /** 0 .. bound-1, without bias. */
  integer(bound: number): number
  /** [n] the numbers 0 .. n-1 in random order. */
  permutation(n: number): Int32Array
  /** Plain numbers from which `restoreStream` continues exactly here. */
  state(): readonly number[]
}
