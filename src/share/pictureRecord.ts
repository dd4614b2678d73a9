// How does a picture remember where it comes from? SVG by a metadata element, PNG by text chunks; both stay ordinary pictures.
//
// The record is the same as that of a run file, so any picture found in a talk leads back to its experiment.
import type { Experiment } from '../core/experiment.ts'
import type { Provenance } from './runFile.ts'

/** Provenance and experiment as JSON of one line. */
export function pictureRecord(provenance: Provenance, experiment: Experiment): string {
  return JSON.stringify({ ...provenance, seed: experiment.seed, experiment })
}

/** The SVG with the record in a metadata element after the root tag; unchanged when it has no root. */
export function svgWithRecord(svg: string, record: string): string {
  const root = /<svg[^>]*>/u.exec(svg)
  if (root === null) return svg
  const at = root.index + root[0].length
  const safe = record.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return `${svg.slice(0, at)}\n<metadata>${safe}</metadata>${svg.slice(at)}`
}

/** An address under which an image element loads the SVG without any request. */
export function svgAddress(svg: string): string {
  return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`
}

const PNG_SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10]

/**
 * PNG bytes with international text chunks (keyword to text) after the header chunk; other bytes come back unchanged.
 *
 * Source: PNG specification, third edition, sections 5 and 11.3.3.4 (iTXt).
 */
export function pngWithTexts(png: Uint8Array, texts: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
  const own = new Uint8Array(png)
  if (!PNG_SIGNATURE.every((byte, index) => own[index] === byte) || own.length < 33) return own
  const headEnd = 8 + 12 + new DataView(own.buffer, own.byteOffset).getUint32(8)
  const chunks = Object.entries(texts).map(([keyword, text]) => textChunk(keyword, text))
  const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  const result = new Uint8Array(own.length + size)
  result.set(own.subarray(0, headEnd))
  let at = headEnd
  for (const chunk of chunks) {
    result.set(chunk, at)
    at += chunk.length
  }
  result.set(own.subarray(headEnd), at)
  return result
}

function textChunk(keyword: string, text: string): Uint8Array {
  const encoder = new TextEncoder()
  // Keyword, 0, not compressed, method 0, no language, no translated keyword, text.
  const data = [...encoder.encode(keyword.slice(0, 79)), 0, 0, 0, 0, 0]
  const body = encoder.encode(text)
  const chunk = new Uint8Array(12 + data.length + body.length)
  const view = new DataView(chunk.buffer)
  view.setUint32(0, data.length + body.length)
  chunk.set(encoder.encode('iTXt'), 4)
  chunk.set(data, 8)
  chunk.set(body, 8 + data.length)
  view.setUint32(8 + data.length + body.length, crc32(chunk.subarray(4, 8 + data.length + body.length)))
  return chunk
}

/** CRC of PNG, bit by bit: a few kilobytes once per export. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xff_ff_ff_ff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xed_b8_83_20 : 0)
  }
  return (crc ^ 0xff_ff_ff_ff) >>> 0
}
