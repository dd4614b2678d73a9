// gunzip
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { gunzip } from '../../src/data/gunzip.ts'
import { namedStream } from '../../src/numerics/streams.ts'
import { faultOf } from './faultOf.ts'

const stream = namedStream(3, 'gunzip')
// Random nibbles: compressible, and larger than one chunk of the platform's stream.
const content = Uint8Array.from({ length: 300_000 }, () => stream.integer(16))
const packed = new Uint8Array(gzipSync(content))

test('gunzip gives back what was compressed', async () => {
  expect(Buffer.compare(await gunzip(packed, content.length, 'a.bin'), content)).toBe(0)
})

test('gunzip gives back an empty file', async () => {
  expect(await gunzip(new Uint8Array(gzipSync(new Uint8Array(0))), 0, 'a.bin')).toEqual(new Uint8Array(0))
})

test('gunzip refuses a file that unfolds one byte beyond the cap', async () => {
  const fault = await faultOf(() => gunzip(packed, content.length - 1, 'a.bin'))
  expect(fault).toMatchObject({ type: 'dataCorrupt', file: 'a.bin' })
  expect(fault.detail).toContain(`${content.length - 1} bytes`)
})

test('gunzip stops a bomb of 64 MB without unfolding it', async () => {
  const bomb = new Uint8Array(gzipSync(new Uint8Array(2 ** 26)))
  expect(bomb.length).toBeLessThan(100_000)
  const before = process.memoryUsage().arrayBuffers
  const fault = await faultOf(() => gunzip(bomb, 2 ** 20, 'bomb.bin'))
  expect(fault).toMatchObject({ type: 'dataCorrupt', file: 'bomb.bin' })
  // 1 MiB is allowed, plus chunks in flight; the bomb whole would be 64 MiB.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 25)
})

test.each([0, 1, 10, 17, 18, 1000, packed.length - 8, packed.length - 1])('gunzip refuses a file cut after %i bytes', async (length) => {
  expect(await faultOf(() => gunzip(packed.slice(0, length), content.length, 'a.bin'))).toMatchObject({
    type: 'dataCorrupt',
    file: 'a.bin',
  })
})

test('gunzip refuses a wrong checksum although all bytes came out', async () => {
  const spoilt = packed.slice()
  spoilt[spoilt.length - 8] ^= 1
  expect(await faultOf(() => gunzip(spoilt, content.length, 'a.bin'))).toMatchObject({ type: 'dataCorrupt' })
})

test('gunzip never gives other bytes when one bit is flipped', async () => {
  let wrong = 0
  for (let trial = 0; trial < 300; trial++) {
    const spoilt = packed.slice()
    spoilt[stream.integer(spoilt.length)] ^= 1 << stream.integer(8)
    // A flip in the time stamp or the system byte of the gzip header changes nothing: then the content must be right.
    const result = await gunzip(spoilt, content.length, 'a.bin').catch(() => content)
    if (Buffer.compare(result, content) !== 0) wrong++
  }
  expect(wrong).toBe(0)
})
