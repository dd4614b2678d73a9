// What does a run need from the world around it?
//
// Everything with an effect is here and nowhere else in a run: a Worker, Node and a test give their own, so the same
// run is exact to the bit in all three.
import type { Dataset } from '../core/dataset.ts'
import type { DataSettings, Experiment } from '../core/experiment.ts'
import type { Milliseconds } from '../core/units.ts'
import type { Trainer, TrainerOptions } from '../engine/trainer.ts'
import type { StreamBody } from '../protocol/addressed.ts'

/** How a trainer is asked for; `engine` is the wish of the experiment. */
export interface TrainerRequest extends Omit<TrainerOptions, 'reason'> {
  readonly modelKind: Experiment['model']['kind']
  readonly engine: Experiment['engine']
  readonly allowGpu: boolean
}

export interface RunHost {
  /** Sends a stream message; `transfer` moves with it. */
  post(message: StreamBody, transfer: ArrayBuffer[]): void
  loadDataset(
    settings: DataSettings,
    seed: number,
    onProgress: (done: number, total: number) => void,
    signal: AbortSignal,
  ): Promise<Dataset>
  createTrainer(request: TrainerRequest): Promise<Trainer>
  /** Ascending eigenvalues of a symmetric [n, n] matrix, which stays as it is. */
  eigenvalues(matrix: Float64Array, n: number, signal: AbortSignal): Promise<Float64Array>
  /** Somebody watches: then live measurements that can answer with less do not hold training up. Absent: nobody, and every number is whole. */
  readonly isWatched?: boolean
  /** What the page saves instead of a snapshot: text that was written here costs it nothing. Absent: the snapshot itself. */
  asFile?(snapshot: unknown): unknown
  now(): Milliseconds
  /** Resolves after about this time; 0 lets waiting events in and returns at once. */
  wait(duration: Milliseconds): Promise<void>
}
