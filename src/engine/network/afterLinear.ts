// What happens between z and the next layer's input? Norm, then activation, with a skip behind it or before it.
//
// postAct: h' = branchScale act(n) + scale h_from. preAct: h' = act(a), a = branchScale n + scale h_from. Each function here is one of
// the four passes of that; exponents of the range plan are met where arrays of different ones are added.
import { clone, type Tensor, type Tensor3D } from '@tensorflow/tfjs-core'
import { isWeighted, type LayerSpec, type SkipSpec, type WeightedLayerSpec } from '../../core/networkSpec.ts'
import { activate, timesSlope, timesSlopeTangent } from './activationPass.ts'
import type { LayerTensors } from './layerTensors.ts'
import { normBackwardTangent, normTangent } from './normCurvature.ts'
import { normBackward, normForward, statisticsOf } from './normLayer.ts'
import {
  normRecord,
  type ForwardRecord,
  type LayerBackward,
  type LayerBackwardTangent,
  type LayerForward,
  type LayerTangent,
} from './passRecords.ts'
import { powerOfTwo } from './rangePlan.ts'
import { combined, scaled } from './tensorSums.ts'

/** Exponents around one layer. */
export interface LayerExponents {
  /** Of the layer's input, and of z. */
  readonly input: number
  /** Of the next layer's input, and of a behind a skip. */
  readonly output: number
  /** Of the input that a skip adds. */
  readonly from: number
  /** Of dLoss/dz. */
  readonly delta: number
  /** Of dLoss/dh'. */
  readonly upstream: number
  /** Of dLoss/dh of the layer at which a skip begins. */
  readonly fromDelta: number
}

/** A gradient that a skip carries to the input of layer `from`. */
export interface Carried {
  readonly from: number
  readonly gradient: Tensor3D
  readonly factor: number
}

/** Statistics, n, a and h' of z; `frozen` statistics are used where given (and copied by reference). */
export function forwardFrom(
  layer: LayerSpec,
  tensors: LayerTensors,
  z: Tensor3D,
  skipInput: Tensor3D | null,
  exponents: LayerExponents,
  rowCounts: Tensor,
  frozen: Tensor3D | null,
): Pick<LayerForward, 'statistics' | 'n' | 'a'> & { readonly output: Tensor3D } {
  if (!isWeighted(layer)) {
    const shift = exponents.output - exponents.input
    return { statistics: null, n: z, a: z, output: shift === 0 ? clone(z) : scaled(z, powerOfTwo(shift)) }
  }
  const { norm, skip } = layer
  const statistics = norm === undefined ? null : frozen === null ? statisticsOf(layer, norm, z, rowCounts) : clone(frozen)
  const n = norm === undefined ? z : normForward(layer, norm, tensors, { z, statistics: statistics!, through: false, rowCounts })
  const fromFactor = powerOfTwo(exponents.output - exponents.from)
  if (skip?.placement === 'preAct') {
    const branch = skip.branchScale * powerOfTwo(exponents.output - exponents.input)
    const a = combined(n, skipInput!, branch, skip.scale * fromFactor)
    return { statistics, n, a, output: activated(layer, a, exponents.output, exponents.output) }
  }
  const act = activated(layer, n, exponents.input, exponents.output)
  if (skip === undefined) return { statistics, n, a: n, output: act }
  const output = combined(act, skipInput!, skip.branchScale, skip.scale * fromFactor)
  act.dispose()
  return { statistics, n, a: n, output }
}

/** An identity costs no dispatch. */
function activated({ activation }: WeightedLayerSpec, a: Tensor3D, inExponent: number, outExponent: number): Tensor3D {
  return activation === 'identity' && inExponent === outExponent ? clone(a) : activate(activation, a, inExponent, outExponent)
}

/** The exponent that a is stored with. */
export function exponentOfA(skip: SkipSpec | undefined, exponents: LayerExponents): number {
  return skip?.placement === 'preAct' ? exponents.output : exponents.input
}

/** Gradients at a, n and z of dLoss/dh', and what the skip carries away. */
export function backwardThrough(
  layer: LayerSpec,
  index: number,
  tensors: LayerTensors,
  record: ForwardRecord,
  upstream: Tensor3D,
  exponents: LayerExponents,
): { readonly gradients: LayerBackward; readonly carried: Carried | null } {
  const shift = powerOfTwo(exponents.delta - exponents.upstream)
  if (!isWeighted(layer)) {
    const z = shift === 1 ? clone(upstream) : scaled(upstream, shift)
    return { gradients: { upstream, a: z, n: z, z }, carried: null }
  }
  const { norm, skip, activation } = layer
  const after = skip?.placement === 'postAct'
  const factor = after ? shift * skip.branchScale : shift
  const a = slopeTimes(activation, record.layers[index].a, exponentOfA(skip, exponents), upstream, factor)
  const n = skip?.placement === 'preAct' && skip.branchScale !== 1 ? scaled(a, skip.branchScale) : a
  const z = norm === undefined ? n : normBackward(layer, norm, tensors, normRecord(record, index), n)
  const carried =
    skip === undefined
      ? null
      : {
          from: skip.from,
          gradient: after ? upstream : a,
          factor: skip.scale * powerOfTwo(exponents.fromDelta - (after ? exponents.upstream : exponents.delta)),
        }
  return { gradients: { upstream, a, n, z }, carried }
}

/** act'(a) u factor; an identity without a factor costs no dispatch. */
function slopeTimes(activation: WeightedLayerSpec['activation'], a: Tensor3D, exponent: number, u: Tensor3D, factor: number): Tensor3D {
  return activation === 'identity' && factor === 1 ? clone(u) : timesSlope(activation, a, exponent, u, factor)
}

/** Changes of x^, a and h' when z and the skip's input move; plain exponents. */
export function tangentFrom(
  layer: LayerSpec,
  index: number,
  tensors: LayerTensors,
  direction: LayerTensors,
  record: ForwardRecord,
  zTangent: Tensor3D | null,
  skipTangent: Tensor3D | null,
): Pick<LayerTangent, 'normalised' | 'a'> & { readonly output: Tensor3D | null } {
  if (zTangent === null) return { normalised: null, a: null, output: null }
  if (!isWeighted(layer)) return { normalised: null, a: zTangent, output: clone(zTangent) }
  const { norm, skip, activation } = layer
  const moved = norm === undefined ? null : normTangent(layer, norm, tensors, direction, normRecord(record, index), zTangent)
  const n = moved?.output ?? zTangent
  const normalised = moved?.normalised ?? null
  const { a } = record.layers[index]
  if (skip === undefined) return { normalised, a: n, output: timesSlope(activation, a, 0, n, 1) }
  if (skip.placement === 'preAct') {
    const aTangent = skipTangent === null ? scaled(n, skip.branchScale) : combined(n, skipTangent, skip.branchScale, skip.scale)
    if (moved !== null) n.dispose()
    return { normalised, a: aTangent, output: timesSlope(activation, a, 0, aTangent, 1) }
  }
  const act = timesSlope(activation, a, 0, n, skip.branchScale)
  if (skipTangent === null) return { normalised, a: n, output: act }
  const output = combined(act, skipTangent, 1, skip.scale)
  act.dispose()
  return { normalised, a: n, output }
}

/** R-operator of `backwardThrough`; plain exponents. The upstream tangent stays the caller's. */
export function backwardTangentThrough(
  layer: LayerSpec,
  index: number,
  tensors: LayerTensors,
  direction: LayerTensors,
  record: ForwardRecord,
  tangent: LayerTangent,
  gradients: LayerBackward,
  upstreamTangent: Tensor3D,
): { readonly moved: LayerBackwardTangent; readonly carried: Carried | null; readonly spare: Tensor3D | null } {
  if (!isWeighted(layer) || tangent.a === null) {
    const z = clone(upstreamTangent)
    return { moved: { n: z, z }, carried: null, spare: null }
  }
  const { norm, skip, activation } = layer
  const after = skip?.placement === 'postAct'
  const factor = after ? skip.branchScale : 1
  const a = timesSlopeTangent(activation, record.layers[index].a, tangent.a, gradients.upstream, upstreamTangent, factor)
  const before = skip?.placement === 'preAct'
  const n = before && skip.branchScale !== 1 ? scaled(a, skip.branchScale) : a
  const z =
    norm === undefined
      ? n
      : normBackwardTangent(
          layer,
          norm,
          tensors,
          direction,
          normRecord(record, index),
          { z: tangent.z!, normalised: tangent.normalised! },
          gradients.n,
          gradients.z,
          n,
        )
  const carried = skip === undefined ? null : { from: skip.from, gradient: after ? upstreamTangent : a, factor: skip.scale }
  return { moved: { n, z }, carried, spare: n === a ? null : a }
}
