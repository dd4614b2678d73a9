// How fast does a quantity change per layer, and how sure is that over seeds?
//
// One line per seed, then the mean of the slopes with its interval: layers of one network are not independent of each other,
// seeds are. With a single seed the scatter over its layers is all there is, and the result says so.
import { ShapeFault } from '../core/faults.ts'
import { meanInterval, type MeanInterval } from './meanInterval.ts'
import { fitLine } from './regression.ts'

export interface SeedSlope extends MeanInterval {
  /** layers: the interval is that of one line over its layers, which are not independent. */
  readonly over: 'seeds' | 'layers'
}

/**
 * Slope per layer of values [seedCount, layerCount], with a 95 % interval by Student's t.
 *
 * Values that are not finite are left out; seeds with fewer than two finite layers have no slope and are not counted.
 * Source: Student 1908; Draper and Smith 1998, section 1.4 (each line).
 *
 * @throws {ShapeFault} when the length is not seedCount x layerCount.
 */
export function seedSlope(values: Float64Array, seedCount: number, layerCount: number): SeedSlope {
  if (values.length !== seedCount * layerCount) {
    throw new ShapeFault(`seedSlope: got ${values.length} values, expected ${seedCount} x ${layerCount}`)
  }
  const layers = Float64Array.from({ length: layerCount }, (_, layer) => layer)
  const fits = Array.from({ length: seedCount }, (_, seed) => fitLine(layers, values.subarray(seed * layerCount, (seed + 1) * layerCount)))
  if (seedCount === 1) {
    const { slope, slopeLower, slopeUpper, slopeStandardError } = fits[0]
    return { mean: slope, lower: slopeLower, upper: slopeUpper, standardError: slopeStandardError, count: 1, over: 'layers' }
  }
  return { ...meanInterval(fits.map(({ slope }) => slope).filter(Number.isFinite)), over: 'seeds' }
}
