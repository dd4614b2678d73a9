// sha256 and sha256ByHand
import { createHash } from 'node:crypto'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { sha256, sha256ByHand } from '../../src/data/sha256.ts'
import { namedStream } from '../../src/numerics/streams.ts'

afterEach(() => vi.unstubAllGlobals())

// Source: FIPS 180-2 appendix B and the NIST short-message examples.
const VECTORS: readonly (readonly [string, string])[] = [
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ['abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq', '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1'],
  ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
]

describe.each([
  ['sha256', sha256],
  ['sha256ByHand', sha256ByHand],
])('%s', (_name, digest) => {
  test.each(VECTORS)('knows the published digest of "%.20s"', async (text, expected) => {
    expect(await digest(new TextEncoder().encode(text))).toBe(expected)
  })
})

describe('sha256ByHand', () => {
  test('agrees with the platform at every length across three blocks', () => {
    const stream = namedStream(5, 'sha256')
    const bytes = Uint8Array.from({ length: 200 }, () => stream.integer(256))
    for (let length = 0; length <= bytes.length; length++) {
      const part = bytes.subarray(0, length)
      expect(sha256ByHand(part)).toBe(createHash('sha256').update(part).digest('hex'))
    }
  })

  test('reads a view that does not start at the beginning of its buffer', () => {
    const bytes = Uint8Array.from({ length: 150 }, (_, i) => i)
    expect(sha256ByHand(bytes.subarray(7, 140))).toBe(sha256ByHand(bytes.slice(7, 140)))
  })
})

test.each([
  ['crypto', undefined],
  ['crypto.subtle', {}],
])('sha256 works where %s is missing', async (_what, crypto) => {
  vi.stubGlobal('crypto', crypto)
  expect(await sha256(new TextEncoder().encode('abc'))).toBe(VECTORS[1][1])
})
