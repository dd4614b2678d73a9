// How does a network train on tfjs' WebGPU backend? Explicit passes, data and weights resident, one readback per call.
import type { OptimizerSettings } from '../../core/experiment.ts'
import { parameterCount } from '../../core/networkSpec.ts'
import type { LayerInfo, Probe } from '../../core/probe.ts'
import type { OpenedDevice } from '../device.ts'
import { checkCheckpoint, checkSeedIndex } from '../ensembleDoor.ts'
import { trainSteps } from '../ensembleSteps.ts'
import { layerInfo } from '../layerInfo.ts'
import { checkIndices } from '../sampleRows.ts'
import { leaseTfjs, type TfjsLease } from '../tfjsBackend.ts'
import type { EngineDescription, Trainer, TrainerCheckpoint, TrainerOptions, TrainReport, TrainWishes } from '../trainer.ts'
import { checkShapes } from './checkShapes.ts'
import { NetworkEnsemble } from './networkEnsemble.ts'
import { createNetworkProbe } from './networkProbe.ts'

/**
 * Opens tfjs on the device and uploads data and weights.
 *
 * @throws {FaultError} noWebGpu, poisoned or deviceLost.
 * @throws {ShapeFault} when layers, data and starts do not fit each other.
 * @throws {UnsupportedFault} for a linearised network.
 */
export async function createNetworkTrainer(options: TrainerOptions, opened: OpenedDevice): Promise<Trainer> {
  checkShapes(options)
  return new NetworkTrainer(options, opened, await leaseTfjs(opened))
}

class NetworkTrainer implements Trainer {
  readonly description: EngineDescription
  readonly layers: readonly LayerInfo[]
  readonly parameterCount: number
  readonly seedCount: number
  private readonly options: TrainerOptions
  private readonly opened: OpenedDevice
  private readonly lease: TfjsLease
  private readonly ensemble: NetworkEnsemble
  private disposed = false

  constructor(options: TrainerOptions, opened: OpenedDevice, lease: TfjsLease) {
    this.options = options
    this.opened = opened
    this.lease = lease
    this.seedCount = options.initialWeights.length
    this.layers = layerInfo(options.spec)
    this.parameterCount = parameterCount(options.spec)
    this.description = {
      engine: 'network',
      backend: 'webgpu',
      adapter: opened.adapterName,
      precision: 'float32',
      reason: options.reason,
    }
    this.ensemble = new NetworkEnsemble(options, opened, (seedIndex, set) => this.probe(seedIndex).gradientNorms(set))
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
    const { ensemble, options } = this
    return createNetworkProbe({
      spec: options.spec,
      dataset: options.dataset,
      probeCount: options.probeCount,
      opened: this.opened,
      data: ensemble.data,
      layers: this.layers,
      step: () => ensemble.step,
      borrow: () => ensemble.borrow(seedIndex),
      borrowRoots: () => ensemble.borrowRoots(seedIndex),
    })
  }

  async checkpoint(): Promise<TrainerCheckpoint> {
    return this.ensemble.checkpoint()
  }

  async restore(checkpoint: TrainerCheckpoint): Promise<void> {
    checkCheckpoint(checkpoint, this.seedCount, this.parameterCount)
    this.ensemble.restore(checkpoint)
  }

  async dispose(): Promise<void> {
    if (this.disposed) return
    this.disposed = true
    this.ensemble.dispose()
    this.lease.flush()
    this.lease.close()
  }
}
