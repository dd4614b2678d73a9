// What changes in one training step? Weights and slots in, new weights and slots out; nothing is written in place.
//
// So the state before a chunk is simply kept until the chunk has proved finite, and the replay after a divergence
// repeats the very same kernels on the very same buffers' values: bit for bit.
import { clone, dispose, type Tensor, type Tensor1D, type Tensor3D } from '@tensorflow/tfjs-core'
import type { NetworkSpec } from '../../core/networkSpec.ts'
import { placesOf, type GradientBank } from './gradientBanks.ts'
import { firstThreadSum, runKernel, unwritten, type Kernel } from './kernel.ts'
import { layerGradientInto } from './layerGradients.ts'
import { layersOf } from './layout.ts'
import { lossGradient, lossSums } from './lossHead.ts'
import { disposeBackward, disposeRecord } from './passRecords.ts'
import { backwardPass, forwardPass } from './passes.ts'
import { plainRange } from './rangePlan.ts'
import type { StepNorms } from './stepNorms.ts'
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

/**
 * One update of all seeds. The caller disposes everything, the old state included.
 *
 * @param banks of the network's gradient.
 * @param norms sums the gradient, where it was asked for.
 */
export function trainingStep(
  spec: NetworkSpec,
  facts: Omit<UpdateFacts, 'slotStep'>,
  state: TrainingState,
  batch: Batch,
  banks: readonly GradientBank[],
  norms: StepNorms | null = null,
): Stepped {
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
  for (const bank of banks) {
    const tensor = unwritten(bank.size)
    for (const layer of bank.layers) {
      const isFixed = spec.fixedOutput === true && layer.index === spec.layers.length - 1
      // The sums are laid out for all tensors; nobody reads those of constants.
      if (isFixed && norms === null) break
      layerGradientInto(spec, layer.index, layers, record, gradients, placesOf(layer, tensor))
      if (isFixed) break
      for (const place of layer.parts) {
        const position = weights.length
        const gradient = { tensor, offset: place.offset }
        const updated = update({ ...facts, slotStep }, state.weights[position], gradient, state.slots[position], offset)
        offset += place.size / updated.weight.shape[0]
        weights.push(updated.weight)
        slots.push(updated.slots)
      }
    }
    norms?.add(tensor)
    tensor.dispose()
  }
  // What never trains is the same tensors once more.
  for (let position = weights.length; position < state.weights.length; position++) {
    weights.push(clone(state.weights[position]))
    slots.push(state.slots[position].map((slot) => clone(slot)))
  }
  disposeBackward(gradients)
  disposeRecord(record)
  return { state: { weights, slots, slotStep: slotStep + 1 }, lossSums: sums }
}

/** Tensors that one dispatch sums; with its two others they are the eight buffers that every adapter takes. */
const SUMMED = [0, 1, 2, 3, 4, 5] as const

const CHECKSUM: Kernel<`size${(typeof SUMMED)[number]}`> = {
  name: 'checksum',
  shape: 'reduction',
  inputs: ['C', ...SUMMED.map((k) => `W${k}`)],
  uniforms: { size0: 'i32', size1: 'i32', size2: 'i32', size3: 'i32', size4: 'i32', size5: 'i32' },
  declarations: firstThreadSum('total'),
  body: `
    var mine = 0.0;
    if (entry < uniforms.size) {
      ${SUMMED.map(
        (k) => `
      for (var i = i32(localId.x); i < uniforms.size${k}; i = i + 64) { mine = mine + W${k}[entry * uniforms.size${k} + i]; }`,
      ).join('')}
    }
    let sum = total(mine);
    if (localId.x == 0u && entry < uniforms.size) { result[entry] = C[entry] + sum; }`,
}

/** [seeds] a sum of all weights: finite only if all of them are (the finiteness itself is judged on the CPU). */
export function weightChecksum(weights: readonly Tensor3D[], zeros: Tensor): Tensor {
  let sum = zeros
  for (let start = 0; start < weights.length; start += SUMMED.length) {
    const laneSize = (k: number) => (start + k < weights.length ? weights[start + k].size / weights[start + k].shape[0] : 0)
    const inputs = SUMMED.map((k) => weights[Math.min(start + k, weights.length - 1)])
    const [size0, size1, size2, size3, size4, size5] = SUMMED.map(laneSize)
    const next = runKernel(CHECKSUM, [sum, ...inputs], zeros.shape, { size0, size1, size2, size3, size4, size5 })
    if (sum !== zeros) sum.dispose()
    sum = next
  }
  return sum
}
