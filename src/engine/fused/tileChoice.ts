// How many rows of a batch does one workgroup of K1 take through the layers?
//
// More rows read the weights less often, fewer rows keep more workgroups busy: which is faster is a matter of the
// adapter, so it is timed, briefly and once per shape. The tile never changes a published bit, only the time.
import type { FusedLayout } from './layout.ts'
import { isPlain, type Tile } from './kernelShape.ts'

export type TileLimits = Pick<
  GPUSupportedLimits,
  'maxComputeWorkgroupStorageSize' | 'maxComputeInvocationsPerWorkgroup' | 'maxComputeWorkgroupSizeX'
>

const ROWS = [1, 2, 4, 8, 16, 32] as const
const ROWS_PER_THREAD = [8, 4, 2, 1] as const
/** What the timing may choose from. */
const TIMED_ROWS: readonly number[] = [16, 8, 32, 4]
/** Counters that K1 keeps in workgroup memory beside the tile. */
const COUNTER_BYTES = 32
/** Fewer threads than this leave a graphics chip idle; a software adapter is better off with more rows per thread. */
const FEWEST_THREADS = 32
/** Rows of a thread that takes whole rows, and threads that work on a tile of them: those that a software adapter runs as one. */
const WHOLE_ROWS_PER_THREAD = [16, 8, 4, 2] as const
const WHOLE_ROWS_THREADS = 4
/** 4 x 4 products, written out, of such a thread: more of them take the compiler too long. */
const MOST_BLOCKS = 200
/** Reading the weights once costs such a thread as much as the sums of this many rows. Measured on SwiftShader. */
const READING_ROWS = 4

/** Bytes of workgroup memory of a tile: the layer read, the layer written, and two sums a row where there are norms. */
export function tileBytes(layout: FusedLayout, rows: number): number {
  return 2 * rows * layout.quads * 16 + (layout.norm === null ? 0 : 8 * rows) + COUNTER_BYTES
}

/** Every tile that the limits allow, fewest rows first; empty when not even one row fits. */
export function legalTiles(layout: FusedLayout, limits: TileLimits): Tile[] {
  const mostThreads = Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX)
  return ROWS.flatMap((rows) =>
    ROWS_PER_THREAD.filter(
      (rowsPerThread) =>
        rows % rowsPerThread === 0 &&
        (rows / rowsPerThread) * layout.quads <= mostThreads &&
        tileBytes(layout, rows) <= limits.maxComputeWorkgroupStorageSize,
    ).map((rowsPerThread) => ({ rows, rowsPerThread })),
  )
}

/** Why a layout has no tile; null when it has. */
export function tileObstacle(layout: FusedLayout, limits: TileLimits): string | null {
  if (legalTiles(layout, limits).length > 0) return null
  return `layers of ${4 * layout.quads} units, which do not fit in the workgroup memory of this adapter`
}

/** The tile before anything is timed; null when `tileObstacle` names why there is none. */
export function tileFor(layout: FusedLayout, limits: TileLimits, software = false): Tile | null {
  const [first] = timedTiles(layout, limits, software)
  return first ?? legalTiles(layout, limits).at(-1) ?? null
}

/**
 * The tiles worth timing, the likeliest first: one for each number of rows.
 *
 * @param batchRows a tile more than twice as high as the batch would mostly compute padding.
 */
export function timedTiles(layout: FusedLayout, limits: TileLimits, software: boolean, batchRows = Infinity): Tile[] {
  const legal = legalTiles(layout, limits)
  return TIMED_ROWS.filter((rows) => rows < 2 * batchRows || rows === 4).flatMap((rows) => {
    // Most rows per thread first.
    const ofRows = legal.filter((tile) => tile.rows === rows)
    const busy = software ? undefined : ofRows.find((tile) => (layout.quads * rows) / tile.rowsPerThread >= FEWEST_THREADS)
    const tile = busy ?? (software ? ofRows[0] : ofRows.at(-1))
    return tile === undefined ? [] : [tile]
  })
}

/** Tiles whose threads take whole rows, most rows first; none for networks with norms or skips, and none for wide ones. */
export function wholeRowTiles(layout: FusedLayout): Tile[] {
  if (!isPlain(layout)) return []
  return WHOLE_ROWS_PER_THREAD.filter((rowsPerThread) => rowsPerThread * layout.quads <= MOST_BLOCKS).map((rowsPerThread) => ({
    rows: WHOLE_ROWS_THREADS * rowsPerThread,
    rowsPerThread,
    wholeRows: true,
  }))
}

/** Cores that a software adapter computes on; two where nobody says. */
export function adapterCores(): number {
  return globalThis.navigator?.hardwareConcurrency ?? 2
}

/**
 * The tiles worth timing on a software adapter, those likely to be the fastest first.
 *
 * @param seeds networks that ride together.
 * @param cores that the adapter computes on: each takes a tile at a time.
 */
export function softwareTiles(layout: FusedLayout, limits: TileLimits, batchRows: number, seeds: number, cores: number): Tile[] {
  return [...fittingWholeRows(layout, batchRows, seeds, cores), ...timedTiles(layout, limits, true, batchRows)]
}

/**
 * The tile of whole rows for a measuring pass on a software adapter; null where there is none.
 *
 * Twice as fast as the others from width 64 on, never slower; by estimate, because a measurement waits for no timing.
 */
export function likeliestWholeRows(layout: FusedLayout, batchRows: number, batches: number, cores: number): Tile | null {
  return fittingWholeRows(layout, batchRows, batches, cores).at(0) ?? null
}

// Those likely to be the fastest first.
function fittingWholeRows(layout: FusedLayout, batchRows: number, seeds: number, cores: number): Tile[] {
  const time = ({ rows, rowsPerThread }: Tile): number =>
    Math.ceil((Math.ceil(batchRows / rows) * seeds) / cores) * (rowsPerThread + READING_ROWS)
  return wholeRowTiles(layout)
    .filter(({ rows }) => rows < 2 * batchRows)
    .toSorted((a, b) => time(a) - time(b))
}

const remembered = new Map<string, Tile>()

/**
 * The fastest of the candidates, remembered under `key` while the page lives.
 *
 * @param time milliseconds of one run with a tile, compiling not counted; Infinity drops the tile.
 * @param budget timing stops when this much time has passed, so a slow adapter keeps the likeliest tile.
 */
export async function fastestTile(
  key: string,
  candidates: readonly Tile[],
  time: (tile: Tile) => Promise<number>,
  budget = 400,
): Promise<Tile> {
  const known = remembered.get(key)
  if (known !== undefined) return known
  let best = candidates[0]
  let bestTime = Infinity
  const start = performance.now()
  for (const tile of candidates) {
    if (tile !== candidates[0] && performance.now() - start > budget) break
    const duration = await time(tile)
    if (duration < bestTime) {
      best = tile
      bestTime = duration
    }
  }
  remembered.set(key, best)
  return best
}
