// What must every engine do? Train an ensemble of one network, and lend a Probe for each member.
//
// Batches come from outside as indices: the data order is drawn once, on the CPU, so the same seed gives the
// same batches on every engine. Engines draw nothing at random themselves.
import type { Dataset } from '../core/dataset.ts'
import type { OptimizerSettings } from '../core/experiment.ts'
import type { NetworkSpec } from '../core/networkSpec.ts'
import type { LayerInfo, LayerNorms, Probe } from '../core/probe.ts'
import type { Milliseconds } from '../core/units.ts'

export interface EngineDescription {
  readonly engine: 'chain' | 'float64' | 'network' | 'fused'
  readonly backend: 'cpu' | 'webgpu'
  /** As the adapter names itself, e.g. "SwiftShader"; null on the CPU. */
  readonly adapter: string | null
  readonly precision: 'float32' | 'float64'
  /** One short sentence: why this engine was chosen. */
  readonly reason: string
}

export interface TrainerOptions {
  readonly spec: NetworkSpec
  readonly dataset: Dataset
  /** n of the probe set: the first n training samples. */
  readonly probeCount: number
  readonly optimizer: OptimizerSettings
  /** One flat vector [P] per seed, float64; engines round to their own precision at their door. */
  readonly initialWeights: readonly Float64Array[]
  readonly reason: string
  /** Seed of the noise of perturbed descent, see `gradientNoise`; absent: 0. */
  readonly noiseSeed?: number
  /** Rows of the batches to come, where they are known: an engine may compile for them and refuse what does not fit. */
  readonly batchRows?: number
}

/** What a call of `train` is asked for beside its losses. */
export interface TrainWishes {
  /** Norms of the gradient of the first batch, out of the step itself; training keeps its bits. */
  readonly layerNorms?: boolean
  /** Awaited now and then within a long step, of which `share` is done: whoever shares the thread has a turn. What it throws ends the trainer's use. */
  readonly between?: (share: number) => Promise<void>
}

export interface TrainReport {
  /** [steps, seeds] loss of each step's batch before its update; NaN for seeds that diverged earlier. */
  readonly losses: Float64Array
  /**
   * Seeds that met a non-finite loss or weight in this call, with the step at which it was met.
   * Their weights are those before the first bad update; they are frozen from then on.
   */
  readonly diverged: readonly { readonly seedIndex: number; readonly step: number }[]
  /**
   * [seeds] where wished and where there was a batch: what `gradientNorms` of the first batch gives at the weights before its
   * update. NaN mantissas for seeds that diverged earlier.
   */
  readonly layerNorms?: readonly LayerNorms[]
  /** With `layerNorms`: time of this thread that they took beside the step, and of the passes where they left the range of the step. */
  readonly layerNormsDuration?: Milliseconds
}

/** Everything that `restore` needs to go on bit for bit; plain, cloneable. */
export interface TrainerCheckpoint {
  readonly step: number
  /** [seeds] flat weights. */
  readonly weights: readonly Float64Array[]
  /** [seeds][slot] optimizer slots, each [P] flat, in the order of the optimizer (momentum: v; rmsprop: v; adam: m, v). */
  readonly slots: readonly (readonly Float64Array[])[]
  /** [seeds] updates done since the slots were empty (Adam's t). */
  readonly slotSteps: readonly number[]
  /** [seeds] step at which the seed diverged, -1 while it lives. */
  readonly divergedAt: Int32Array
  readonly optimizer: OptimizerSettings
}

/** One arm: `seedCount` networks of the same shape on the same batches. */
export interface Trainer {
  readonly description: EngineDescription
  readonly layers: readonly LayerInfo[]
  readonly parameterCount: number
  readonly seedCount: number
  /** Updates done so far. */
  readonly step: number
  /** One update per batch of training indices, in order. @throws FaultError poisoned or deviceLost. */
  train(batches: readonly Int32Array[], wishes?: TrainWishes): Promise<TrainReport>
  /** Takes effect with the next update; another kind starts with empty slots, the same kind keeps them. */
  setOptimizer(optimizer: OptimizerSettings): void
  /** Follows training: the same object answers for the weights of the moment. */
  probe(seedIndex: number): Probe
  checkpoint(): Promise<TrainerCheckpoint>
  restore(checkpoint: TrainerCheckpoint): Promise<void>
  /** Largest number of steps that is sensible in one `train` call now (50 ms of work). */
  readonly suggestedChunk: number
  dispose(): Promise<void>
}
