// How much must travel before the page stands? Read off the build itself: what a chunk imports at once, and what later.
import { readFileSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Bytes } from '../../core/units.ts'

/** Names of other chunks in the text of one. */
export interface ChunkImports {
  /** Loaded before the chunk runs. */
  readonly now: readonly string[]
  /** Loaded when the chunk asks for them. */
  readonly later: readonly string[]
}

export interface ScriptSizes {
  readonly firstPaintScripts: Bytes
  readonly firstPaintStyles: Bytes
  /** Everything but Workers and what only they load. */
  readonly pageScripts: Bytes
  readonly worker: Bytes
  /** With every engine that it may load. */
  readonly workerWithChunks: Bytes
}

const STATIC_IMPORT = /(?:^|[;}\s])(?:import|export)\s*(?:[\w*{},$\s]+?\s*from\s*)?["'`](\.[^"'`]*\.js)["'`]/gu
const LATE_IMPORT = /\bimport\(\s*["'`](\.[^"'`]*\.js)["'`]\s*[,)]/gu

/** Imports of one built chunk by file name; minified text of the bundler, not any JavaScript. */
export function chunkImports(text: string): ChunkImports {
  const names = (pattern: RegExp) => [...new Set([...text.matchAll(pattern)].map(([, path]) => basename(path)))]
  return { now: names(STATIC_IMPORT), later: names(LATE_IMPORT) }
}

/** Everything that is loaded with these chunks, themselves included; `deep` follows late imports too. */
export function chunkClosure(start: readonly string[], importsOf: (name: string) => ChunkImports, deep: boolean): ReadonlySet<string> {
  const found = new Set<string>()
  const queue = [...start]
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (found.has(name)) continue
    found.add(name)
    const { now, later } = importsOf(name)
    queue.push(...now, ...(deep ? later : []))
  }
  return found
}

/** Gzipped sizes of the build in this folder. @throws {Error} when it is no build of the page. */
export function scriptSizes(dist: string): ScriptSizes {
  const assets = join(dist, 'assets')
  const names = readdirSync(assets)
  const html = readFileSync(join(dist, 'index.html'), 'utf8')
  const named = (pattern: RegExp) => [...html.matchAll(pattern)].map(([, path]) => path)
  const sources = named(/<script[^>]*\ssrc="([^"]+\.js)"/gu)
  const preloads = named(/<link[^>]*rel="modulepreload"[^>]*href="([^"]+\.js)"/gu)
  const styles = named(/<link[^>]*rel="stylesheet"[^>]*href="([^"]+\.css)"/gu)
  const workers = names.filter((name) => /Worker-|^worker-/u.test(name) && name.endsWith('.js'))
  const main = workers.filter((name) => name.startsWith('worker-'))
  if (sources.length === 0 || main.length === 0)
    throw new Error(`scriptSizes: no build of the page, got ${dist}, expected index.html with a worker`)
  const cache = new Map<string, ChunkImports>()
  const importsOf = (name: string): ChunkImports => {
    const known = cache.get(name) ?? chunkImports(readFileSync(join(assets, name), 'utf8'))
    cache.set(name, known)
    return known
  }
  const zipped = (paths: Iterable<string>) => [...paths].reduce((sum, path) => sum + gzipSync(readFileSync(path), { level: 9 }).length, 0)
  const chunks = (set: Iterable<string>) => zipped([...set].map((name) => join(assets, name)))
  const entries = [...sources, ...preloads].map((path) => basename(path))
  const ofWorkers = chunkClosure(workers, importsOf, true)
  return {
    firstPaintScripts: chunks(chunkClosure(entries, importsOf, false)),
    firstPaintStyles: zipped(styles.map((path) => join(dist, path))),
    pageScripts: chunks([...chunkClosure(entries, importsOf, true)].filter((name) => !ofWorkers.has(name))),
    worker: chunks(chunkClosure(main, importsOf, false)),
    workerWithChunks: chunks(chunkClosure(main, importsOf, true)),
  }
}
