// How do bytes get in? Through one injected function, so that the same loader runs in a Worker, in Node and in tests.
//
// Names are relative to the site's root and never start with a slash: a page may live in a sub-folder.

/** What a reader may be told beside the name; a reader that ignores all of it is still correct. */
export interface ReadOptions {
  /** Stops the transfer; the reader then rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** Called with the bytes of this asset received so far. */
  readonly onBytes?: (receivedBytes: number) => void
}

/**
 * Gives all bytes of one shipped file, `name` being relative to the site's root (`data/manifest.json`).
 *
 * Rejects when the file cannot be had; the loader turns that into a `dataMissing` fault.
 */
export type ReadAsset = (name: string, options?: ReadOptions) => Promise<Uint8Array>
