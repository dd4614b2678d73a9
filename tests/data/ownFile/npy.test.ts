// parseNpy and npySamples
import { describe, expect, test } from 'vitest'
import { parseNpy } from '../../../src/data/ownFile/npy.ts'
import { readOwnFiles } from '../../../src/data/ownFile/readOwnFiles.ts'
import { faultOf } from '../faultOf.ts'
import { file, npyBytes, NPY_TYPES } from './buildFiles.ts'

const SHAPES: readonly (readonly number[])[] = [[7], [3, 4], [2, 3, 4], [2, 2, 3, 2]]
const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1)

describe('parseNpy', () => {
  for (const version of [1, 2, 3]) {
    for (const fortran of [false, true]) {
      test.each(NPY_TYPES)(`gives version ${version}, ${fortran ? 'column' : 'row'} order, type %s back in row-major order`, (type) => {
        for (const shape of SHAPES) {
          const isSigned = !type.includes('u')
          const values = Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 5) % 100) - (isSigned ? 40 : 0))
          const read = parseNpy(npyBytes(shape, values, { type, fortran, version }), 'a.npy')
          expect(read.shape).toEqual(shape)
          expect([...read.values]).toEqual(values)
          expect(read.isInteger).toBe(!type.includes('f'))
        }
      })
    }
  }

  test('rounds float64 to float32 once', () => {
    expect([...parseNpy(npyBytes([2], [0.1, -1 / 3], { type: '<f8' }), 'a').values]).toEqual([Math.fround(0.1), Math.fround(-1 / 3)])
  })

  const good = npyBytes([2, 3], [1, 2, 3, 4, 5, 6])
  const withHeader = (from: string, to: string) => {
    const words = new TextDecoder('latin1').decode(good)
    return Uint8Array.from(words.replace(from, to), (letter) => letter.charCodeAt(0))
  }
  test.each([
    ['a cut header', good.slice(0, 40), 'ends before the header'],
    ['a cut array', good.slice(0, -1), 'holds 23 bytes where its header announces 2 x 3 numbers of 4 bytes'],
    ['a longer array', Uint8Array.from([...good, 0]), 'holds 25 bytes where'],
    ['version 4', good.with(6, 4), 'is an npy file of version 4'],
    ['Python objects', npyBytes([2], [1, 2], { descr: '|O' }), 'holds Python objects (a pickle)'],
    ['big-endian numbers', npyBytes([2], [1, 2], { descr: '>f4' }), 'big-endian'],
    ['complex numbers', npyBytes([2], [1, 2], { descr: '<c8' }), 'holds numbers of type c8'],
    ['half precision', npyBytes([2], [1, 2], { descr: '<f2' }), 'holds numbers of type f2'],
    ['texts', npyBytes([2], [1, 2], { descr: '<U5' }), 'holds numbers of type U5'],
    ['names of the language', npyBytes([2], [1, 2], { descr: '|constructor' }), 'holds numbers of type constructor'],
    ['a header that would be code', withHeader("'fortran_order'", "__import__('a')"), 'whose header cannot be read'],
    ['no dimensions', withHeader('(2, 3), }', '(), }    '), 'holds an array of 0 dimensions'],
    ['five dimensions', npyBytes([1, 1, 1, 1, 1], [1]), 'holds an array of 5 dimensions'],
    ['no entries', npyBytes([0, 3], []), 'holds an array without entries'],
    ['sizes beyond all memory', withHeader('(2, 3)', '(9999999999, 9999999999)'), 'whose header cannot be read|holds \\d+ bytes where'],
    ['not a number', npyBytes([2, 1], [NaN, 1]), 'holds a number that is not finite in float32 \\(entry 1\\)'],
    ['more than float32 holds', npyBytes([2, 1], [1, 1e39], { type: '<f8' }), 'not finite in float32 \\(entry 2\\)'],
  ])('refuses %s', async (_what, bytes, what) => {
    expect((await faultOf(() => parseNpy(bytes, 'a.npy'))).detail).toMatch(new RegExp(what.replace('(a pickle)', '\\(a pickle\\)'), 'u'))
  })
})

describe('npySamples', () => {
  const range = (count: number, step = 1) => Array.from({ length: count }, (_, i) => (i * step) % 251)
  const read = (...arrays: readonly Uint8Array[]) => readOwnFiles(arrays.map((bytes, i) => file(`${i}.npy`, bytes)))

  test('pairs inputs and labels by their count, labels as whole numbers of any type', async () => {
    const x = npyBytes(
      [40, 3],
      range(120).map((value) => value / 7),
    )
    for (const type of ['|u1', '<i4', '<i8', '<f4'] as const) {
      const {
        targets,
        count,
        file: own,
      } = await read(
        npyBytes(
          [40],
          range(40).map((i) => i % 3),
          { type },
        ),
        x,
      )
      expect(targets).toEqual({ type: 'classes', labels: Uint8Array.from(range(40), (i) => i % 3), names: ['0', '1', '2'] })
      expect([count, own.channels, own.height, own.width]).toEqual([40, 1, 3, 1])
    }
  })

  test('reads measurements as numbers to be predicted, also as a column of a matrix', async () => {
    const y = range(40).map((i) => i / 3)
    const { targets } = await read(npyBytes([40, 2], range(80)), npyBytes([40, 1], y))
    expect(targets).toEqual({ type: 'numbers', values: Float32Array.from(y), width: 1, names: null })
  })

  test('reads several numbers a row as targets of a wider array, and of pictures', async () => {
    const y = range(80).map((i) => i / 3)
    const own = await read(npyBytes([40, 2], y), npyBytes([40, 3], range(120)))
    expect(own.targets).toEqual({ type: 'numbers', values: Float32Array.from(y), width: 2, names: null })
    expect(own.file).toMatchObject({ height: 3, classes: 0, outputs: 2 })
    const pictures = await read(npyBytes([40, 2, 4], range(320)), npyBytes([40, 2], y))
    expect(pictures.file).toMatchObject({ height: 2, width: 4, outputs: 2 })
    expect((await read(npyBytes([40], y.slice(40)), npyBytes([40, 3], range(120)))).file).not.toHaveProperty('outputs')
  })

  test.each([
    ['grey pictures', [5, 4, 6], [1, 4, 6], (i: readonly number[]) => [i[0], i[2], i[3]]],
    ['channels first', [5, 3, 8, 6], [3, 8, 6], (i: readonly number[]) => i],
    ['channels last', [5, 8, 6, 3], [3, 8, 6], (i: readonly number[]) => [i[0], i[2], i[3], i[1]]],
    ['one channel, last', [5, 8, 6, 1], [1, 8, 6], (i: readonly number[]) => [i[0], i[2], i[3], 0]],
  ] as const)('reads %s', async (_what, shape, expected, source) => {
    const values = range(sizeOf(shape), 3)
    const own = await read(npyBytes(shape, values, { type: '|u1' }))
    const [channels, height, width] = expected
    expect([own.file.channels, own.file.height, own.file.width, own.unit]).toEqual([...expected, 255])
    for (let place = 0; place < own.values.length; place++) {
      const index = [
        Math.floor(place / (channels * height * width)),
        Math.floor(place / (height * width)) % channels,
        Math.floor(place / width) % height,
        place % width,
      ]
      const from = source(index).reduce((sum, i, axis) => sum * shape[axis] + i, 0)
      expect(own.values[place]).toBe(values[from])
    }
  })

  test('reads rows of a square number of grey values as pictures, and other rows as vectors', async () => {
    expect(
      (
        await read(
          npyBytes(
            [20, 64],
            range(1280).map((i) => i % 17),
            { type: '<i8' },
          ),
        )
      ).file,
    ).toMatchObject({ height: 8, width: 8 })
    expect(
      (
        await read(
          npyBytes(
            [20, 64],
            range(1280).map((i) => i / 2),
          ),
        )
      ).file,
    ).toMatchObject({ height: 64, width: 1 })
    expect((await read(npyBytes([20, 65], range(1300), { type: '<i8' }))).file).toMatchObject({ height: 65, width: 1 })
  })

  test.each([
    ['targets of another count', [npyBytes([4, 2], range(8)), npyBytes([5], range(5))], /holds 5 targets for 4 samples/u],
    ['targets alone', [npyBytes([4], range(4))], /holds one number a row/u],
    ['two arrays of equal width', [npyBytes([4, 2], range(8)), npyBytes([4, 2], range(8, 2))], /targets are told by being fewer/u],
    ['two sets of pictures', [npyBytes([4, 2, 3], range(24)), npyBytes([4, 4, 4], range(64))], /holds pictures, too/u],
    ['more targets than are read', [npyBytes([4, 120], range(480)), npyBytes([4, 101], range(404))], /at most 100 targets/u],
    ['several targets of another count', [npyBytes([4, 3], range(12)), npyBytes([5, 2], range(10))], /holds 5 targets for 4 samples/u],
    ['three arrays', [npyBytes([4, 2], range(8)), npyBytes([4], range(4)), npyBytes([4], [3, 2, 1, 0])], /is a third array/u],
    ['five channels', [npyBytes([2, 5, 6, 7], range(420))], /at most 4 channels/u],
    ['too wide a row', [npyBytes([2, 5000], range(10_000))], /has 5000 numbers a row/u],
  ])('refuses %s', async (_what, arrays, what) => {
    expect((await faultOf(() => read(...arrays))).detail).toMatch(what)
  })
})
