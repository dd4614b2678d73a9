// What does an engine train on? Shipped and synthetic sets are float32, so that every engine sees the same numbers to the last bit;
// a problem file of an outsider may hold float64 values, which a float32 engine rounds at its own door.

/** Rows of one split, already shuffled by the data stream of the seed. */
export interface SplitArrays {
  readonly count: number
  /** [count, inputWidth] row-major. */
  readonly inputs: Float32Array | Float64Array
  /** [count, outputWidth] row-major; one-hot for classification. */
  readonly targets: Float32Array | Float64Array
  /** [count] class numbers, null for regression. */
  readonly labels: Int32Array | null
}

/** [channels, height, width]. */
export type ImageShape = readonly [number, number, number]

export interface Dataset {
  readonly name: string
  readonly inputWidth: number
  readonly outputWidth: number
  readonly task: 'classification' | 'regression'
  readonly train: SplitArrays
  readonly test: SplitArrays
  readonly classNames: readonly string[] | null
  /** An image is [channels, height, width] row-major; null for vectors. */
  readonly imageShape: ImageShape | null
}
