// What is in files of the user's own, once they are read? Samples with what is to be learnt from them, whatever the format was.
//
// All samples are kept, as compact as they came: which of them train and which test depends on the seed of the experiment.
import type { OwnFile } from '../../core/experiment.ts'

/** What each sample is to be answered with. */
export type OwnTargets =
  /** [count] class numbers, each with a name. */
  | { readonly type: 'classes'; readonly labels: Uint8Array; readonly names: readonly string[] }
  /** [count, width] numbers; `names` are those of the columns, where the file has them. */
  | { readonly type: 'numbers'; readonly values: Float32Array; readonly width: number; readonly names: readonly string[] | null }
  /** Pictures or vectors alone: each can only be its own target. */
  | { readonly type: 'none' }

/** Everything that one choice of files holds. */
export interface OwnSamples {
  /** Name, digest and shape as an experiment writes them; a vector is an image of one column. */
  readonly file: OwnFile
  /** The format in a few words. */
  readonly format: string
  readonly count: number
  /** [count, channels, height, width] row-major. */
  readonly values: Uint8Array | Float32Array
  /** Values are divided by this: the largest pixel of a picture, 1 where numbers stay as they are. */
  readonly unit: number
  readonly targets: OwnTargets
  /** Names of the entries of a vector, where the file has them. */
  readonly columnNames: readonly string[] | null
  /** Last columns of a table that may be targets, so that somebody can say how many are; 0 where the format says it. */
  readonly mostTargets: number
  /** What was guessed or turned, one sentence each. */
  readonly notes: readonly string[]
}

/** What a reader of one format gives: the samples before they have a name and a digest. */
export interface ReadSamples extends Omit<OwnSamples, 'file'> {
  /** [channels, height, width]. */
  readonly shape: readonly [number, number, number]
}
