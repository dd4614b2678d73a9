// Where does training start?
//
// All engines start from these numbers: drawn once on the CPU from the stream of (seed, seed index), layer by layer,
// and rounded to float32 for networks so that an engine in float32 and one in float64 start from the same bits.
// Chains are never computed in float32 and keep all 53 bits.
import type { InitSettings, ModelSettings } from '../core/experiment.ts'
import {
  channelsOf,
  fansOf,
  isWeighted,
  layerParameterCount,
  parameterCount,
  weightCount,
  type NetworkSpec,
  type WeightedLayerSpec,
} from '../core/networkSpec.ts'
import type { RandomStream } from '../core/random.ts'
import { entryVariance, hasUnitWeights, type Fans } from '../core/weightVariance.ts'
import { namedStream } from '../numerics/streams.ts'
import { orthogonalMatrix } from './orthogonalMatrix.ts'

/**
 * The flat start [P] of one member of the ensemble; biases and beta are 0, gamma is 1.
 *
 * In the NTK parameterization every weight is N(0, 1), whatever the scheme says. Source: science of initialisers, section 1.
 *
 * @param seedIndex member of the ensemble; each draws from a stream of its own.
 */
export function initialWeights(spec: NetworkSpec, init: InitSettings, model: ModelSettings, seed: number, seedIndex: number): Float64Array {
  const stream = namedStream(seed, `weights/${seedIndex}`)
  const flat = new Float64Array(parameterCount(spec))
  let offset = 0
  for (const [position, layer] of spec.layers.entries()) {
    if (isWeighted(layer)) {
      const isFixed = spec.fixedOutput === true && position === spec.layers.length - 1
      const weights = isFixed ? drawSigns(layer, stream) : drawWeights(layer, init, model, stream, position === 0)
      flat.set(weights, offset)
      const end = offset + layerParameterCount(layer)
      if (layer.norm !== undefined) flat.fill(1, end - 2 * channelsOf(layer), end - channelsOf(layer))
    }
    offset += layerParameterCount(layer)
  }
  return model.kind === 'chain' ? flat : flat.map(Math.fround)
}

/** b of U[-b, b], variance b^2 / 3; not taken from the variance, so that tau 1.5 means 1.5 to the last bit. */
function uniformBound(init: InitSettings, { fanIn, fanOut }: Fans): number {
  if (init.scheme === 'uniform') return init.tau / Math.sqrt(fanIn)
  if (init.scheme === 'glorotUniform') return Math.sqrt(6 / (fanIn + fanOut))
  return Math.sqrt((init.scheme === 'heUniform' ? 6 : 1) / fanIn)
}

/** -1 or 1 for every weight. */
function drawSigns(layer: WeightedLayerSpec, stream: RandomStream): Float64Array {
  return new Float64Array(weightCount(layer)).map(() => 1 - 2 * stream.integer(2))
}

/** W as the flat vector has it: [fanOut, fanIn], or [out, in, kernel, kernel] of a convolution, drawn in that order. */
function drawWeights(
  layer: WeightedLayerSpec,
  init: InitSettings,
  model: ModelSettings,
  stream: RandomStream,
  isFirst: boolean,
): Float64Array {
  const fans = { ...fansOf(layer), isFirst }
  const weights = new Float64Array(weightCount(layer))
  if (hasUnitWeights(model)) return weights.map(() => stream.normal())
  const deviation = Math.sqrt(entryVariance(init, fans))
  switch (init.scheme) {
    case 'uniform':
    case 'lecunUniform':
    case 'glorotUniform':
    case 'heUniform': {
      const bound = uniformBound(init, fans)
      return weights.map(() => bound * (2 * stream.uniform() - 1))
    }
    case 'lecunNormal':
    case 'glorotNormal':
    case 'heNormal':
    case 'unitNormal':
    case 'kappaNormal':
      return weights.map(() => deviation * stream.normal())
    case 'orthogonal':
      return orthogonalWeights(layer, init.gain, stream)
    case 'constant':
      return weights.fill(init.tau)
    default:
      return init.scheme satisfies never
  }
}

/**
 * Orthonormal rows or columns times the gain; of a convolution only the centre of every filter is not 0 (delta-orthogonal),
 * so that with circular padding the whole map is orthogonal.
 *
 * Source: Xiao et al. 2018, section 2.4.
 */
function orthogonalWeights(layer: WeightedLayerSpec, gain: number, stream: RandomStream): Float64Array {
  if (layer.kind === 'dense') return orthogonalMatrix(layer.fanOut, layer.fanIn, stream).map((value) => gain * value)
  const taps = layer.kernel * layer.kernel
  const centres = orthogonalMatrix(layer.outChannels, layer.inChannels, stream)
  const weights = new Float64Array(weightCount(layer))
  for (const [filter, value] of centres.entries()) weights[filter * taps + (taps - 1) / 2] = gain * value
  return weights
}
