// How does a Worker read the shipped files?
//
// From the page's own address and nowhere else; bytes are counted as they arrive so that a slow line shows progress.
import type { ReadAsset } from '../data/readAsset.ts'

/** Reads files below an absolute base address that ends in a slash. */
export function readAssetFrom(base: string): ReadAsset {
  return async (name, options = {}) => {
    const response = await fetch(new URL(name, base), { signal: options.signal })
    if (!response.ok) throw new Error(`readAsset: ${name} answered ${response.status}, expected 200`)
    if (response.body === null) return new Uint8Array(await response.arrayBuffer())
    const parts: Uint8Array[] = []
    let received = 0
    const reader = response.body.getReader()
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parts.push(part.value)
      received += part.value.length
      options.onBytes?.(received)
    }
    const bytes = new Uint8Array(received)
    let at = 0
    for (const part of parts) {
      bytes.set(part, at)
      at += part.length
    }
    return bytes
  }
}
