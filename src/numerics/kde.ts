// How are cosines distributed on [-1, 1]?
//
// A Gaussian kernel alone loses up to 13 % of the mass over the two walls. All mirror images x + 4j and
// 2 - x + 4j are summed, so the integral over [-1, 1] is 1 at every bandwidth, even one far wider than the interval.
import { DomainFault } from '../core/faults.ts'

/** A kernel density on [-1, 1], or only the rug where the samples have no spread. */
export interface CosineDensity {
  /** Ascending: the rug. */
  readonly samples: Float64Array
  readonly count: number
  readonly mean: number
  /** With n - 1; NaN below two samples. */
  readonly standardDeviation: number
  /** Scott's sd * n^(-1/5); 0 when there is only a rug. */
  readonly bandwidth: number
  /** Evenly spaced from -1 to 1, or over the samples alone (and 9 bandwidths) where the spread is too small for that; empty when there is only a rug. */
  readonly grid: Float64Array
  /** Density at the grid; its trapezoid sum is 1. Empty when there is only a rug. */
  readonly density: Float64Array
  readonly boundary: 'reflected' | 'rugOnly'
}

const MIN_GRID = 257
const MAX_GRID = 8193
/** Beyond this many bandwidths a Gaussian is below the rounding of its peak. */
const REACH = 8.7
/** A spread below this is rounding, not a distribution. */
const NO_SPREAD = 1e-9
/** Samples may leave [-1, 1] by the rounding of a float32 quotient. */
const OVERSHOOT = 1e-5

/**
 * Gaussian kernel density of cosines with Scott's bandwidth and reflecting walls.
 *
 * Below two samples or without spread (sd at most 1e-9) the density is undefined and only the rug comes back. The grid is refined
 * until its step is below the bandwidth, so that the trapezoid rule is exact to 1e-8.
 * Source: Scott 1992, equation 6.42 (bandwidth); Silverman 1986, section 2.10 (reflection).
 *
 * @param values cosines in any order.
 * @throws {DomainFault} when a value is not finite or leaves [-1, 1] by more than 1e-5.
 */
export function cosineDensity(values: ArrayLike<number>): CosineDensity {
  const samples = Float64Array.from(values, (value) => {
    if (!(Math.abs(value) <= 1 + OVERSHOOT))
      throw new DomainFault(`cosineDensity: sample out of range, got ${value}, expected within [-1, 1]`)
    return Math.max(-1, Math.min(1, value))
  }).sort()
  const count = samples.length
  const mean = samples.reduce((sum, value) => sum + value, 0) / count
  const standardDeviation = Math.sqrt(samples.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1))
  if (count < 2 || !(standardDeviation > NO_SPREAD)) {
    return {
      samples,
      count,
      mean,
      standardDeviation: count < 2 ? NaN : 0,
      bandwidth: 0,
      grid: new Float64Array(0),
      density: new Float64Array(0),
      boundary: 'rugOnly',
    }
  }
  const bandwidth = standardDeviation * count ** -0.2
  const grid = gridFor(samples, bandwidth)
  return {
    samples,
    count,
    mean,
    standardDeviation,
    bandwidth,
    grid,
    density: reflectedDensity(samples, bandwidth, grid),
    boundary: 'reflected',
  }
}

function gridFor(samples: Float64Array, bandwidth: number): Float64Array {
  const whole = 2 / bandwidth <= MAX_GRID - 1
  const from = whole ? -1 : Math.max(-1, samples[0] - 9 * bandwidth)
  const to = whole ? 1 : Math.min(1, samples[samples.length - 1] + 9 * bandwidth)
  let points = MIN_GRID
  while ((to - from) / (points - 1) > bandwidth) points = 2 * points - 1
  const grid = Float64Array.from({ length: points }, (_, i) => from + ((to - from) * i) / (points - 1))
  grid[points - 1] = to
  return grid
}

/**
 * Gaussian kernel density on [-1, 1] with all reflections, at the points of an even grid within [-1, 1].
 *
 * bandwidth to infinity gives 1/2 everywhere.
 */
export function reflectedDensity(samples: Float64Array, bandwidth: number, grid: Float64Array): Float64Array {
  const density = new Float64Array(grid.length)
  if (bandwidth > 1) addCosineSeries(samples, bandwidth, grid, density)
  else addImages(samples, bandwidth, grid, density)
  return density
}

function addImages(samples: Float64Array, bandwidth: number, grid: Float64Array, density: Float64Array): void {
  const reach = REACH * bandwidth
  const start = grid[0]
  const step = (grid[grid.length - 1] - start) / (grid.length - 1)
  const height = 1 / (samples.length * bandwidth * Math.sqrt(2 * Math.PI))
  const rounds = Math.ceil((reach + 2) / 4)
  for (const sample of samples) {
    for (let round = -rounds; round <= rounds; round++) {
      for (const image of [sample + 4 * round, 2 - sample + 4 * round]) {
        const from = Math.max(0, Math.ceil((image - reach - start) / step))
        const to = Math.min(grid.length - 1, Math.floor((image + reach - start) / step))
        for (let i = from; i <= to; i++) {
          const z = (grid[i] - image) / bandwidth
          density[i] += height * Math.exp(-0.5 * z * z)
        }
      }
    }
  }
}

/** The same sum after Poisson summation: a few cosines where the images would be hundreds. */
function addCosineSeries(samples: Float64Array, bandwidth: number, grid: Float64Array, density: Float64Array): void {
  density.fill(0.5)
  for (let k = 1; ; k++) {
    const damping = Math.exp(-0.5 * ((k * Math.PI * bandwidth) / 2) ** 2)
    if (damping < 1e-18) return
    let coefficient = 0
    for (const sample of samples) coefficient += Math.cos((k * Math.PI * (sample + 1)) / 2)
    coefficient *= damping / samples.length
    for (let i = 0; i < grid.length; i++) density[i] += coefficient * Math.cos((k * Math.PI * (grid[i] + 1)) / 2)
  }
}
