// How does Node read the files that the page would fetch? From public/, beside the sources.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ReadAsset } from '../data/readAsset.ts'

const PUBLIC = fileURLToPath(new URL('../../public/', import.meta.url))

/** Reads one shipped file; rejects when it is not there. */
export const readPublicAsset: ReadAsset = async (name, options) => {
  const bytes = new Uint8Array(await readFile(join(PUBLIC, name), { signal: options?.signal }))
  options?.onBytes?.(bytes.length)
  return bytes
}
