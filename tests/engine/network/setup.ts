// What the tests of the network engine share: one device for a file, both engines from the same float32 numbers, closeness.
import type { Dataset } from '../../../src/core/dataset.ts'
import type { OptimizerSettings } from '../../../src/core/experiment.ts'
import type { NetworkSpec } from '../../../src/core/networkSpec.ts'
import { openDevice, type OpenedDevice } from '../../../src/engine/device.ts'
import { createFloat64Trainer } from '../../../src/engine/float64/float64Trainer.ts'
import { createNetworkTrainer } from '../../../src/engine/network/networkTrainer.ts'
import type { Trainer, TrainerOptions } from '../../../src/engine/trainer.ts'
import { optionsOf } from '../reference/problems.ts'

/** The device of the test browser; these tests are about nothing else, so a missing one fails them. */
export async function openTestDevice(): Promise<OpenedDevice> {
  const opened = await openDevice()
  if (opened.type === 'noGpu') throw new Error(opened.reason)
  return opened
}

/** Numbers that float32 holds exactly, so that both engines start from the same ones. */
export function inFloat32(dataset: Dataset): Dataset {
  const round = (split: Dataset['train']) => ({
    ...split,
    inputs: Float32Array.from(split.inputs),
    targets: Float32Array.from(split.targets),
  })
  return { ...dataset, train: round(dataset.train), test: round(dataset.test) }
}

export function optionsInFloat32(
  spec: NetworkSpec,
  dataset: Dataset,
  starts: readonly Float64Array[],
  optimizer: Partial<OptimizerSettings> = {},
): TrainerOptions {
  return optionsOf(
    spec,
    inFloat32(dataset),
    starts.map((start) => start.map(Math.fround)),
    optimizer,
  )
}

/** Runs `work` with a network trainer and its float64 twin. */
export async function withBoth<Result>(
  opened: OpenedDevice,
  options: TrainerOptions,
  work: (network: Trainer, float64: Trainer) => Promise<Result>,
): Promise<Result> {
  const network = await createNetworkTrainer(options, opened)
  try {
    return await work(network, createFloat64Trainer(options))
  } finally {
    await network.dispose()
  }
}

/** `steps` batches of `size` indices below `count`, the same ones everywhere. */
export const batchesOf = (steps: number, size: number, count: number): Int32Array[] =>
  Array.from({ length: steps }, (_, step) => Int32Array.from({ length: size }, (_, i) => (7 * step + 3 * i) % count))
