// How do files that the page holds become samples in a Worker? Read to the end, then parsed and digested like any others.
import { corrupt } from '../data/dataFaults.ts'
import type { OwnSamples } from '../data/ownFile/ownSamples.ts'
import type { OwnFile } from '../core/experiment.ts'
import { demandSizes, OWN_FILE_LIMITS, readOwnFiles, type OwnBytes } from '../data/ownFile/readOwnFiles.ts'
import type { HeldFile } from '../protocol/ownFileMessages.ts'

/**
 * All bytes of the files, refused by their sizes before one is read.
 *
 * @throws {FaultError} `dataCorrupt` when they are too many, too large or cannot be read.
 */
export async function bytesOfFiles(files: readonly HeldFile[]): Promise<readonly OwnBytes[]> {
  demandSizes(files.map(({ name, content }) => ({ name, size: content.size })))
  return await Promise.all(
    files.map(async ({ name, content }) => {
      try {
        return { name, bytes: new Uint8Array(await content.arrayBuffer()) }
      } catch {
        throw corrupt(name, 'cannot be read: it is a folder, or it has changed since it was chosen')
      }
    }),
  )
}

/** Reads files once and keeps the samples of the last ones: every change of depth or width starts a new run on them. */
export function createOwnFileReader(): (
  files: readonly HeldFile[],
  wanted: Pick<OwnFile, 'sha256' | 'name'> & Partial<Pick<OwnFile, 'outputs'>>,
) => Promise<OwnSamples> {
  let known: { readonly key: string; readonly samples: OwnSamples } | null = null
  return async (files, { sha256, name, outputs }) => {
    const key = `${sha256} ${outputs ?? ''} ${name}`
    if (known?.key === key) return known.samples
    // The ones before go first: both at once may be too much.
    known = null
    const samples = await readOwnFiles(await bytesOfFiles(files), name, OWN_FILE_LIMITS.bytes, outputs ?? null)
    if (samples.file.sha256 === sha256) known = { key, samples }
    return samples
  }
}
