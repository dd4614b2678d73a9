// Where does training start?
//
// All engines start from these numbers: drawn once on the CPU from the stream of (seed, seed index), layer by layer,
// and rounded to float32 for networks so that an engine in float32 and one in float64 start from the same bits.
// Chains are never computed in float32 and keep all 53 bits.
import type { InitSettings, ModelSettings } from '../core/experiment.ts'
import { fansOf, isWeighted, layerParameterCount, parameterCount, type NetworkSpec } from '../core/networkSpec.ts'
import type { RandomStream } from '../core/random.ts'
import { namedStream } from '../numerics/streams.ts'
import { orthogonalMatrix } from './orthogonalMatrix.ts'

type Shape = { readonly fanIn: number; readonly fanOut: number }

/**
 * The flat start [P] of one member of the ensemble; biases are 0.
 *
 * In the NTK parameterization every weight is N(0, 1), whatever the scheme says. Source: science of initialisers, section 1.
 *
 * @param seedIndex member of the ensemble; each draws from a stream of its own.
 */
export function initialWeights(spec: NetworkSpec, init: InitSettings, model: ModelSettings, seed: number, seedIndex: number): Float64Array {
  const stream = namedStream(seed, `weights/${seedIndex}`)
  const flat = new Float64Array(parameterCount(spec))
  let offset = 0
  for (const layer of spec.layers) {
    if (isWeighted(layer)) flat.set(drawWeights(fansOf(layer), init, model, stream), offset)
    offset += layerParameterCount(layer)
  }
  return model.kind === 'chain' ? flat : flat.map(Math.fround)
}

/**
 * The tau whose uniform law has the variance of this scheme: sqrt(3 fanIn sigma^2). Equal in variance only.
 *
 * `constant` has no variance: its mean square stands in. In the NTK parameterization the forward scale 1/sqrt(fanIn) is counted in.
 */
export function equivalentTau(
  init: InitSettings,
  model: Pick<ModelSettings, 'kind' | 'parameterization'>,
  fanIn: number,
  fanOut: number,
): number {
  if (isNtk(model)) return Math.sqrt(3)
  return Math.sqrt(3 * fanIn * entryVariance(init, { fanIn, fanOut }))
}

function isNtk(model: Pick<ModelSettings, 'kind' | 'parameterization'>): boolean {
  return model.kind !== 'chain' && model.parameterization === 'ntk'
}

/** Mean square of one weight. */
function entryVariance(init: InitSettings, { fanIn, fanOut }: Shape): number {
  switch (init.scheme) {
    case 'uniform':
      return init.tau ** 2 / (3 * fanIn)
    case 'lecunUniform':
      return 1 / (3 * fanIn)
    case 'lecunNormal':
      return 1 / fanIn
    case 'glorotUniform':
    case 'glorotNormal':
      return 2 / (fanIn + fanOut)
    case 'heUniform':
    case 'heNormal':
      return 2 / fanIn
    case 'orthogonal':
      return 1 / Math.max(fanIn, fanOut)
    case 'unitNormal':
      return 1
    case 'constant':
      return init.tau ** 2
    default:
      return init.scheme satisfies never
  }
}

/** b of U[-b, b], variance b^2 / 3; not taken from the variance, so that tau 1.5 means 1.5 to the last bit. */
function uniformBound(init: InitSettings, { fanIn, fanOut }: Shape): number {
  if (init.scheme === 'uniform') return init.tau / Math.sqrt(fanIn)
  if (init.scheme === 'glorotUniform') return Math.sqrt(6 / (fanIn + fanOut))
  return Math.sqrt((init.scheme === 'heUniform' ? 6 : 1) / fanIn)
}

/** W [fanOut, fanIn] row-major. */
function drawWeights(shape: Shape, init: InitSettings, model: ModelSettings, stream: RandomStream): Float64Array {
  const weights = new Float64Array(shape.fanIn * shape.fanOut)
  if (isNtk(model)) return weights.map(() => stream.normal())
  const deviation = Math.sqrt(entryVariance(init, shape))
  switch (init.scheme) {
    case 'uniform':
    case 'lecunUniform':
    case 'glorotUniform':
    case 'heUniform': {
      const bound = uniformBound(init, shape)
      return weights.map(() => bound * (2 * stream.uniform() - 1))
    }
    case 'lecunNormal':
    case 'glorotNormal':
    case 'heNormal':
    case 'unitNormal':
      return weights.map(() => deviation * stream.normal())
    case 'orthogonal':
      return orthogonalMatrix(shape.fanOut, shape.fanIn, stream)
    case 'constant':
      return weights.fill(init.tau)
    default:
      return init.scheme satisfies never
  }
}
