// Where and when does the signal die? Layers over time in viridis, one pixel column of the map per pixel of the plot.
//
// Columns are written once as samples come; only another colour range or size paints all of them again.
import type { GradientNormSample } from '../core/sample.ts'
import { writeViridis } from './colourScale.ts'
import { sampleBefore, sampleQuantiles, type GradientNormPlotData } from './gradientData.ts'
import type { PositionScale } from './positionScale.ts'
import type { Box, ImageMark } from './scene.ts'
import { MEDIAN, QUANTILE_COUNT } from './seedQuantiles.ts'

/** A map under construction. Mutable. */
export interface LayerTimeMap {
  pixels: Uint8ClampedArray
  columns: number
  rows: number
  version: number
  /** Columns that are final. */
  written: number
  key: string
  firstStep: number
}

/** An empty map. */
export function createLayerTimeMap(): LayerTimeMap {
  return { pixels: new Uint8ClampedArray(0), columns: 0, rows: 0, version: 0, written: 0, key: '', firstStep: NaN }
}

/**
 * The map of the medians up to the newest sample; the output layer on top.
 *
 * A layer that was exactly zero has the darkest colour. `range`: log10 at both ends of the colours.
 */
export function layerTimeImage(
  map: LayerTimeMap,
  samples: readonly GradientNormSample[],
  quantity: GradientNormPlotData['quantity'],
  xScale: PositionScale,
  box: Box,
  range: readonly [number, number],
): ImageMark | null {
  const newest = samples.at(-1)
  if (newest === undefined) return null
  const columns = Math.max(1, Math.round(box.width))
  const rows = Math.max(1, Math.min(newest.layerCount, Math.round(box.height)))
  const key = `${columns} ${rows} ${newest.layerCount} ${range.join()} ${quantity} ${xScale.key}`
  if (key !== map.key || samples[0].step !== map.firstStep) {
    const pixels = map.pixels.length === 4 * columns * rows ? map.pixels.fill(0) : new Uint8ClampedArray(4 * columns * rows)
    Object.assign(map, { pixels, columns, rows, written: 0, key, firstStep: samples[0].step })
  }
  const columnOf = (step: number) => Math.min(columns - 1, Math.floor(xScale.at(step) - box.x))
  const last = columnOf(newest.step)
  if (map.written <= last) {
    for (let column = Math.max(0, map.written - 1); column <= last; column++) {
      const sample = column === last ? newest : sampleBefore(samples, xScale.invert(box.x + column + 1))
      if (sample !== null && sample.layerCount === newest.layerCount) writeColumn(map, column, sampleQuantiles(sample, quantity), range)
    }
    map.written = last + 1
    map.version++
  }
  return { type: 'image', box, columns, rows, pixels: map.pixels, version: map.version }
}

function writeColumn(map: LayerTimeMap, column: number, quantiles: Float64Array, [low, high]: readonly [number, number]): void {
  const layerCount = quantiles.length / QUANTILE_COUNT
  for (let row = 0; row < map.rows; row++) {
    const layer = layerCount - 1 - Math.floor(((row + 0.5) * layerCount) / map.rows)
    const value = quantiles[layer * QUANTILE_COUNT + MEDIAN]
    writeViridis(map.pixels, 4 * (row * map.columns + column), value === -Infinity ? 0 : (value - low) / (high - low))
  }
}
