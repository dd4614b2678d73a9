// Tiles: which are legal, which are timed, and that the fastest is remembered.
import { describe, expect, test } from 'vitest'
import { fusedLayout } from '../../../src/engine/fused/layout.ts'
import {
  fastestTile,
  legalTiles,
  likeliestWholeRows,
  softwareTiles,
  tileFor,
  tileObstacle,
  timedTiles,
  wholeRowTiles,
  type TileLimits,
} from '../../../src/engine/fused/tileChoice.ts'
import { denseSpec } from '../reference/problems.ts'

/** What every adapter meets. */
const LEAST: TileLimits = { maxComputeWorkgroupStorageSize: 16_384, maxComputeInvocationsPerWorkgroup: 256, maxComputeWorkgroupSizeX: 256 }
const layoutOf = (width: number) => fusedLayout(denseSpec([width, width, width]))

describe('legalTiles', () => {
  test.each([1, 10, 32, 100, 300])('keeps within threads and workgroup memory at width %i', (width) => {
    const layout = layoutOf(width)
    const tiles = legalTiles(layout, LEAST)
    expect(tiles.length).toBeGreaterThan(0)
    for (const { rows, rowsPerThread } of tiles) {
      expect(rows % rowsPerThread).toBe(0)
      expect((layout.quads * rows) / rowsPerThread).toBeLessThanOrEqual(256)
      expect(2 * rows * layout.quads * 16 + 12).toBeLessThanOrEqual(16_384)
    }
  })
  test('has all rows at a narrow width, and none where not even one row fits', () => {
    expect(new Set(legalTiles(layoutOf(32), LEAST).map(({ rows }) => rows))).toEqual(new Set([1, 2, 4, 8, 16, 32]))
    expect(legalTiles(layoutOf(1100), LEAST)).toEqual([])
    expect(tileObstacle(layoutOf(1100), LEAST)).toContain('1100 units')
    expect(
      tileObstacle(layoutOf(1100), {
        ...LEAST,
        maxComputeInvocationsPerWorkgroup: 512,
        maxComputeWorkgroupSizeX: 512,
        maxComputeWorkgroupStorageSize: 32_768,
      }),
    ).toBeNull()
  })
})

describe('timedTiles', () => {
  test('are one for each number of rows, legal, and never much higher than the batch', () => {
    for (const software of [false, true]) {
      const tiles = timedTiles(layoutOf(32), LEAST, software)
      expect(tiles.map(({ rows }) => rows).toSorted((a, b) => a - b)).toEqual([4, 8, 16, 32])
      for (const tile of tiles) expect(legalTiles(layoutOf(32), LEAST)).toContainEqual(tile)
      expect(timedTiles(layoutOf(32), LEAST, software, 3).map(({ rows }) => rows)).toEqual([4])
    }
  })
  test('fill a graphics chip with threads and give a software adapter many rows each', () => {
    for (const { rows, rowsPerThread } of timedTiles(layoutOf(32), LEAST, false))
      expect((8 * rows) / rowsPerThread).toBeGreaterThanOrEqual(32)
    for (const { rows, rowsPerThread } of timedTiles(layoutOf(32), LEAST, true)) expect(rowsPerThread).toBe(Math.min(8, rows))
  })
})

describe('tileFor', () => {
  test('falls back to the highest legal tile where none of the timed ones fits', () => {
    const layout = layoutOf(900)
    expect(timedTiles(layout, LEAST, false)).toEqual([])
    expect(tileFor(layout, LEAST)).toEqual({ rows: 2, rowsPerThread: 2 })
    expect(tileFor(layoutOf(1100), LEAST)).toBeNull()
  })
})

describe('softwareTiles', () => {
  const first = (width: number, batch: number, seeds: number, cores: number) =>
    softwareTiles(layoutOf(width), LEAST, batch, seeds, cores)[0]
  test('give a thread as many whole rows as leave every core a tile', () => {
    expect(first(32, 128, 1, 2)).toEqual({ rows: 64, rowsPerThread: 16, wholeRows: true })
    expect(first(32, 128, 1, 8)).toEqual({ rows: 16, rowsPerThread: 4, wholeRows: true })
    expect(first(32, 128, 16, 8)).toEqual({ rows: 64, rowsPerThread: 16, wholeRows: true })
    expect(first(32, 32, 1, 2)).toEqual({ rows: 16, rowsPerThread: 4, wholeRows: true })
  })
  test('share rows by columns where the products would be too many to write out, and where there are few rows', () => {
    expect(first(100, 128, 1, 2)).toEqual({ rows: 32, rowsPerThread: 8, wholeRows: true })
    expect(first(500, 128, 1, 2).wholeRows).toBeUndefined()
    expect(first(32, 4, 1, 2)).toEqual({ rows: 4, rowsPerThread: 4 })
  })
  test('are all different, and none is much higher than the batch', () => {
    const tiles = softwareTiles(layoutOf(32), LEAST, 13, 1, 2)
    expect(new Set(tiles.map((tile) => JSON.stringify(tile))).size).toBe(tiles.length)
    for (const { rows } of tiles) expect(rows).toBeLessThan(26)
  })
  test('leave networks with norms or skips to threads with columns', () => {
    const { layers, loss } = denseSpec([8, 8, 8, 8])
    const skip = { from: 1, placement: 'postAct', scale: 1, branchScale: 1 } as const
    const layout = fusedLayout({ layers: layers.map((layer, l) => (l === 1 ? { ...layer, skip } : layer)), loss })
    expect(layout.skips).not.toBeNull()
    expect(wholeRowTiles(layout)).toEqual([])
    expect(wholeRowTiles(layoutOf(8)).length).toBe(4)
  })
})

describe('fastestTile', () => {
  const tiles = [16, 8, 32, 4].map((rows) => ({ rows, rowsPerThread: 4 }))
  test('takes the shortest time and asks only once for a shape', async () => {
    let asked = 0
    const time = async ({ rows }: { rows: number }) => {
      asked++
      return Math.abs(rows - 8)
    }
    expect(await fastestTile('shape one', tiles, time)).toEqual(tiles[1])
    expect(await fastestTile('shape one', tiles, time)).toEqual(tiles[1])
    expect(asked).toBe(4)
  })
  test('keeps the likeliest tile where timing takes too long', async () => {
    let asked = 0
    const time = async () => {
      asked++
      return 1
    }
    expect(await fastestTile('shape two', tiles, time, -1)).toEqual(tiles[0])
    expect(asked).toBe(1)
  })
})

describe('likeliestWholeRows', () => {
  const plain = layoutOf(32)
  test('is the first that training would time for as many rows', () => {
    for (const [rows, batches] of [
      [128, 1],
      [40, 1],
      [32, 16],
    ])
      expect(likeliestWholeRows(plain, rows, batches, 2)).toEqual(softwareTiles(plain, LEAST, rows, batches, 2)[0])
  })
  test('does not leave a core idle where smaller tiles would keep it busy', () => {
    expect(likeliestWholeRows(plain, 128, 1, 2)?.rowsPerThread).toBe(16)
    expect(likeliestWholeRows(plain, 64, 1, 2)?.rowsPerThread).toBe(8)
    expect(likeliestWholeRows(plain, 64, 2, 2)?.rowsPerThread).toBe(16)
  })
  test('is none where whole rows do not fit a thread, or the batch is much smaller than a tile', () => {
    expect(likeliestWholeRows(layoutOf(600), 128, 1, 2)).toBeNull()
    expect(likeliestWholeRows(plain, 4, 1, 2)).toBeNull()
  })
})
