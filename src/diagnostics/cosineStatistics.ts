// What is worth drawing of a set of cosines?
//
// The kernel density comes with its rug, count and bandwidth; with one value, or no spread, there is a rug only.
import type { CosineStatistics } from '../core/sample.ts'
import { cosineDensity } from '../numerics/kde.ts'
import { fractionNegative } from './fractionNegative.ts'
import type { GradientCosines } from './gradientCosines.ts'

/** Minimum, mean, spread (n - 1), share of negative values and reflected density; nulls where there is no cosine. */
export function cosineStatistics({ cosines, excluded }: GradientCosines): CosineStatistics {
  if (cosines.length === 0) {
    return { cosines, excluded, min: null, mean: null, standardDeviation: null, fractionNegative: null, curve: null }
  }
  const density = cosineDensity(cosines)
  return {
    // Sorted, they are the rug; the order of the pairs carries nothing.
    cosines: density.samples,
    excluded,
    min: density.samples[0],
    mean: density.mean,
    standardDeviation: cosines.length < 2 ? null : density.standardDeviation,
    fractionNegative: fractionNegative(cosines),
    curve: { grid: density.grid, density: density.density, bandwidth: density.bandwidth, count: density.count },
  }
}
