// Networks that every engine trains from the same float32 numbers, and batches of them.
import type { Dataset, SplitArrays } from '../../../src/core/dataset.ts'
import type { OptimizerSettings } from '../../../src/core/experiment.ts'
import { parameterCount, type DenseNetworkSpec } from '../../../src/core/networkSpec.ts'
import type { OpenedDevice } from '../../../src/engine/device.ts'
import { createFusedTrainer, type FusedChoices } from '../../../src/engine/fused/fusedTrainer.ts'
import type { Trainer, TrainerOptions } from '../../../src/engine/trainer.ts'
import { denseSpec, normals, optionsOf, randomDataset, type SpecChoices } from '../reference/problems.ts'

export interface TrainingProblem extends SpecChoices {
  readonly widths: readonly number[]
  /** Weights are N(0, gain / fanIn), biases biasSize N(0, 1). */
  readonly gain?: number
  readonly biasSize?: number
  readonly seeds?: number
  readonly samples?: number
  readonly optimizer?: Partial<OptimizerSettings>
}

/** One width between the ends, as many layers as asked. */
export const stack = (depth: number, width: number, inputs = width, outputs = width): number[] => [
  inputs,
  ...Array.from({ length: depth - 1 }, () => width),
  outputs,
]

export function startWeights(spec: DenseNetworkSpec, gain: number, biasSize: number, name: string): Float64Array {
  const weights = normals(parameterCount(spec), name)
  let at = 0
  for (const layer of spec.layers) {
    const scale = Math.sqrt(gain / layer.fanIn) / layer.forwardScale
    for (const end = at + layer.fanIn * layer.fanOut; at < end; at++) weights[at] = Math.fround(weights[at] * scale)
    if (!layer.bias) continue
    for (const end = at + layer.fanOut; at < end; at++) weights[at] = Math.fround(weights[at] * biasSize)
  }
  return weights
}

export function problemOptions(problem: TrainingProblem): Omit<TrainerOptions, 'spec'> & { readonly spec: DenseNetworkSpec } {
  const { widths, gain = 1, biasSize = 0.1, seeds = 1, samples = 40 } = problem
  const spec = denseSpec(widths, problem)
  const plain = randomDataset(samples, widths[0], widths[widths.length - 1], spec.loss.kind)
  const rounded: SplitArrays = {
    ...plain.train,
    inputs: Float32Array.from(plain.train.inputs),
    targets: Float32Array.from(plain.train.targets),
  }
  const dataset: Dataset = { ...plain, train: rounded, test: rounded }
  const starts = Array.from({ length: seeds }, (_, seed) => startWeights(spec, gain, biasSize, `start ${seed}`))
  return { ...optionsOf(spec, dataset, starts, problem.optimizer), spec }
}

/** `steps` batches of `size` indices below `count`, the same ones everywhere. */
export const batchesOf = (steps: number, size: number, count: number): Int32Array[] =>
  Array.from({ length: steps }, (_, step) => Int32Array.from({ length: size }, (_, i) => (7 * step + 3 * i) % count))

/** A tile that compiles fast and pads the batches of most tests. */
const SMALL_TILE: FusedChoices = { tile: { rows: 8, rowsPerThread: 4 } }

/** Gives a fused trainer to `work` and disposes it. */
export async function withFused<Result>(
  opened: OpenedDevice,
  options: TrainerOptions,
  work: (trainer: Trainer) => Promise<Result>,
  choices: FusedChoices = SMALL_TILE,
): Promise<Result> {
  const trainer = await createFusedTrainer(options, opened, choices)
  try {
    return await work(trainer)
  } finally {
    await trainer.dispose()
  }
}
