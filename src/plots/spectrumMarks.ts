// How is every eigenvalue seen, be there twenty or fifteen hundred? As a pile of dots, one each; when piles grow too high, as bars.
//
// Lanczos nodes are not eigenvalues: they stand as needles whose height is the share of the spectrum, on a log scale,
// so that the one outlier in fifty thousand is as visible as the bulk at zero.
import type { HessianSample } from '../core/sample.ts'
import { plainNumber, powerOfTen } from './numberText.ts'
import type { PlotBox } from './plotKind.ts'
import { linearScale, exponentScale, type PositionScale, type Tick } from './positionScale.ts'
import type { Box, Mark } from './scene.ts'

/** Marks of one spectrum, the pixel of each drawn value, and ticks where heights mean something. */
export interface SpectrumMarks {
  readonly marks: readonly Mark[]
  /** [n, 2] pixels of the drawn values, in their order. */
  readonly places: Float64Array
  readonly yTicks: readonly Tick[]
  readonly yScale: PositionScale | null
  /** What a dot or a bar is. */
  readonly unit: string
}

interface Look {
  readonly colour: string
  readonly hollow: boolean
  readonly box: PlotBox
}

/** The spectrum of one sample on the base of `panel`. */
export function spectrumMarks(sample: HessianSample, xScale: PositionScale, panel: Box, look: Look): SpectrumMarks {
  if (sample.method === 'lanczos' && sample.nodes !== null && sample.nodeWeights !== null)
    return needles(sample.nodes, sample.nodeWeights, xScale, panel, look)
  const values = sample.eigenvalues ?? Float64Array.of(sample.lambdaMin, sample.lambdaMax)
  return piles(values, xScale, panel, look) ?? bars(values, xScale, panel, look)
}

/** Dots on top of each other where they would touch; null when the highest pile does not fit with dots of 1.4 pixels. */
function piles(values: Float64Array, xScale: PositionScale, panel: Box, { colour, hollow, box }: Look): SpectrumMarks | null {
  const most = (box.variant === 'main' ? 4.4 : 3) * box.line
  for (let radius = most; radius >= 1.4; radius -= 0.4) {
    const step = 2 * radius + 0.8
    const places = new Float64Array(2 * values.length)
    // Values come in order, so the last dot of each level is the only one a new dot can touch.
    const levels: number[] = []
    let highest = 0
    for (let i = 0; i < values.length; i++) {
      const x = xScale.at(values[i])
      let level = 0
      while (level < levels.length && x - levels[level] < step) level++
      levels[level] = x
      highest = Math.max(highest, level)
      places[2 * i] = x
      places[2 * i + 1] = panel.y + panel.height - radius - 1.5 - level * step
    }
    if ((highest + 1) * step > panel.height - 6) continue
    const dots: Mark = {
      type: 'dots',
      points: places,
      radius: hollow ? radius - 0.5 : radius,
      fill: hollow ? null : colour,
      background: box.theme.background,
      ...(hollow ? { stroke: colour, strokeWidth: 1.3 * box.line } : {}),
      opacity: 0.95,
    }
    return { marks: [needleFeet(values, xScale, panel, colour), dots], places, yTicks: [], yScale: null, unit: 'each dot one eigenvalue' }
  }
  return null
}

/** A hair at the exact place of each value, under the base line. */
function needleFeet(values: Float64Array, xScale: PositionScale, panel: Box, colour: string): Mark {
  const base = panel.y + panel.height
  const points = new Float64Array(4 * values.length)
  for (let i = 0; i < values.length; i++) {
    const x = xScale.at(values[i])
    points.set([x, base, x, base + 4], 4 * i)
  }
  return { type: 'segments', points, stroke: colour, width: 1, opacity: 0.7 }
}

/** Counts per pixel bin as bars, log(1 + count) high, so that one eigenvalue is still a visible bar. */
function bars(values: Float64Array, xScale: PositionScale, panel: Box, { colour, hollow, box }: Look): SpectrumMarks {
  const width = (box.variant === 'main' ? 5 : 4) * box.line
  const counts = new Map<number, number>()
  for (const value of values) {
    const bin = Math.floor(xScale.at(value) / width)
    counts.set(bin, (counts.get(bin) ?? 0) + 1)
  }
  const most = Math.max(...counts.values())
  const yScale = linearScale([0, Math.log1p(most) * 1.05], [panel.y + panel.height, panel.y])
  const places = new Float64Array(2 * values.length)
  for (let i = 0; i < values.length; i++) {
    const x = xScale.at(values[i])
    places[2 * i] = x
    places[2 * i + 1] = yScale.at(Math.log1p(counts.get(Math.floor(x / width))!))
  }
  const marks = [...counts].map(([bin, count]): Mark => {
    const top = yScale.at(Math.log1p(count))
    return {
      type: 'rect',
      box: { x: bin * width + 0.5, y: top, width: width - 1, height: panel.y + panel.height - top },
      fill: colour,
      opacity: hollow ? 0.6 : 0.9,
    }
  })
  const ticks = [1, 3, 10, 30, 100, 300, 1000]
    .filter((count) => count <= most)
    .map((count) => ({ value: Math.log1p(count), label: plainNumber(count) }))
  return { marks: [...marks, needleFeet(values, xScale, panel, colour)], places, yTicks: ticks, yScale, unit: 'eigenvalues per bar, log' }
}

const LEAST_SHARE = -6

/** One needle per node, its share of the spectrum on a log scale from 1 millionth to 1. */
function needles(
  nodes: Float64Array,
  weights: Float64Array,
  xScale: PositionScale,
  panel: Box,
  { colour, hollow, box }: Look,
): SpectrumMarks {
  const lowest = Math.max(LEAST_SHARE, Math.floor(Math.min(-1, ...Array.from(weights, (weight) => Math.log10(Math.max(weight, 1e-300))))))
  const yScale = exponentScale([lowest - 0.5, 0], [panel.y + panel.height, panel.y + 4])
  const base = panel.y + panel.height
  const points = new Float64Array(4 * nodes.length)
  const places = new Float64Array(2 * nodes.length)
  for (let k = 0; k < nodes.length; k++) {
    const x = xScale.at(nodes[k])
    const y = Math.min(base - 2, yScale.at(Math.log10(Math.max(weights[k], 1e-300))))
    points.set([x, base, x, y], 4 * k)
    places.set([x, y], 2 * k)
  }
  const radius = (box.variant === 'main' ? 2.8 : 2.1) * box.line
  const marks: Mark[] = [
    { type: 'segments', points, stroke: colour, width: 1.4 * box.line, opacity: 0.75 },
    {
      type: 'dots',
      points: places,
      radius,
      fill: hollow ? null : colour,
      background: box.theme.background,
      stroke: colour,
      strokeWidth: 1.2 * box.line,
    },
  ]
  const yTicks = [0, -2, -4, -6]
    .filter((exponent) => exponent >= lowest)
    .map((exponent) => ({ value: exponent, label: powerOfTen(exponent) }))
  return { marks, places, yTicks, yScale, unit: 'share of the spectrum, log' }
}
