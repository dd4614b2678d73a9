// What changes in one training step? Weights and slots in, new weights and slots out; nothing is written in place.
//
// So the state before a chunk is simply kept until the chunk has proved finite, and the replay after a divergence
// repeats the very same kernels on the very same buffers' values: bit for bit.
import { dispose, type Tensor, type Tensor1D, type Tensor3D } from '@tensorflow/tfjs-core'
import type { NetworkSpec } from '../../core/networkSpec.ts'
import { runKernel, workgroupReduce, type Kernel } from './kernel.ts'
import { layerGradient } from './layerGradients.ts'
import { flatOrder } from './layerTensors.ts'
import { layersOf } from './layout.ts'
import { lossGradient, lossSums } from './lossHead.ts'
import { disposeBackward, disposeRecord } from './passRecords.ts'
import { backwardPass, forwardPass } from './passes.ts'
import { plainRange } from './rangePlan.ts'
import { update, type UpdateFacts } from './updateRules.ts'

/** Every tensor is [seeds, rows, columns], in flat order. */
export interface TrainingState {
  readonly weights: readonly Tensor3D[]
  /** [tensor][slot]. */
  readonly slots: readonly (readonly Tensor3D[])[]
  /** Updates of the living seeds since the slots were empty. */
  readonly slotStep: number
}

export function disposeState(state: TrainingState): void {
  dispose([...state.weights, ...state.slots.flat()])
}

/** A batch on the GPU; one lane for all seeds. */
export interface Batch {
  readonly inputs: Tensor3D
  readonly targets: Tensor3D
  /** [1]: 1/n for a mean, 1 for a sum. */
  readonly rowWeights: Tensor1D
  /** [1]: n. */
  readonly rowCounts: Tensor1D
}

export interface Stepped {
  readonly state: TrainingState
  /** [seeds] sum of the sample losses before the update. */
  readonly lossSums: Tensor1D
}

/** One update of all seeds. The caller disposes everything, the old state included. */
export function trainingStep(spec: NetworkSpec, facts: Omit<UpdateFacts, 'slotStep'>, state: TrainingState, batch: Batch): Stepped {
  const { slotStep } = state
  const plan = plainRange(spec.layers.length)
  const layers = layersOf(spec, state.weights)
  const record = forwardPass(spec, layers, batch.inputs, plan, { rowCounts: batch.rowCounts, frozen: null })
  const sums = lossSums(spec.loss.kind, record.outputs, batch.targets)
  const outputGradient = lossGradient(spec.loss.kind, record.outputs, batch.targets, batch.rowWeights)
  const gradients = backwardPass(spec, layers, record, outputGradient, plan)
  const weights: Tensor3D[] = []
  const slots: (readonly Tensor3D[])[] = []
  let offset = 0
  for (const index of spec.layers.keys()) {
    for (const part of flatOrder([layerGradient(spec, index, layers, record, gradients)])) {
      const position = weights.length
      const updated = update({ ...facts, slotStep }, state.weights[position], part, state.slots[position], offset)
      offset += part.size / part.shape[0]
      weights.push(updated.weight)
      slots.push(updated.slots)
      part.dispose()
    }
  }
  disposeBackward(gradients)
  disposeRecord(record)
  return { state: { weights, slots, slotStep: slotStep + 1 }, lossSums: sums }
}

const CHECKSUM: Kernel<'laneSize'> = {
  name: 'checksum',
  shape: 'reduction',
  inputs: ['C', 'W'],
  uniforms: { laneSize: 'i32' },
  declarations: workgroupReduce('total', (a, b) => `${a} + ${b}`),
  body: `
    var mine = 0.0;
    if (entry < uniforms.size) {
      for (var i = i32(localId.x); i < uniforms.laneSize; i = i + 64) { mine = mine + W[entry * uniforms.laneSize + i]; }
    }
    let sum = total(mine);
    if (localId.x == 0u && entry < uniforms.size) { result[entry] = C[entry] + sum; }`,
}

/** [seeds] a sum of all weights: finite only if all of them are (the finiteness itself is judged on the CPU). */
export function weightChecksum(weights: readonly Tensor3D[], zeros: Tensor): Tensor {
  let sum = zeros
  for (const weight of weights) {
    const next = runKernel(CHECKSUM, [sum, weight], zeros.shape, { laneSize: weight.size / weight.shape[0] })
    if (sum !== zeros) sum.dispose()
    sum = next
  }
  return sum
}
