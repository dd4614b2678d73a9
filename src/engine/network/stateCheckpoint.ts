// How does a training state leave the GPU and come back to the bit?
//
// Outside stand float64 vectors as every engine has them. The root of the second moment goes out squared: 48 bits of a
// float32 square fit float64 exactly, and the root of the way back returns the very same number.
import type { OptimizerSettings } from '../../core/experiment.ts'
import type { NetworkSpec } from '../../core/networkSpec.ts'
import type { OpenedDevice } from '../device.ts'
import type { TrainerCheckpoint } from '../trainer.ts'
import { flatOrder } from './layerTensors.ts'
import { tensorsOf, vectorsOf } from './layout.ts'
import { readPacked } from './readback.ts'
import type { TrainingState } from './trainingState.ts'
import { rootSlot, slotCount } from './updateRules.ts'

/** Weights [seeds] and slots [seeds][slot] as flat vectors, from one readback. @throws {FaultError} poisoned or deviceLost. */
export async function readState(
  opened: OpenedDevice,
  state: TrainingState,
  kind: OptimizerSettings['kind'],
): Promise<Pick<TrainerCheckpoint, 'weights' | 'slots'>> {
  const { weights, slots } = state
  const blockSize = weights.length
  const tensors = [...weights]
  for (let slot = 0; slot < slotCount(kind); slot++) tensors.push(...slots.map((of) => of[slot]))
  const seedCount = weights[0].shape[0]
  const parts = await readPacked(opened, tensors)
  const block = (index: number) => vectorsOf(parts.slice(index * blockSize, (index + 1) * blockSize), seedCount)
  const slotBlocks = Array.from({ length: slotCount(kind) }, (_, slot) => {
    const vectors = block(slot + 1)
    return slot === rootSlot(kind) ? vectors.map((vector) => vector.map((u) => u * u)) : vectors
  })
  return { weights: block(0), slots: Array.from({ length: seedCount }, (_, seed) => slotBlocks.map((vectors) => vectors[seed])) }
}

/** The state of a checkpoint on the GPU. @throws {ShapeFault} when a vector does not hold P entries. */
export function uploadState(spec: NetworkSpec, checkpoint: TrainerCheckpoint): TrainingState {
  const { kind } = checkpoint.optimizer
  const weights = flatOrder(tensorsOf(spec, checkpoint.weights))
  const slotBlocks = Array.from({ length: slotCount(kind) }, (_, slot) => {
    const vectors = checkpoint.slots.map((of) => of[slot])
    return flatOrder(tensorsOf(spec, slot === rootSlot(kind) ? vectors.map((vector) => vector.map(Math.sqrt)) : vectors))
  })
  return {
    weights,
    slots: weights.map((_, index) => slotBlocks.map((tensors) => tensors[index])),
    slotStep: Math.max(0, ...checkpoint.slotSteps),
  }
}
