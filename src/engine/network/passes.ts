// How do the four passes run through the whole network? Explicitly, layer by layer; no tf.grad.
//
// tfjs' nested gradients are silently wrong by 8-86 % through tanh and softmax, so curvature comes from `tangentPass`
// and `backwardTangentPass` (Pearlmutter's R-operator). What a skip carries waits until the layer at which it began.
import { dispose, type Tensor, type Tensor3D } from '@tensorflow/tfjs-core'
import type { LayerSpec, NetworkSpec } from '../../core/networkSpec.ts'
import { backwardTangentThrough, backwardThrough, forwardFrom, tangentFrom, type Carried, type LayerExponents } from './afterLinear.ts'
import type { LayerTensors } from './layerTensors.ts'
import { linearLayer } from './linearLayer.ts'
import { frozenTensor, learnsFromRows } from './normLayer.ts'
import type { ForwardRecord, LayerBackward, LayerBackwardTangent, LayerForward, LayerTangent, TangentRecord } from './passRecords.ts'
import type { RangePlan } from './rangePlan.ts'
import { combined } from './tensorSums.ts'

/** Where batch norms take their statistics from. */
export interface NormSource {
  /** [1 or lanes]: rows of each lane that are no padding. */
  readonly rowCounts: Tensor
  /** Per position; null: from the rows at hand, as in training. Norms with statistics in the spec use those. */
  readonly frozen: readonly (Tensor3D | null)[] | null
}

/** Runs the network on `input` [lanes, n, inputs]; the record does not own it. */
export function forwardPass(
  spec: NetworkSpec,
  layers: readonly LayerTensors[],
  input: Tensor3D,
  plan: RangePlan,
  source: NormSource,
): ForwardRecord {
  const inputs: Tensor3D[] = []
  const records: LayerForward[] = []
  let current = input
  for (const [index, layer] of spec.layers.entries()) {
    inputs.push(current)
    const linear = linearLayer(layer)
    const prepared = linear.prepare(current)
    const z = linear.forward(layers[index], prepared, 2 ** Math.min(126, plan.input[index]))
    const given = givenStatistics(layer, source.frozen?.[index] ?? null)
    const skipInput = skipOf(layer) === null ? null : inputs[skipOf(layer)!.from]
    const after = forwardFrom(layer, layers[index], z, skipInput, exponentsOf(spec, plan, index), source.rowCounts, given.statistics)
    if (given.own) given.statistics?.dispose()
    records.push({ prepared, z, statistics: after.statistics, n: after.n, a: after.a })
    current = after.output
  }
  const through = spec.layers.map((layer, index) => isThrough(layer, source.frozen?.[index] ?? null))
  return { layers: records, inputs, outputs: current, through, rowCounts: source.rowCounts }
}

/** Gradients of every layer, stored with `plan.delta`; `outputGradient` is dLoss/df, stored like the last one, and goes with the record. */
export function backwardPass(
  spec: NetworkSpec,
  layers: readonly LayerTensors[],
  record: ForwardRecord,
  outputGradient: Tensor3D,
  plan: RangePlan,
): LayerBackward[] {
  const gradients: LayerBackward[] = []
  for (const { index, gradients: own } of backwardSteps(spec, layers, record, outputGradient, plan)) gradients[index] = own
  return gradients
}

/**
 * The same layer by layer, from the last: `visit` borrows a layer's gradients, and only what a skip still carries outlives it.
 *
 * `outputGradient` goes in any case, also where a visit throws.
 */
export async function visitBackward(
  spec: NetworkSpec,
  layers: readonly LayerTensors[],
  record: ForwardRecord,
  outputGradient: Tensor3D,
  plan: RangePlan,
  visit: (index: number, gradients: LayerBackward) => void | Promise<void>,
): Promise<void> {
  /** Tensors and the layer whose turn they must live to see the end of. */
  const held = new Map<Tensor3D, number>()
  try {
    for (const { index, gradients, carried } of backwardSteps(spec, layers, record, outputGradient, plan)) {
      for (const [tensor, until] of held) {
        if (until <= index) continue
        tensor.dispose()
        held.delete(tensor)
      }
      for (const tensor of [gradients.upstream, gradients.a, gradients.n, gradients.z]) held.set(tensor, index)
      if (carried !== null) held.set(carried.gradient, carried.from)
      await visit(index, gradients)
    }
  } finally {
    dispose([...held.keys()])
  }
}

function* backwardSteps(
  spec: NetworkSpec,
  layers: readonly LayerTensors[],
  record: ForwardRecord,
  outputGradient: Tensor3D,
  plan: RangePlan,
): Generator<{ readonly index: number; readonly gradients: LayerBackward; readonly carried: Carried | null }> {
  const waiting = new Map<number, Carried[]>()
  let upstream = outputGradient
  for (let index = spec.layers.length - 1; index >= 0; index--) {
    const layer = spec.layers[index]
    const { gradients, carried } = backwardThrough(layer, index, layers[index], record, upstream, exponentsOf(spec, plan, index))
    if (carried !== null) waitFor(waiting, carried)
    yield { index, gradients, carried }
    if (index === 0) break
    const own = linearLayer(layer).backward(layers[index], record.layers[index].prepared, gradients.z)
    upstream = withCarried(own, waiting.get(index) ?? [])
  }
}

/** The change of every z and of the outputs when the parameters move along `direction` (as many lanes as directions). */
export function tangentPass(
  spec: NetworkSpec,
  layers: readonly LayerTensors[],
  direction: readonly LayerTensors[],
  record: ForwardRecord,
): TangentRecord {
  const tangents: LayerTangent[] = []
  let current: Tensor3D | null = null
  for (const [index, layer] of spec.layers.entries()) {
    const linear = linearLayer(layer)
    const prepared: Tensor3D | null = current === null ? null : linear.prepare(current)
    const z = linear.tangent(layers[index], direction[index], record.layers[index].prepared, prepared)
    const skip = skipOf(layer)
    const skipTangent: Tensor3D | null = skip === null ? null : skip.from === index ? current : tangents[skip.from].input
    const after = tangentFrom(layer, index, layers[index], direction[index], record, z, skipTangent)
    tangents.push({ input: current, prepared, z, normalised: after.normalised, a: after.a })
    current = after.output
  }
  return { layers: tangents, outputs: current! }
}

/**
 * The change of every gradient along the direction.
 *
 * @param outputGradientTangent change of dLoss/df, as many lanes as directions; it stays the caller's.
 * @param gradients of `backwardPass` at the same point, one lane.
 */
export function backwardTangentPass(
  spec: NetworkSpec,
  layers: readonly LayerTensors[],
  direction: readonly LayerTensors[],
  record: ForwardRecord,
  tangents: TangentRecord,
  gradients: readonly LayerBackward[],
  outputGradientTangent: Tensor3D,
): LayerBackwardTangent[] {
  const moved: LayerBackwardTangent[] = []
  const waiting = new Map<number, Carried[]>()
  const spare: Tensor[] = []
  let upstream = outputGradientTangent
  for (let index = spec.layers.length - 1; index >= 0; index--) {
    const layer = spec.layers[index]
    const [own, along] = [layers[index], direction[index]]
    const passed = backwardTangentThrough(layer, index, own, along, record, tangents.layers[index], gradients[index], upstream)
    moved[index] = passed.moved
    if (passed.carried !== null) waitFor(waiting, passed.carried)
    if (passed.spare !== null) spare.push(passed.spare)
    if (index === 0) break
    const { prepared } = record.layers[index]
    upstream = withCarried(
      linearLayer(layer).backwardTangent(own, along, prepared, gradients[index].z, passed.moved.z),
      waiting.get(index) ?? [],
    )
    spare.push(upstream)
  }
  dispose(spare)
  return moved
}

function waitFor(waiting: Map<number, Carried[]>, carried: Carried): void {
  waiting.set(carried.from, [...(waiting.get(carried.from) ?? []), carried])
}

/** own + what skips brought; own is used up where something was added. */
function withCarried(own: Tensor3D, carried: readonly Carried[]): Tensor3D {
  let sum = own
  for (const { gradient, factor } of carried) {
    const next = combined(sum, gradient, 1, factor)
    sum.dispose()
    sum = next
  }
  return sum
}

function skipOf(layer: LayerSpec) {
  return layer.kind === 'pool' ? null : (layer.skip ?? null)
}

/** The exponents of a plan around one layer. */
export function exponentsOf(spec: NetworkSpec, plan: RangePlan, index: number): LayerExponents {
  const from = skipOf(spec.layers[index])?.from ?? index
  const last = spec.layers.length - 1
  return {
    input: plan.input[index],
    output: plan.input[index + 1],
    from: plan.input[from],
    delta: plan.delta[index],
    upstream: plan.delta[Math.min(last, index + 1)],
    fromDelta: plan.delta[from],
  }
}

/** Statistics that a norm is told to use; `own`: made here. */
function givenStatistics(layer: LayerSpec, lent: Tensor3D | null): { readonly statistics: Tensor3D | null; readonly own: boolean } {
  if (layer.kind === 'pool' || layer.norm === undefined || layer.norm.kind === 'layer') return { statistics: null, own: false }
  if (layer.norm.frozen !== null) return { statistics: frozenTensor(layer.norm.frozen), own: true }
  return { statistics: lent, own: false }
}

function isThrough(layer: LayerSpec, lent: Tensor3D | null): boolean {
  if (layer.kind === 'pool' || layer.norm === undefined) return false
  return layer.norm.kind === 'layer' || (learnsFromRows(layer) && lent === null)
}
