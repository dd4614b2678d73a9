// What does theory say a measurement should look like, and does it apply to this run?
//
// Plain data on purpose: a curve is stored, sent and drawn like a measured sample, and its hypotheses are
// sentences with a verdict, which the page ticks or crosses; nothing is computed where they are shown.

/** One condition under which a closed form holds. */
export interface Hypothesis {
  /** The condition in words and symbols, such as "width >= depth". */
  readonly text: string
  /** 'unknown' when the run does not measure what would decide it. */
  readonly holds: boolean | 'unknown'
  /** The numbers that decided, such as "32 >= 128"; empty when nothing was measured. */
  readonly measured: string
}

/** What the x values of a theory curve count. */
export type TheoryAxis = 'step' | 'layer' | 'depth' | 'width' | 'cosine' | 'eigenvalue' | 'batch' | 'input'

/** A predicted curve in the same shape as a measured one. */
export interface TheoryCurve {
  /** Stable name by which lessons and plots ask for it, such as 'chain.gradientMedian'. */
  readonly id: string
  /** What the legend says, with the word "predicted" where a measured twin exists. */
  readonly label: string
  /** Paper and equation. */
  readonly source: string
  /** [n] ascending, in units of `axis`. */
  readonly x: Float64Array
  /** [n] predicted value, or its log10 where the label says so. */
  readonly y: Float64Array
  readonly axis: TheoryAxis
  readonly hypotheses: readonly Hypothesis[]
}
