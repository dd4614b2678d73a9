// bytesOfFiles and createOwnFileReader
import { describe, expect, test, vi } from 'vitest'
import { bytesOfFiles, createOwnFileReader } from '../../src/runtime/readHeldFiles.ts'
import type { HeldFile } from '../../src/protocol/ownFileMessages.ts'
import { readOwnFiles } from '../../src/data/ownFile/readOwnFiles.ts'
import { faultOf } from '../data/faultOf.ts'
import { csvOf, file, text } from '../data/ownFile/buildFiles.ts'

const held = (name: string, words: string): HeldFile => ({ name, content: new Blob([words]) })
/** A file that only says how large it is; reading it is an error of the test or of the machine. */
const opaque = (size: number, arrayBuffer: () => Promise<ArrayBuffer>): HeldFile => ({
  name: 'big',
  content: { size, arrayBuffer } as unknown as Blob,
})

describe('bytesOfFiles', () => {
  test('gives all bytes with their names', async () => {
    expect(await bytesOfFiles([held('a', '1,2'), held('b', '3')])).toEqual([file('a', '1,2'), file('b', '3')])
  })
  test('refuses two gigabytes without reading one byte', async () => {
    const read = vi.fn<() => Promise<ArrayBuffer>>()
    expect((await faultOf(() => bytesOfFiles([opaque(2 ** 31, read)]))).detail).toContain('is too large: 2.0 GB')
    expect(read).not.toHaveBeenCalled()
  })
  test('says that a folder, or a file that was changed, cannot be read', async () => {
    const fault = await faultOf(() => bytesOfFiles([opaque(10, () => Promise.reject(new Error('NotReadableError')))]))
    expect(fault).toMatchObject({ type: 'dataCorrupt', file: 'big' })
    expect(fault.detail).toContain('cannot be read')
  })
})

describe('createOwnFileReader', () => {
  test('reads the same files once, other files and another name anew', async () => {
    const read = createOwnFileReader()
    const { sha256 } = (await readOwnFiles([file('t.csv', text(csvOf(40)))])).file
    const first = await read([held('t.csv', csvOf(40))], { sha256, name: 'mine' })
    expect(first.file).toMatchObject({ name: 'mine', sha256 })
    expect(await read([held('t.csv', csvOf(40))], { sha256, name: 'mine' })).toBe(first)
    expect((await read([held('t.csv', csvOf(40))], { sha256, name: 'theirs' })).file.name).toBe('theirs')
    const two = await read([held('t.csv', csvOf(40))], { sha256, name: 'theirs', outputs: 2 })
    expect(two.file).toMatchObject({ height: 1, classes: 0, outputs: 2 })
  })
  test('gives files with another digest back as what they are, and does not keep them', async () => {
    const read = createOwnFileReader()
    const wanted = 'f'.repeat(64)
    const first = await read([held('t.csv', csvOf(40))], { sha256: wanted, name: 'mine' })
    expect(first.file.sha256).not.toBe(wanted)
    expect(await read([held('t.csv', csvOf(40))], { sha256: wanted, name: 'mine' })).not.toBe(first)
  })
})
