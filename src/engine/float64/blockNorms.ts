// How large is each layer's block of a gradient that a training step has just computed?
//
// One look at each entry, and no pass of its own: only where a sum of squares comes near the ends of float64 has the step
// lost what `layerNorms.ts` keeps, and it has to be asked.
import type { LayerNorms } from '../../core/probe.ts'
import { normalised } from '../../numerics/logMagnitude.ts'
import { zeroNorms } from '../blankNorms.ts'
import { blockOf, type Network } from './network.ts'

/** Squares beyond these may have left float64, or the deltas behind them. */
const SMALLEST_SQUARES = 1e-280
const LARGEST_SQUARES = 1e280

/**
 * Frobenius norm and mean absolute entry of every weighted layer's block; null where a layer is 0 or out of the plain range.
 *
 * @param gradient [P].
 */
export function blockNorms(network: Network, gradient: Float64Array): LayerNorms | null {
  const layers = network.layers.filter(({ kind }) => kind === 'weighted')
  const norms = zeroNorms(layers.length)
  for (const [place, layer] of layers.entries()) {
    const block = blockOf(gradient, layer)
    const { squares, sizes } = sumsOf(block)
    if (!(squares > SMALLEST_SQUARES && squares < LARGEST_SQUARES)) return null
    const norm = normalised(Math.sqrt(squares))
    const meanAbs = normalised(sizes / block.length)
    norms.mantissa[place] = norm.mantissa
    norms.exponent[place] = norm.exponent
    norms.meanAbsMantissa[place] = meanAbs.mantissa
    norms.meanAbsExponent[place] = meanAbs.exponent
  }
  return norms
}

/** In two strands each: a sum waits for itself, and one strand would take half as long again. */
function sumsOf(block: Float64Array): { readonly squares: number; readonly sizes: number } {
  let [squares, moreSquares, sizes, moreSizes] = [0, 0, 0, 0]
  const even = block.length - (block.length % 2)
  for (let i = 0; i < even; i += 2) {
    const value = block[i]
    const next = block[i + 1]
    squares += value * value
    moreSquares += next * next
    sizes += Math.abs(value)
    moreSizes += Math.abs(next)
  }
  const last = even < block.length ? block[even] : 0
  return { squares: squares + moreSquares + last * last, sizes: sizes + moreSizes + Math.abs(last) }
}
