// Which shape do K1 and K2 take for batches of a size? Refused before anything is allocated, tuned once, then kept.
import type { OptimizerSettings } from '../../core/experiment.ts'
import { FaultError } from '../../core/faults.ts'
import type { Milliseconds } from '../../core/units.ts'
import type { OpenedDevice } from '../device.ts'
import { chunkCapacity, fittingShape, fusedRefusal, type MemoryLimits } from './fusedMemory.ts'
import { passRows, type KernelShape, type Tile } from './kernelShape.ts'
import { FusedPass } from './pass.ts'
import type { ResidentNetwork } from './residentNetwork.ts'
import { adapterCores, fastestTile, likeliestWholeRows, softwareTiles, tileFor, timedTiles } from './tileChoice.ts'
import { timeForwardBackward } from './tileTiming.ts'
import { TrainingPass } from './trainingPass.ts'
import { workBudget } from './workPieces.ts'

type Kind = OptimizerSettings['kind']

/** Multiplications and additions of a training step for each weight and row. */
const OPERATIONS = 6
/** Longest submit. */
export const SUBMIT_MS: Milliseconds = 50
/** Share of a submit's work below which a step is never cut. */
const SMALL_SHARE = 0.1

/**
 * Null when there is memory to train with batches of this size, else the refusal.
 *
 * @param memory instead of what the adapter allows.
 */
export function refusalOf(
  opened: OpenedDevice,
  network: Pick<ResidentNetwork, 'layout' | 'spec' | 'dataset' | 'seedCount'>,
  kind: Kind,
  batchRows: number,
  memory: MemoryLimits = opened.device.limits,
): ReturnType<typeof fusedRefusal> {
  const { layout, spec, dataset, seedCount } = network
  const { limits } = opened.device
  // The tile hardly matters: it rounds the batch up.
  const tile = tileFor(layout, limits) ?? { rows: 1, rowsPerThread: 1 }
  const shape: KernelShape = { layout, loss: spec.loss, batchRows, seedCount, lanes: 'seeds', tile }
  return fusedRefusal(shape, kind, dataset.train.count + dataset.test.count, memory)
}

/** Makes the passes of one network on one adapter. */
export class PassChoice {
  /** Legal for any number of rows. */
  readonly defaultTile: Tile
  private readonly opened: OpenedDevice
  private readonly network: ResidentNetwork
  private readonly forced: Tile | null
  private readonly memory: MemoryLimits

  /**
   * @param forced a tile instead of the fastest one.
   * @param memory instead of what the adapter allows.
   */
  constructor(opened: OpenedDevice, network: ResidentNetwork, forced: Tile | null, memory: MemoryLimits = opened.device.limits) {
    this.opened = opened
    this.network = network
    this.forced = forced
    this.memory = memory
    this.defaultTile = forced ?? tileFor(network.layout, opened.device.limits, opened.software) ?? { rows: 1, rowsPerThread: 1 }
  }

  /** @throws {FaultError} refused, deviceLost or poisoned. */
  async create(kind: Kind, batchRows: number): Promise<TrainingPass> {
    const refusal = refusalOf(this.opened, this.network, kind, batchRows, this.memory)
    if (refusal !== null) throw new FaultError(refusal)
    const shape = await this.shapeFor(kind, batchRows)
    return TrainingPass.create(this.opened, shape, kind, this.network.buffers, chunkCapacity(shape, kind))
  }

  /** The tile of a measuring pass over `lanes` batches of `rows`. */
  measuringTile(rows: number, lanes: number): Tile {
    const { opened, network, forced, defaultTile } = this
    if (forced !== null || !opened.software) return defaultTile
    return likeliestWholeRows(network.layout, rows, lanes, adapterCores()) ?? defaultTile
  }

  /** Compiles what `create` will need; errors are left for it to tell. */
  async compileAhead(kind: Kind, batchRows: number): Promise<void> {
    try {
      await FusedPass.compile(this.opened.device, await this.shapeFor(kind, batchRows), kind)
    } catch {
      // Whoever needs the kernels meets the same error.
    }
  }

  /**
   * Into how many submits a step should be cut.
   *
   * @param measured duration of a step, null while none ran.
   */
  parts(batchRows: number, measured: Milliseconds | null): number {
    const { layout, seedCount } = this.network
    const weights = 4 * (layout.firstQuads + (layout.layerCount - 1) * layout.squareQuads)
    const share = (OPERATIONS * weights * batchRows * seedCount) / workBudget(this.opened).operations
    // A software adapter may take its time once; a graphics chip would reset the driver.
    if (measured === null) return this.opened.software ? 1 : Math.ceil(share)
    // A small step that took long was waiting for something else.
    return share < SMALL_SHARE ? 1 : Math.ceil(measured / SUBMIT_MS)
  }

  /** The batch whole, or in pieces that fit. */
  private async shapeFor(kind: Kind, batchRows: number): Promise<KernelShape> {
    const tile = await this.tile(kind, batchRows)
    return this.fitting(kind, batchRows, tile) ?? this.fitting(kind, batchRows, this.defaultTile) ?? this.whole(batchRows, tile)
  }

  private whole(batchRows: number, tile: Tile): KernelShape {
    const { layout, spec, seedCount } = this.network
    return { layout, loss: spec.loss, batchRows, seedCount, lanes: 'seeds', tile, software: this.opened.software }
  }

  private fitting(kind: Kind, batchRows: number, tile: Tile): KernelShape | null {
    const { train, test } = this.network.dataset
    return fittingShape(this.whole(batchRows, tile), kind, train.count + test.count, this.memory)
  }

  private async tile(kind: Kind, batchRows: number): Promise<Tile> {
    if (this.forced !== null) return this.forced
    const { opened, network } = this
    const { limits } = opened.device
    const wanted = opened.software
      ? softwareTiles(network.layout, limits, batchRows, network.seedCount, adapterCores())
      : timedTiles(network.layout, limits, false, batchRows)
    // High tiles round a batch up further than the estimate before did.
    const candidates = wanted.filter((tile) => this.fitting(kind, batchRows, tile) !== null)
    if (candidates.length <= 1) return candidates[0] ?? this.defaultTile
    // Which tile is fastest hardly depends on the depth: a slider that is dragged must not time every one of them.
    const octave = Math.round(Math.log2(network.layout.layerCount))
    const { inQuads, quads, activation, norm, skips } = network.layout
    const width = [inQuads, quads, activation, norm !== null, skips !== null, octave]
    const key = JSON.stringify([opened.adapterName, width, network.spec.loss.kind, batchRows, network.seedCount])
    return fastestTile(key, candidates, (tile) => {
      const shape = this.fitting(kind, batchRows, tile) ?? this.whole(batchRows, tile)
      return timeForwardBackward(opened, this.whole(passRows(shape), tile), network.buffers)
    })
  }
}
