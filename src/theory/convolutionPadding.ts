// How much signal does zero padding cost per 3x3 layer?
//
// At the border a filter sees fewer pixels. The mean square of the pixels passes through the average over existing neighbours,
// which separates into two directions; its largest eigenvalue rules after a transient. Circular padding loses nothing.

/**
 * Factor of layer 1, 2, .. layers by which E h^2, beside 9 c p s2, changes on r x r images with zero padding.
 *
 * 1/9 for r = 1; tends to `paddingLimit(r)`; starts at (1 - 2/(3r))^2 (0.819 at 7).
 * Source: derived; Orvieto et al. 2021, appendix D for the effect.
 */
export function paddingFactors(side: number, layers: number): Float64Array {
  const factors = new Float64Array(layers)
  let profile = new Float64Array(side).fill(1)
  let mean = 1
  for (let layer = 0; layer < layers; layer++) {
    const next = profile.map((v, i) => ((i > 0 ? profile[i - 1] : 0) + v + (i + 1 < side ? profile[i + 1] : 0)) / 3)
    const nextMean = next.reduce((sum, v) => sum + v, 0) / side
    factors[layer] = (nextMean / mean) ** 2
    // Kept near 1, so that a thousand layers do not underflow.
    profile = next.map((v) => v / nextMean)
    mean = 1
  }
  return factors
}

/** The limit ((1 + 2 cos(pi/(r+1)))/3)^2: 0.901 at 7, 0.994 at 32. */
export function paddingLimit(side: number): number {
  return ((1 + 2 * Math.cos(Math.PI / (side + 1))) / 3) ** 2
}
