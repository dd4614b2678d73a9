// How does a dense stack train at two dispatches a step? The door of the fused engine.
//
// Data and parameters stay on the GPU; a call of `train` sends indices and reads row losses, once per chunk. Kernels are compiled
// when the first batch tells its size, or ahead where it is known.
import type { OptimizerSettings } from '../../core/experiment.ts'
import { FaultError, UnsupportedFault, type Fault } from '../../core/faults.ts'
import type { LayerInfo, Probe } from '../../core/probe.ts'
import type { OpenedDevice } from '../device.ts'
import { checkCheckpoint, checkSeedIndex } from '../ensembleDoor.ts'
import { trainSteps } from '../ensembleSteps.ts'
import { layerInfo } from '../layerInfo.ts'
import { checkIndices } from '../sampleRows.ts'
import type { EngineDescription, Trainer, TrainerCheckpoint, TrainerOptions, TrainReport, TrainWishes } from '../trainer.ts'
import { FusedEnsemble } from './fusedEnsemble.ts'
import type { MemoryLimits } from './fusedMemory.ts'
import type { Tile } from './kernelShape.ts'
import { createFusedProbe, type FusedProbe } from './fusedProbe.ts'
import { fusedLayout, fusedObstacle, fusedSpec } from './layout.ts'
import { PassChoice, refusalOf } from './passChoice.ts'
import { ResidentNetwork } from './residentNetwork.ts'
import { readWeights } from './stateReadback.ts'
import { tileObstacle } from './tileChoice.ts'

/** What a test or a bench may settle beforehand. */
export interface FusedChoices {
  /** Instead of the fastest one. */
  readonly tile?: Tile
  /** Instead of what the adapter allows. */
  readonly memory?: MemoryLimits
}

/** Why a network cannot be fused on this adapter, a noun in words; null when it can. */
export function fusedObstacleOn(spec: TrainerOptions['spec'], opened: OpenedDevice): string | null {
  return fusedObstacle(spec) ?? tileObstacle(fusedLayout(spec), opened.device.limits)
}

/** The refusal of a network that can be fused but needs more memory than there is; null when it fits. */
export function fusedMemoryRefusal(
  options: Omit<TrainerOptions, 'reason'>,
  opened: OpenedDevice,
  memory?: MemoryLimits,
): Extract<Fault, { type: 'refused' }> | null {
  const network = { ...options, spec: fusedSpec(options.spec), layout: fusedLayout(options.spec), seedCount: options.initialWeights.length }
  return refusalOf(opened, network, options.optimizer.kind, options.batchRows ?? 1, memory)
}

/**
 * Uploads data and weights of a dense stack.
 *
 * @throws {UnsupportedFault} when `fusedObstacleOn` names an obstacle; ShapeFault when layers, data and starts do not fit each
 *   other; FaultError refused when it needs more memory than there is, deviceLost or poisoned.
 */
export async function createFusedTrainer(options: TrainerOptions, opened: OpenedDevice, choices: FusedChoices = {}): Promise<Trainer> {
  const obstacle = fusedObstacleOn(options.spec, opened)
  if (obstacle !== null) {
    throw new UnsupportedFault(`createFusedTrainer: a network that cannot be fused, got ${obstacle}, expected dense layers of one width`)
  }
  opened.health.check()
  // Before anything is allocated; batches of unknown size are looked at when they come.
  const refusal = fusedMemoryRefusal(options, opened, choices.memory)
  if (refusal !== null) throw new FaultError(refusal)
  return new FusedTrainer(options, opened, choices)
}

class FusedTrainer implements Trainer {
  readonly description: EngineDescription
  readonly layers: readonly LayerInfo[]
  readonly parameterCount: number
  readonly seedCount: number
  private readonly options: TrainerOptions
  private readonly opened: OpenedDevice
  private readonly network: ResidentNetwork
  private readonly choice: PassChoice
  private readonly ensemble: FusedEnsemble
  private readonly probes: FusedProbe[] = []
  private disposed = false

  constructor(options: TrainerOptions, opened: OpenedDevice, choices: FusedChoices) {
    const { dataset, initialWeights } = options
    const spec = fusedSpec(options.spec)
    this.options = options
    this.opened = opened
    this.layers = layerInfo(spec)
    this.seedCount = initialWeights.length
    this.description = { engine: 'fused', backend: 'webgpu', adapter: opened.adapterName, precision: 'float32', reason: options.reason }
    this.network = new ResidentNetwork(opened, spec, dataset, initialWeights)
    this.parameterCount = this.network.layout.parameterCount
    this.choice = new PassChoice(opened, this.network, choices.tile ?? null, choices.memory)
    this.ensemble = new FusedEnsemble(opened, this.network, this.choice, options)
  }

  get step(): number {
    return this.ensemble.step
  }

  get suggestedChunk(): number {
    return this.ensemble.suggestedChunk
  }

  async train(batches: readonly Int32Array[], wishes: TrainWishes = {}): Promise<TrainReport> {
    for (const batch of batches) checkIndices(batch, this.options.dataset.train.count, 'train')
    return trainSteps(this.ensemble, batches, this.layers.length, wishes.layerNorms === true)
  }

  setOptimizer(optimizer: OptimizerSettings): void {
    this.ensemble.setOptimizer(optimizer)
  }

  probe(seedIndex: number): Probe {
    checkSeedIndex(seedIndex, this.seedCount)
    const { options, network, opened } = this
    this.probes[seedIndex] ??= createFusedProbe({
      opened,
      spec: network.spec,
      layout: network.layout,
      dataset: options.dataset,
      probeCount: options.probeCount,
      layers: this.layers,
      seedIndex,
      parameters: network.parameters,
      parameterOffset: network.blockBytes * seedIndex,
      train: network.train,
      test: () => network.test(),
      tile: this.choice.defaultTile,
      tileOf: (rows, lanes) => this.choice.measuringTile(rows, lanes),
      readParameters: async () => (await readWeights(opened, network, [seedIndex]))[0],
      secondMoments: () => this.ensemble.secondMoments(seedIndex),
    })
    return this.probes[seedIndex]
  }

  async checkpoint(): Promise<TrainerCheckpoint> {
    const seeds = Array.from({ length: this.seedCount }, (_, seed) => seed)
    // What belongs to the step is taken before the wait, like the copies on the GPU.
    const facts = this.ensemble.facts()
    return { ...facts, ...(await this.ensemble.read(seeds)) }
  }

  /** @throws {ShapeFault} when the checkpoint is not of this ensemble; then nothing has changed. */
  async restore(checkpoint: TrainerCheckpoint): Promise<void> {
    checkCheckpoint(checkpoint, this.seedCount, this.parameterCount)
    this.ensemble.restore(checkpoint)
  }

  async dispose(): Promise<void> {
    if (this.disposed) return
    this.disposed = true
    for (const probe of this.probes) probe?.destroy()
    this.ensemble.destroy()
    this.network.destroy()
  }
}
