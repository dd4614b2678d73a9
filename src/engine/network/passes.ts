// How do the four passes run through the whole network? Explicitly, layer by layer; no tf.grad.
//
// tfjs' nested gradients are silently wrong by 8-86 % through tanh and softmax, so curvature comes from `tangentPass`
// and `backwardTangentPass` (Pearlmutter's R-operator). Every pass returns its tensors; `disposeAll` ends their lives.
import { dispose, type Tensor3D } from '@tensorflow/tfjs-core'
import type { DenseNetworkSpec } from '../../core/networkSpec.ts'
import { activate, timesSlope, timesSlopeTangent } from './activationPass.ts'
import * as dense from './denseLayer.ts'
import type { LayerTensors } from './denseLayer.ts'
import type { RangePlan } from './rangePlan.ts'

export interface ForwardRecord {
  /** [L]: input of each layer, stored with `plan.input`; the first one is the caller's. */
  readonly inputs: readonly Tensor3D[]
  /** [L]: z of each layer, stored with the exponent of the layer's input. */
  readonly preactivations: readonly Tensor3D[]
  /** After the output activation, stored with the last exponent of `plan.input`. */
  readonly outputs: Tensor3D
}

/** Runs the network on `input` [lanes, n, fanIn]; the record does not own it. */
export function forwardPass(spec: DenseNetworkSpec, layers: readonly LayerTensors[], input: Tensor3D, plan: RangePlan): ForwardRecord {
  const inputs: Tensor3D[] = []
  const preactivations: Tensor3D[] = []
  let current = input
  for (const [index, layer] of spec.layers.entries()) {
    inputs.push(current)
    const exponent = plan.input[index]
    const z = dense.forward(layer, layers[index], current, 2 ** Math.min(126, exponent))
    preactivations.push(z)
    current = activate(layer.activation, z, exponent, plan.input[index + 1])
  }
  return { inputs, preactivations, outputs: current }
}

/** Disposes a record, not the caller's input. */
export function disposeRecord(record: ForwardRecord): void {
  dispose([record.inputs.slice(1), [...record.preactivations], record.outputs])
}

/** [L] dLoss/dz of every layer, stored with `plan.delta`; `outputGradient` is dLoss/df, stored like the last one. */
export function backwardPass(
  spec: DenseNetworkSpec,
  layers: readonly LayerTensors[],
  record: ForwardRecord,
  outputGradient: Tensor3D,
  plan: RangePlan,
): Tensor3D[] {
  const last = spec.layers.length - 1
  const deltas: Tensor3D[] = []
  deltas[last] = timesSlope(spec.layers[last].activation, record.preactivations[last], plan.input[last], outputGradient, 0)
  for (let index = last; index > 0; index--) {
    const below = index - 1
    const upstream = dense.backward(spec.layers[index], layers[index], deltas[index])
    const shift = plan.delta[below] - plan.delta[index]
    deltas[below] = timesSlope(spec.layers[below].activation, record.preactivations[below], plan.input[below], upstream, shift)
    upstream.dispose()
  }
  return deltas
}

/** Where the R-operator needs the gradient that arrives at an activation, and the tangents that a direction makes. */
export interface TangentRecord {
  /** [L]: tangent of each layer's input; null for the first, whose input stays. */
  readonly inputs: readonly (Tensor3D | null)[]
  /** [L] tangent of each z. */
  readonly preactivations: readonly Tensor3D[]
  readonly outputs: Tensor3D
}

/** The change of every z and of the outputs when the parameters move along `direction` (as many lanes as directions). */
export function tangentPass(
  spec: DenseNetworkSpec,
  layers: readonly LayerTensors[],
  direction: readonly LayerTensors[],
  record: ForwardRecord,
): TangentRecord {
  const inputs: (Tensor3D | null)[] = []
  const preactivations: Tensor3D[] = []
  let current: Tensor3D | null = null
  for (const [index, layer] of spec.layers.entries()) {
    inputs.push(current)
    const z = dense.tangent(layer, layers[index], direction[index], record.inputs[index], current)
    preactivations.push(z)
    current = timesSlope(layer.activation, record.preactivations[index], 0, z, 0)
  }
  return { inputs, preactivations, outputs: current! }
}

export function disposeTangents(record: TangentRecord): void {
  dispose([record.inputs.filter((tensor) => tensor !== null), [...record.preactivations], record.outputs])
}

/**
 * The change of every dLoss/dz along the direction.
 *
 * @param outputGradient dLoss/df, one lane; outputGradientTangent its change, as many lanes as directions.
 * @param deltas of `backwardPass` at the same point.
 */
export function backwardTangentPass(
  spec: DenseNetworkSpec,
  layers: readonly LayerTensors[],
  direction: readonly LayerTensors[],
  record: ForwardRecord,
  tangents: TangentRecord,
  outputGradient: Tensor3D,
  outputGradientTangent: Tensor3D,
  deltas: readonly Tensor3D[],
): Tensor3D[] {
  const last = spec.layers.length - 1
  const moved: Tensor3D[] = []
  moved[last] = timesSlopeTangent(
    spec.layers[last].activation,
    record.preactivations[last],
    tangents.preactivations[last],
    outputGradient,
    outputGradientTangent,
  )
  for (let index = last; index > 0; index--) {
    const below = index - 1
    const upstream = dense.backward(spec.layers[index], layers[index], deltas[index])
    const upstreamTangent = dense.backwardTangent(spec.layers[index], layers[index], direction[index], deltas[index], moved[index])
    moved[below] = timesSlopeTangent(
      spec.layers[below].activation,
      record.preactivations[below],
      tangents.preactivations[below],
      upstream,
      upstreamTangent,
    )
    dispose([upstream, upstreamTangent])
  }
  return moved
}
