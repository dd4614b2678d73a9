// Cuts of a step, losses of its rows, and the memory that it may take: what needs no GPU.
import { describe, expect, test } from 'vitest'
import { DEFAULT_OPTIMIZER } from '../../../src/core/defaults.ts'
import { POISON } from '../../../src/engine/fused/forwardBackwardKernel.ts'
import { pieceCount, tileCount, type KernelShape } from '../../../src/engine/fused/kernelShape.ts'
import { chunkCapacity, fittingShape, fusedMemory, fusedRefusal } from '../../../src/engine/fused/fusedMemory.ts'
import { fusedLayout } from '../../../src/engine/fused/layout.ts'
import { reducedLosses } from '../../../src/engine/fused/rowLosses.ts'
import { stationCount } from '../../../src/engine/fused/layerRangesWgsl.ts'
import { numbersOf, stepCuts } from '../../../src/engine/fused/stepCuts.ts'
import { denseSpec } from '../reference/problems.ts'

const shapeOf = (change: Partial<KernelShape> = {}): KernelShape => ({
  layout: fusedLayout(denseSpec([4, 6, 6, 6, 6, 6, 2])),
  loss: { kind: 'squaredError', reduction: 'mean' },
  batchRows: 21,
  seedCount: 3,
  lanes: 'seeds',
  tile: { rows: 4, rowsPerThread: 2 },
  ...change,
})

describe('stepCuts', () => {
  test.each([1, 2, 3, 5, 9, 40, 1000])('cover every tile, layer and seed exactly once in %i parts', (parts) => {
    const shape = shapeOf()
    const cuts = stepCuts(shape, parts)
    if (parts > 1) expect(cuts.length).toBeGreaterThanOrEqual(Math.min(parts, 40))
    if (parts === 1) expect(cuts).toHaveLength(2)
    for (const [kernel, length] of [
      ['forwardBackward', tileCount(shape)],
      ['update', shape.layout.layerCount],
    ] as const) {
      const seen = new Map<string, number>()
      for (const cut of cuts.filter((one) => one.kernel === kernel)) {
        for (let at = cut.first; at < cut.first + cut.count; at++) {
          for (let seed = cut.firstSeed; seed < cut.firstSeed + cut.seeds; seed++) {
            const [from, until] = cut.stations ?? [0, kernel === 'update' ? 1 : stationCount(shape)]
            // Each range of a tile goes on where the one before it stopped.
            expect(seen.get(`${at} ${seed}`) ?? 0).toBe(from)
            seen.set(`${at} ${seed}`, until)
          }
        }
      }
      expect(seen.size).toBe(length * shape.seedCount)
      const end = kernel === 'update' ? 1 : stationCount(shape)
      expect([...seen.values()].every((until) => until === end)).toBe(true)
    }
    // All of K1 stands before all of K2.
    expect(cuts.findLastIndex((cut) => cut.kernel === 'forwardBackward')).toBeLessThan(cuts.findIndex((cut) => cut.kernel === 'update'))
  })
  test.each([
    [1, 2],
    [1, 8],
    [3, 4],
  ])('leave no core of a software adapter without a workgroup (%i seeds, %i cores)', (seedCount, cores) => {
    const shape = shapeOf({ seedCount })
    for (const parts of [2, 5, 40]) {
      const cuts = stepCuts(shape, parts, cores)
      for (const kernel of ['forwardBackward', 'update'] as const) {
        const own = cuts.filter((cut) => cut.kernel === kernel)
        const length = kernel === 'update' ? shape.layout.layerCount : tileCount(shape)
        // The last cut takes what is left.
        for (const { first, count, seeds } of own) if (first + count < length) expect(count * seeds).toBeGreaterThanOrEqual(cores)
        const begun = own.filter(({ stations }) => stations === undefined || stations[0] === 0)
        expect(begun.reduce((sum, { count, seeds }) => sum + count * seeds, 0)).toBe(length * seedCount)
      }
    }
  })
  test('go through ranges of layers where one tile of one seed is all there is', () => {
    const deep = shapeOf({ batchRows: 4, seedCount: 1, layout: fusedLayout(denseSpec(Array.from({ length: 2001 }, () => 8))) })
    const ranges = stepCuts(deep, 80, 16).filter(({ kernel }) => kernel === 'forwardBackward')
    // Three quarters of the parts, as for K2: each then takes less than its share of 50 ms.
    expect(ranges).toHaveLength(60)
    for (const { stations } of ranges) expect(stations![1] - stations![0]).toBeLessThanOrEqual(Math.ceil(4001 / 60))
    expect(ranges.at(-1)!.stations![1]).toBe(4001)
  })
  test('are at most a thousand, and whole tiles wherever there are enough of them', () => {
    const wide = shapeOf({ batchRows: 40_000, layout: fusedLayout(denseSpec(Array.from({ length: 1001 }, () => 8))) })
    const cuts = stepCuts(wide, 1e6)
    expect(cuts.length).toBeLessThanOrEqual(1000)
    expect(cuts.filter(({ stations }) => stations !== undefined)).toEqual([])
  })
  test('tell a kernel where it begins', () => {
    const step = { optimizer: DEFAULT_OPTIMIZER, reduction: 1, chunkStep: 0, updates: 4 }
    expect(numbersOf({ kernel: 'update', first: 3, count: 1, firstSeed: 2, seeds: 1 }, step)).toEqual({
      ...step,
      firstLayer: 3,
      firstSeed: 2,
    })
    expect(numbersOf({ kernel: 'forwardBackward', first: 5, count: 1, firstSeed: 0, seeds: 3 }, step)).toEqual({
      ...step,
      firstTile: 5,
      firstSeed: 0,
    })
  })
})

describe('reducedLosses', () => {
  test('sums rows in the order of the batch, skips padding, and takes exponents in', () => {
    const shape = shapeOf({ batchRows: 2, seedCount: 2, tile: { rows: 4, rowsPerThread: 1 } })
    const pad = [7, 0, 7, 0]
    const rows = Float32Array.from([1, 0, 2, 0, ...pad, 0.5, 300, 0, 0, ...pad])
    expect([...reducedLosses(shape, { kind: 'squaredError', reduction: 'mean' }, rows, 1)]).toEqual([1.5, 2 ** 298])
    expect([...reducedLosses(shape, { kind: 'squaredError', reduction: 'sum' }, rows, 1)]).toEqual([3, 2 ** 299])
  })
  test('go through the pieces of a batch in its order, seed by seed, and stop at its last row', () => {
    const shape = shapeOf({ batchRows: 3, pieceRows: 2, seedCount: 2, tile: { rows: 2, rowsPerThread: 1 } })
    const rows = Float32Array.from([1, 0, 2, 0, 10, 0, 20, 0, 4, 0, 7, POISON, 40, 300, 7, POISON])
    expect([...reducedLosses(shape, { kind: 'squaredError', reduction: 'sum' }, rows, 1)]).toEqual([7, 40 * 2 ** 300])
    expect(reducedLosses(shape, { kind: 'squaredError', reduction: 'mean' }, rows, 1)[0]).toBeCloseTo(7 / 3, 14)
  })
  test('are infinite where a row was poisoned on the way', () => {
    const shape = shapeOf({ batchRows: 1, seedCount: 1, tile: { rows: 1, rowsPerThread: 1 } })
    expect(reducedLosses(shape, shape.loss, Float32Array.from([0, POISON]), 1)[0]).toBe(Infinity)
  })
})

describe('fusedRefusal', () => {
  const roomy = { maxStorageBufferBindingSize: 2 ** 30, maxBufferSize: 2 ** 30 }
  test('is null for what fits', () => {
    expect(fusedRefusal(shapeOf(), 'adam', 100, roomy)).toBeNull()
  })
  test('is null for a batch that fits in pieces of whole tiles, as few as do', () => {
    const tight = { maxStorageBufferBindingSize: 2 ** 20, maxBufferSize: 2 ** 30 }
    const shape = shapeOf({ batchRows: 10_000 })
    expect(fusedMemory(shape, 'sgd', 100).largestBuffer).toBeGreaterThan(2 ** 20)
    expect(fusedRefusal(shape, 'sgd', 100, tight)).toBeNull()
    const fitting = fittingShape(shape, 'sgd', 100, tight)!
    const pieces = pieceCount(fitting)
    expect(pieces).toBeGreaterThan(1)
    expect(fitting).toEqual({ ...shape, pieceRows: fitting.pieceRows })
    expect(fitting.pieceRows! % shape.tile.rows).toBe(0)
    expect((pieces - 1) * fitting.pieceRows!).toBeLessThan(10_000)
    expect(fusedMemory(fitting, 'sgd', 100).largestBuffer).toBeLessThanOrEqual(2 ** 20)
    const fewer = { ...fitting, pieceRows: 4 * Math.ceil(10_000 / (pieces - 1) / 4) }
    expect(fusedMemory(fewer, 'sgd', 100).largestBuffer).toBeGreaterThan(2 ** 20)
    expect(fittingShape(shape, 'sgd', 100, roomy)).toBe(shape)
  })
  test('takes a batch of 10000 through 100 layers of 100 units with the memory that every adapter has', () => {
    const least = { maxStorageBufferBindingSize: 2 ** 27, maxBufferSize: 2 ** 28 }
    const shape = shapeOf({ layout: fusedLayout(denseSpec(Array.from({ length: 101 }, () => 100))), batchRows: 10_000, seedCount: 1 })
    expect(fusedMemory(shape, 'adam', 12_000).largestBuffer).toBeGreaterThan(2 ** 27)
    expect(fusedRefusal(shape, 'adam', 12_000, least)).toBeNull()
  })
  test('says what weights and one tile of rows need where they are too large', () => {
    const tight = { maxStorageBufferBindingSize: 4096, maxBufferSize: 4096 }
    const shape = shapeOf({ batchRows: 10_000 })
    const refusal = fusedRefusal(shape, 'adam', 1, tight)
    expect(refusal!.bytes).toBe(fusedMemory({ ...shape, pieceRows: 4 }, 'adam', 1).largestBuffer)
    expect(refusal!.limit).toBe(4096)
  })
  test('names fewer seeds when the batch alone does not help', () => {
    const refusal = fusedRefusal(
      shapeOf({ seedCount: 4096, layout: fusedLayout(denseSpec(Array.from({ length: 60 }, () => 100))) }),
      'adam',
      100,
      roomy,
    )
    expect(refusal!.nearest).toMatch(/seeds/u)
  })
})

describe('chunkCapacity', () => {
  test('is 64 steps, fewer where many seeds have much to tell', () => {
    expect(chunkCapacity(shapeOf(), 'adam')).toBe(64)
    const many = chunkCapacity(shapeOf({ seedCount: 4096, batchRows: 128 }), 'adam')
    expect(many).toBeGreaterThanOrEqual(1)
    expect(many).toBeLessThan(3)
  })
})
