// What do page and file-reading Worker say to each other? One request for each Worker, one answer; cancelling ends the Worker.
//
// Files travel as Blobs, which cross threads without being copied; nothing in them is read on the page.
import type { OwnFile } from '../core/experiment.ts'
import type { OwnFilePreview } from '../core/ownFilePreview.ts'

/** One file as the page keeps it: in memory, until the tab is closed. */
export interface HeldFile {
  readonly name: string
  readonly content: Blob
}

export interface ReadOwnFilesRequest {
  readonly files: readonly HeldFile[]
  /** What the run of the moment waits for, so that files with its digest are read under its name. */
  readonly wanted: OwnFile | null
  /** So many last columns of a table are numbers to be predicted; null: the table says it. */
  readonly targetColumns: number | null
}

export type ReadOwnFilesAnswer =
  /** `held` are copies in memory: what lies on the disk may change. */
  | { readonly type: 'read'; readonly preview: OwnFilePreview; readonly held: readonly HeldFile[] }
  /** One sentence. */
  | { readonly type: 'refused'; readonly why: string }
