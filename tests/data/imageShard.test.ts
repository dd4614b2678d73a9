// parseImageShard and encodeImageShard
import { describe, expect, test } from 'vitest'
import { FaultError } from '../../src/core/faults.ts'
import { encodeImageShard, parseImageShard, SHARD_HEADER_BYTES } from '../../src/data/imageShard.ts'
import { namedStream } from '../../src/numerics/streams.ts'
import { faultOf } from './faultOf.ts'
import { smallShard } from './smallSet.ts'

const sound = encodeImageShard(smallShard('a'))

/** A copy of the sound shard with one little-endian uint32 replaced. */
function withField(offset: number, value: number): Uint8Array {
  const copy = sound.slice()
  new DataView(copy.buffer).setUint32(offset, value, true)
  return copy
}

describe('parseImageShard', () => {
  test('reads back exactly what was encoded', () => {
    expect(parseImageShard(sound, 'a.bin')).toEqual(smallShard('a'))
  })

  test('reads a shard that lies inside a larger buffer', () => {
    const larger = new Uint8Array(sound.length + 9)
    larger.set(sound, 5)
    expect(parseImageShard(larger.subarray(5, 5 + sound.length), 'a.bin')).toEqual(smallShard('a'))
  })

  test.each([
    ['a wrong signature', withField(0, 0x12345678), 'PLAT'],
    ['a later version', withField(4, 2), 'version 2'],
    ['no images', withField(8, 0), 'image count of 0'],
    ['too many images', withField(8, 4_000_000_000), 'image count of 4000000000'],
    ['no height', withField(12, 0), 'image height of 0'],
    ['a huge width', withField(16, 65536), 'image width of 65536'],
    ['no classes', withField(20, 0), 'class count of 0'],
    ['a pixel limit above a byte', withField(24, 256), 'largest pixel value of 256'],
    ['a label out of range', withField(20, 4), 'image 4 the label 4'],
    ['a pixel above its limit', withField(24, 100), 'above its own limit of 100'],
    ['one byte too few', sound.slice(0, -1), `holds ${sound.length - 1} bytes`],
    ['one byte too many', Uint8Array.of(...sound, 0), `holds ${sound.length + 1} bytes`],
    ['less than a header', sound.slice(0, SHARD_HEADER_BYTES - 1), 'fewer than the 28'],
    ['nothing at all', new Uint8Array(0), 'holds 0 bytes'],
  ])('refuses %s in one sentence that names the file', async (_what, bytes, words) => {
    const fault = await faultOf(() => parseImageShard(bytes, 'a.bin'))
    expect(fault).toMatchObject({ type: 'dataCorrupt', file: 'a.bin' })
    expect(fault.detail).toContain('The data file a.bin ')
    expect(fault.detail).toContain(words)
    expect(fault.detail).toMatch(/^[^\n]*\.$/)
  })

  test('accepts of 20 000 mutants only those that say the same as their own bytes', () => {
    const stream = namedStream(7, 'imageShard mutants')
    let accepted = 0
    for (let trial = 0; trial < 20_000; trial++) {
      let mutant = sound.slice()
      for (let k = 0; k <= stream.integer(3); k++) mutant[stream.integer(SHARD_HEADER_BYTES + 8)] = stream.integer(256)
      if (stream.uniform() < 0.2) mutant = mutant.slice(0, stream.integer(mutant.length + 1))
      try {
        const shard = parseImageShard(mutant, 'a.bin')
        accepted++
        expect(Buffer.compare(encodeImageShard(shard), mutant)).toBe(0)
        expect(Math.max(...shard.labels)).toBeLessThan(shard.classes)
        expect(Math.max(...shard.pixels)).toBeLessThanOrEqual(shard.maxPixel)
      } catch (error) {
        if (!(error instanceof FaultError)) throw error
        expect(error.fault.type).toBe('dataCorrupt')
      }
    }
    // Some mutants only raise the class count, the pixel limit or change a label: those are other sound shards.
    expect(accepted).toBeGreaterThan(0)
    expect(accepted).toBeLessThan(10_000)
  })
})

describe('encodeImageShard', () => {
  test('refuses arrays that do not fit the shape', () => {
    expect(() => encodeImageShard({ ...smallShard('a'), count: 19 })).toThrow(/19 and 456/)
  })
  test('refuses a label that is no class', () => {
    expect(() => encodeImageShard({ ...smallShard('a'), classes: 3 })).toThrow(/label 3/)
  })
})
