// How do tests read the files that the page is served? From `public`, as the page does from its root.
import { readFile } from 'node:fs/promises'
import type { ReadAsset } from '../../src/data/readAsset.ts'

/** Reads `public/<name>`. */
export const readPublic: ReadAsset = async (name) => new Uint8Array(await readFile(new URL(`../../public/${name}`, import.meta.url)))
