// How are compressed bytes opened without trusting them? Everything is buffered, counted and only then handed out.
//
// The platform's stream delivers bytes BEFORE it reports a bad checksum, and 261 kB can unfold into 256 MB,
// so a caller must never see a partial result and the output has a cap.
import type { Bytes } from '../core/units.ts'
import { corrupt } from './dataFaults.ts'

/**
 * Decompresses one gzip file completely, or not at all.
 *
 * @param maxBytes the largest output that is accepted; reading stops at the first chunk beyond it.
 * @param file the name that a fault shall carry.
 * @throws {FaultError} `dataCorrupt` when the bytes are no gzip, are cut short, fail their checksum or unfold beyond `maxBytes`.
 */
export async function gunzip(bytes: Uint8Array, maxBytes: Bytes, file: string): Promise<Uint8Array> {
  // Told apart first: "not gzip" helps a person more than the stream's own words.
  if (bytes.length < 18 || bytes[0] !== 0x1f || bytes[1] !== 0x8b) throw corrupt(file, 'is not gzip-compressed')
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream('gzip'))
  const reader = stream.getReader()
  const chunks: Uint8Array[] = []
  let received = 0
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw corrupt(file, 'is damaged: it cannot be decompressed')
    })
    if (done) break
    received += value.length
    if (received > maxBytes) {
      reader.cancel().catch(() => {})
      throw corrupt(file, `unfolds to more than the ${maxBytes} bytes that it may hold`)
    }
    chunks.push(value)
  }
  const whole = new Uint8Array(received)
  let offset = 0
  for (const chunk of chunks) {
    whole.set(chunk, offset)
    offset += chunk.length
  }
  return whole
}
