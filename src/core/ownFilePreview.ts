// What is shown of files of the user's own before anybody accepts them? Few numbers and small pictures, whatever their size.
import type { OwnFile } from './experiment.ts'

/** How many samples are drawn. */
export const PREVIEW_SAMPLES = 25

/** Small pictures, ready to be painted. */
export interface Thumbnails {
  readonly height: number
  readonly width: number
  /** [samples, height, width, 4] red, green, blue and 255. */
  readonly pixels: Uint8ClampedArray<ArrayBuffer>
}

/** The first numbers of some samples. */
export interface PreviewTable {
  /** The columns that are shown, by their place among the inputs. */
  readonly columns: readonly { readonly place: number; readonly name: string }[]
  /** Columns that are not shown. */
  readonly hidden: number
  readonly rows: readonly (readonly number[])[]
}

export interface OwnFilePreview {
  readonly file: OwnFile
  readonly format: string
  readonly count: number
  /** How many of them can train and test, whatever the seed. */
  readonly trainable: number
  readonly testable: number
  readonly targets: 'classes' | 'numbers' | 'none'
  readonly classNames: readonly string[]
  /** Samples of each class, in the order of the names. */
  readonly classCounts: readonly number[]
  /** Smallest, mean and largest target where targets are numbers. */
  readonly targetRange: { readonly min: number; readonly mean: number; readonly max: number } | null
  /** How many columns are learnt, and how many of the last ones may be; 0 where the format says it. */
  readonly targetColumns: number
  readonly mostTargets: number
  /** What was guessed or turned, one sentence each. */
  readonly notes: readonly string[]
  /** Each shown sample: its place in the files from 1, and its class or number, empty without targets. */
  readonly shown: readonly { readonly place: number; readonly answer: string }[]
  readonly samples: ({ readonly type: 'pictures' } & Thumbnails) | ({ readonly type: 'table' } & PreviewTable)
}
