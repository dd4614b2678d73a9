// How does one draw quadrature nodes and weights as a density?
//
// Each node becomes a Gaussian of stated width: the same few nodes serve every zoom, so the wire carries nodes and
// the plot broadens them.

const REACH_IN_BROADENINGS = 6

/** 1 % of the range; 1 % of the size where all nodes agree to rounding, so that the width is never 0. */
export function defaultBroadening(lowest: number, highest: number): number {
  const size = Math.max(Math.abs(lowest), Math.abs(highest))
  const range = highest - lowest
  return range > 1e-12 * size ? range / 100 : Math.max(size / 100, 1e-300)
}

/** [count] even grid that reaches 6 broadenings beyond both ends, so that the density on it integrates to 1. */
export function densityGrid(lowest: number, highest: number, broadening: number, count = 401): Float64Array {
  const from = lowest - REACH_IN_BROADENINGS * broadening
  const step = (highest - lowest + 2 * REACH_IN_BROADENINGS * broadening) / (count - 1)
  return Float64Array.from({ length: count }, (_, i) => from + step * i)
}

/**
 * Density at the grid: the sum of weight_k times a Gaussian of this width around node k.
 *
 * Its trapezoid sum equals the sum of the weights (to 1e-8) while the grid step is at most the broadening and the grid reaches 6 of them
 * beyond the nodes; its variance is that of the nodes plus broadening^2.
 *
 * @param nodes [k] in any order, with one weight each.
 */
export function quadratureDensity(nodes: Float64Array, nodeWeights: Float64Array, broadening: number, grid: Float64Array): Float64Array {
  const density = new Float64Array(grid.length)
  for (let k = 0; k < nodes.length; k++) {
    const height = nodeWeights[k] / (Math.sqrt(2 * Math.PI) * broadening)
    for (let i = 0; i < grid.length; i++) {
      const z = (grid[i] - nodes[k]) / broadening
      density[i] += height * Math.exp(-0.5 * z * z)
    }
  }
  return density
}
