// How does a long state fit into a link? Deflated, in the letters that links allow, and never unpacked beyond a limit.
//
// What is packed is the readable form of the link, so there is one grammar and one decoder.
import { deflateSync, Inflate, strFromU8, strToU8 } from 'fflate'

/** Unpacked characters of a link: a real one has under 10 000. */
export const INFLATED_LIMIT = 65_536
/** Longest packed part that is looked at. */
export const PACKED_LIMIT = 65_536

/** Raw deflate as base64url, without padding. */
export function packed(text: string): string {
  const bytes = deflateSync(strToU8(text), { level: 9, mem: 8 })
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/u, '')
}

/** Why a packed part gives nothing. */
export type UnpackFailure = 'tooLong' | 'notBase64' | 'broken' | 'tooLarge'

/**
 * The text that was packed, or why there is none; stops as soon as more than INFLATED_LIMIT comes out.
 *
 * Input goes in by pieces of 256 bytes, so that a bomb of deflate's best ratio is stopped within 256 kB more.
 */
export function unpacked(text: string): { readonly ok: true; readonly text: string } | { readonly ok: false; readonly why: UnpackFailure } {
  if (text.length > PACKED_LIMIT) return { ok: false, why: 'tooLong' }
  if (!/^[A-Za-z0-9_-]*$/u.test(text) || text.length % 4 === 1) return { ok: false, why: 'notBase64' }
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0))
  const chunks: Uint8Array[] = []
  const reached = { size: 0, finished: false }
  const stream = new Inflate((chunk, final) => {
    chunks.push(chunk)
    reached.size += chunk.length
    reached.finished ||= final
  })
  try {
    for (let at = 0; at < bytes.length && reached.size <= INFLATED_LIMIT; at += 256) {
      const end = Math.min(bytes.length, at + 256)
      stream.push(bytes.subarray(at, end), end === bytes.length)
    }
  } catch {
    return { ok: false, why: 'broken' }
  }
  const { size, finished } = reached
  if (size > INFLATED_LIMIT) return { ok: false, why: 'tooLarge' }
  if (!finished || size === 0) return { ok: false, why: 'broken' }
  const whole = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return { ok: true, text: strFromU8(whole) }
}
