// How does the mean square of the signal change from layer to layer, through convolutions and skips too?
//
// Independent weights of mean 0: E z^2 at a position is fanIn s2 times the mean of E h^2 over what the filter sees, zeros at the
// border included. So a profile over rows and one over columns are carried along (the mean separates); relu halves squares of
// symmetric preactivations. A skip adds squares where branch and input are uncorrelated, which is exact for linear branches.
import type { LayerFacts } from './runFacts.ts'
import type { WeightLaw } from './weightLaw.ts'

/** E h^2 over rows and columns of an image, each with mean 1, beside its mean over all entries. */
interface Signal {
  readonly log10: number
  readonly rows: Float64Array
  readonly columns: Float64Array
}

/**
 * log10 of E|z_k|^2 / E|z_1|^2 for the first layers, as many as have a closed form: it ends before a norm and behind a pool.
 *
 * Linear, square, without borders: (d s2)^(k-1). Zero padding of 3x3 filters: one factor of `paddingFactors` per layer more. Skips alone with
 * linear branches at unit gain: doubles per block.
 * Source: Orvieto et al. 2021, Proposition 8 and section 4 (skips), appendix D (padding); derived for both together.
 *
 * @param gate 1 for identity, 1/2 for relu.
 */
export function forwardSquares(layers: readonly LayerFacts[], laws: readonly WeightLaw[], gate: 1 | 0.5): Float64Array {
  const inputs: Signal[] = []
  const result: number[] = []
  let signal: Signal | null = null
  for (const [k, layer] of layers.entries()) {
    if (layer.norm !== null || (k > 0 && layer.afterPool) || layer.zeroPadded === null) break
    const input: Signal = signal ?? flat(layer.image)
    inputs.push(input)
    const z = preactivation(input, layer, laws[k].variance)
    // A norm over |z|^2 counts entries: channels times positions.
    result.push(z.log10 + Math.log10(layer.units * z.rows.length * z.columns.length))
    signal = afterwards(z, layer, inputs, gate)
  }
  return Float64Array.from(result, (value) => value - result[0])
}

function flat([height, width]: readonly [number, number]): Signal {
  return { log10: 0, rows: new Float64Array(height).fill(1), columns: new Float64Array(width).fill(1) }
}

function preactivation(input: Signal, layer: LayerFacts, variance: number): Signal {
  const gained = input.log10 + Math.log10(layer.fanIn * variance)
  if (layer.kind === 'dense') return { ...input, log10: gained }
  const rows = seen(input.rows, layer.kernel, layer.zeroPadded === true)
  const columns = seen(input.columns, layer.kernel, layer.zeroPadded === true)
  const [meanRows, meanColumns] = [mean(rows), mean(columns)]
  return {
    log10: gained + Math.log10(meanRows * meanColumns),
    rows: rows.map((value) => value / meanRows),
    columns: columns.map((value) => value / meanColumns),
  }
}

/** What the next layer gets. */
function afterwards(z: Signal, { skip }: LayerFacts, inputs: readonly Signal[], gate: number): Signal {
  if (skip === null) return { ...z, log10: z.log10 + Math.log10(gate) }
  const added = inputs[skip.from]
  const branchGate = skip.placement === 'postAct' ? gate : 1
  const branch = 2 * Math.log10(skip.branchScale) + z.log10 + Math.log10(branchGate)
  const direct = 2 * Math.log10(skip.scale) + added.log10
  const top = Math.max(branch, direct)
  const [a, b] = [10 ** (branch - top), 10 ** (direct - top)]
  const sum = top + Math.log10(a + b) + (skip.placement === 'preAct' ? Math.log10(gate) : 0)
  // The profile of a sum does not separate; its weighted mean does to first order in the loss at the border.
  const mixed = (one: Float64Array, other: Float64Array) => one.map((value, i) => (a * value + b * other[i]) / (a + b))
  return { log10: sum, rows: mixed(z.rows, added.rows), columns: mixed(z.columns, added.columns) }
}

/** Mean over the taps that a filter has along one direction. */
function seen(profile: Float64Array, kernel: number, zeros: boolean): Float64Array {
  const reach = (kernel - 1) / 2
  const n = profile.length
  return profile.map((_, i) => {
    let sum = 0
    for (let shift = -reach; shift <= reach; shift++) {
      const at = i + shift
      if (at >= 0 && at < n) sum += profile[at]
      else if (!zeros) sum += profile[((at % n) + n) % n]
    }
    return sum / kernel
  })
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
