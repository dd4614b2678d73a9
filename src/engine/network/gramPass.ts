// How are the products of all gradients of single rows summed over the layers? During one backward pass, a layer at a time.
//
// So the gradients of one layer are all that is held beside the forward record, however many outputs ride as lanes. The GPU fills
// the upper half; the lower one is mirrored on the way out.
import { zeros, type Rank, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core'
import { weightCount, type LayerSpec } from '../../core/networkSpec.ts'
import { factorOf, gradientExponents } from './gradientExponents.ts'
import { addLayerGram } from './layerGradients.ts'
import type { LayerTensors } from './layerTensors.ts'
import { Pace } from './pace.ts'
import { visitBackward } from './passes.ts'
import type { ForwardRecord } from './passRecords.ts'
import type { ProbeHost } from './probeHost.ts'
import type { RangePlan } from './rangePlan.ts'
import { readPacked } from './readback.ts'

/** [rows, rows] inner products times 2^exponent, as float32 held them. */
export interface StoredGram {
  readonly stored: Float64Array
  /** Even. */
  readonly exponent: number
}

/**
 * [rows, rows] inner products, rows being lanes of `outputGradient` times samples; `outputGradient` is used up.
 *
 * Layers of different stored exponents meet at the smallest one.
 */
export async function gramPass(
  host: ProbeHost,
  layers: readonly LayerTensors[],
  record: ForwardRecord,
  outputGradient: Tensor3D,
  plan: RangePlan,
  signal?: AbortSignal,
): Promise<StoredGram> {
  const { spec } = host
  const rows = outputGradient.shape[0] * outputGradient.shape[1]
  const exponents = spec.layers.map((_, index): [number, number] => [2 * (plan.input[index] + plan.delta[index]), 2 * plan.delta[index]])
  // Of the tensors that are there: a bias that is not would draw the others to its own exponent.
  const common = 2 * Math.min(...gradientExponents(host, plan))
  const pace = new Pace(host.opened, signal)
  let sum: Tensor2D = zeros<Rank.R2>([rows, rows])
  try {
    await visitBackward(spec, layers, record, outputGradient, plan, async (index, gradients) => {
      if (spec.fixedOutput === true && index === spec.layers.length - 1) return
      const [weight, other] = exponents[index]
      sum = addLayerGram(spec, index, layers, record, gradients, sum, factorOf(common - weight), factorOf(common - other))
      await pace.after(gramWork(spec.layers[index], rows))
    })
    const [stored] = await readPacked(host.opened, [sum])
    return { stored: mirrored(stored, rows), exponent: common }
  } finally {
    sum.dispose()
  }
}

/** Multiplications that a layer's share costs: of the gradients of a convolution, of the inputs and deltas of a dense layer. */
function gramWork(layer: LayerSpec, rows: number): number {
  if (layer.kind === 'pool') return 0
  return rows * rows * (layer.kind === 'conv' ? weightCount(layer) : layer.fanIn + layer.fanOut)
}

/** The products as they truly are; 0 where float64 ends. */
export function trueGram({ stored, exponent }: StoredGram): Float64Array {
  return stored.map((value) => value * 2 ** -exponent)
}

/** A symmetric matrix of which float32 held the upper half. */
function mirrored(stored: Float32Array, rows: number): Float64Array {
  const gram = new Float64Array(rows * rows)
  for (let i = 0; i < rows; i++) {
    for (let j = i; j < rows; j++) {
      const value = stored[i * rows + j]
      gram[i * rows + j] = value
      gram[j * rows + i] = value
    }
  }
  return gram
}
