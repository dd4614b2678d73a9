// Where does the signal die? Gradient norm against layer now, and in the large plot against time as well.
import { armColour } from './theme.ts'
import { createAxisMemory, settleDomain, type AxisMemory } from './axisMemory.ts'
import { colourBarMarks } from './colourBar.ts'
import { END_LABEL_SIZE, frameMarks, marginsFor, panelOf, TICK_SIZE, tickCount } from './frame.ts'
import { sampleMeans } from './gradientStatistics.ts'
import { emptyMarks } from './emptyState.ts'
import { sampleBefore, sampleQuantiles, signalArm, type GradientNormPlotData } from './gradientData.ts'
import { layerLine, profileMarks, profilePanel, profileProbe } from './gradientProfile.ts'
import type { ProfilePanel } from './profilePlace.ts'
import { statisticsColumn } from './gradientStatisticsView.ts'
import { gradientCaption, gradientHeadline, gradientSummary, gradientTable } from './gradientWords.ts'
import { createLayerTimeMap, layerTimeImage, type LayerTimeMap } from './layerTimeMap.ts'
import { mountPlot } from './mountPlot.ts'
import { measuredFromLog10, plainNumber } from './numberText.ts'
import type { Drawing, MountedPlot, PlotBox, PlotKind, Readout } from './plotKind.ts'
import { exponentScale, linearScale, ordinalTicks, type PositionScale } from './positionScale.ts'
import { joinLabels, type Box, type Mark } from './scene.ts'
import { HIGHEST, LOWEST, MEDIAN, QUANTILE_COUNT } from './seedQuantiles.ts'
import { endLabelMargin } from './endLabels.ts'
import { theoryLog10 } from './theoryMarks.ts'
import { cursorMarks, timeScale, yLabelStrip } from './timeAxis.ts'

export interface GradientMemory {
  readonly yAxis: AxisMemory
  readonly colours: AxisMemory
  /** The same of the signal. */
  readonly signal: { readonly yAxis: AxisMemory; readonly colours: AxisMemory }
  readonly maps: Map<string, LayerTimeMap>
  /** Range of all medians seen in the history, and how many samples were looked at. */
  readonly seen: Map<string, { low: number; high: number; count: number; last: number }>
}

/** The gradient plot as a pure drawing with its words. */
export const gradientNormPlot: PlotKind<GradientNormPlotData, GradientMemory> = {
  name: 'Gradient norms',
  createMemory: () => ({
    yAxis: createAxisMemory(),
    colours: createAxisMemory(),
    signal: { yAxis: createAxisMemory(), colours: createAxisMemory() },
    maps: new Map(),
    seen: new Map(),
  }),
  draw: drawGradients,
  headline: gradientHeadline,
  caption: gradientCaption,
  summary: gradientSummary,
  table: gradientTable,
}

/** Puts a gradient plot into a host. */
export function createGradientNormPlot(host: HTMLElement): MountedPlot<GradientNormPlotData> {
  return mountPlot(gradientNormPlot, host)
}

/** Never more decades than this on the axis: beyond, the lowest layers leave through the bottom. */
const MOST_DECADES = 60

function drawGradients(given: GradientNormPlotData, box: PlotBox, kept: GradientMemory): Drawing {
  const forward = given.quantity === 'forward'
  const data = forward ? { ...given, arms: given.arms.map(signalArm) } : given
  const memory = forward ? { ...kept, ...kept.signal } : kept
  if (forward && given.arms.some(({ current }) => current !== null) && data.arms.every(({ current }) => current === null)) {
    const words = { head: 'Not measured while the run goes on', body: 'Pause the run: then every preactivation is read back.' }
    return { canvas: [], svg: emptyMarks(words, box), cursor: () => [], probe: () => null, stops: { x: [], y: 0 }, rescaled: [] }
  }
  const main = box.variant === 'main' && box.width > 520 && data.arms.some((arm) => arm.samples.length > 0)
  const left = main ? { ...box, width: Math.round(box.width * (data.view === 'statistics' ? 0.6 : 0.46)) } : box
  const range = exponentRange(data, memory.yAxis)
  const ticks = exponentScale(range, [1, 0]).ticks(6)
  const names = data.arms.length > 1 ? data.arms.map(({ arm }) => arm) : []
  const panel = panelOf(left, marginsFor(left, ticks, endLabelMargin(names, left)))
  const place = profilePanel(data, panel, range)
  const profile = profileMarks(data, place, left)
  const statistics = main && data.view === 'statistics'
  const maps = main && !statistics ? mapPanels(data, box, left.width, memory) : []
  const column = statistics
    ? statisticsColumn(data, { ...panel, x: left.width + 40 * box.text, width: box.width - left.width - 52 * box.text }, box)
    : []
  const stops = Float64Array.from({ length: place.layerCount }, (_, layer) => place.xScale.at(layer + 1))
  return {
    canvas: [...profile.canvas, ...maps.flatMap((map) => map.canvas)],
    svg: [...profile.svg, ...maps.flatMap((map) => map.svg), ...column],
    cursor: (step) => maps.flatMap((map) => cursorMarks(step, map.xScale, map.panel, box)),
    probe: (x, y) => profileProbe(data, place, box, x, y) ?? mapProbe(data, maps, place, box, x, y),
    stops: { x: stops, y: panel.y + panel.height / 2 },
    rescaled: memory.yAxis.rescaled ? [yLabelStrip(panel)] : [],
  }
}

function exponentRange(data: GradientNormPlotData, axis: AxisMemory): readonly [number, number] {
  let low = Infinity
  let high = -Infinity
  const take = (value: number) => {
    if (!Number.isFinite(value)) return
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  for (const { current } of data.arms) {
    if (current === null) continue
    const quantiles = sampleQuantiles(current, data.quantity)
    // The median too: where some seeds are exactly zero the lowest quantile is no number, and the line must still lie inside.
    for (let layer = 0; layer < current.layerCount; layer++)
      for (const q of [LOWEST, MEDIAN, HIGHEST]) take(quantiles[layer * QUANTILE_COUNT + q])
    if (data.view === 'statistics') for (const mean of sampleMeans(current, data.quantity).mean) take(mean)
  }
  for (const curve of data.theory) for (let i = 0; i < curve.x.length; i++) take(theoryLog10(curve, i))
  if (low > high) return axis.domain ?? [-3, 0]
  return settleDomain(axis, Math.max(low, high - MOST_DECADES), high, { grid: 1, headroom: 1 })
}

interface MapPanel {
  readonly index: number
  readonly panel: Box
  readonly xScale: PositionScale
  readonly layerCount: number
  readonly canvas: readonly Mark[]
  readonly svg: readonly Mark[]
}

function mapPanels(data: GradientNormPlotData, box: PlotBox, from: number, memory: GradientMemory): readonly MapPanel[] {
  const arms = data.arms.filter((arm) => arm.samples.length > 0)
  const range = colourRange(data, memory)
  const size = TICK_SIZE * box.text
  const area = panelOf(box, { left: from + 34 * box.text, right: 48 * box.text, top: Math.ceil(size * 1.9), bottom: Math.ceil(size * 3) })
  const gap = arms.length > 1 ? Math.ceil(size * 2) : 0
  const height = (area.height - gap * (arms.length - 1)) / arms.length
  const bar = { x: area.x + area.width + 10, y: area.y, width: 8 * box.line, height: area.height }
  const barTicks = exponentScale(range, [0, 1]).ticks(tickCount(area.height, 34, box.text))
  const legend = colourBarMarks(bar, barTicks, (value) => (value - range[0]) / (range[1] - range[0]), '', box)
  return arms.map((arm, index) => {
    const panel = { ...area, y: area.y + index * (height + gap), height }
    const xScale = timeScale(data.totalSteps, panel)
    const map = memory.maps.get(arm.arm) ?? createLayerTimeMap()
    memory.maps.set(arm.arm, map)
    const image = layerTimeImage(map, arm.samples, data.quantity, xScale, panel, range)
    const layerCount = arm.samples.at(-1)!.layerCount
    const yScale = linearScale([0.5, layerCount + 0.5], [panel.y + panel.height, panel.y])
    const yTicks = ordinalTicks(layerCount, tickCount(panel.height, 40, box.text))
    const xTicks = xScale.ticks(tickCount(panel.width, 80, box.text))
    const frame = frameMarks({ panel, xScale, yScale, xTicks, yTicks, xName: 'step', yName: '', showX: index === arms.length - 1 }, box)
    const title: Mark = {
      type: 'text',
      x: panel.x,
      y: panel.y - size * 0.6,
      label: arms.length > 1 ? `${arm.arm} ${arm.label}, layer` : 'layer',
      size: END_LABEL_SIZE * box.text,
      fill: arms.length > 1 ? armColour(box.theme, arm.arm) : box.theme.muted,
      anchor: 'start',
      bold: arms.length > 1,
    }
    const ground: Mark = { type: 'rect', box: panel, fill: box.theme.soft }
    const canvas: readonly Mark[] = [ground, ...(image === null ? [] : [image]), ...(index === 0 ? legend.canvas : [])]
    return {
      index: data.arms.indexOf(arm),
      panel,
      xScale,
      layerCount,
      canvas,
      svg: [...frame.words, title, ...(index === 0 ? legend.svg : [])],
    }
  })
}

/** Colours follow the medians of the whole history, looked at once per sample. */
function colourRange(data: GradientNormPlotData, memory: GradientMemory): readonly [number, number] {
  let low = Infinity
  let high = -Infinity
  for (const { arm, samples } of data.arms) {
    const key = `${arm} ${data.quantity}`
    let seen = memory.seen.get(key)
    // A thinned or restarted history is looked at afresh.
    if (seen === undefined || seen.count > samples.length || (seen.count > 0 && samples[seen.count - 1].step !== seen.last))
      seen = { low: Infinity, high: -Infinity, count: 0, last: NaN }
    for (const sample of samples.slice(seen.count)) {
      const quantiles = sampleQuantiles(sample, data.quantity)
      for (let layer = 0; layer < sample.layerCount; layer++) {
        const value = quantiles[layer * QUANTILE_COUNT + MEDIAN]
        if (!Number.isFinite(value)) continue
        seen.low = Math.min(seen.low, value)
        seen.high = Math.max(seen.high, value)
      }
      seen.last = sample.step
    }
    seen.count = samples.length
    memory.seen.set(key, seen)
    low = Math.min(low, seen.low)
    high = Math.max(high, seen.high)
  }
  if (low > high) return [-3, 0]
  return settleDomain(memory.colours, Math.max(low, high - MOST_DECADES), high, { grid: 1, headroom: 1 })
}

function mapProbe(
  data: GradientNormPlotData,
  maps: readonly MapPanel[],
  place: ProfilePanel,
  box: PlotBox,
  x: number,
  y: number,
): Readout | null {
  const map = maps.find(({ panel }) => x >= panel.x && x <= panel.x + panel.width && y >= panel.y && y <= panel.y + panel.height)
  if (map === undefined) return null
  const { panel, xScale, layerCount } = map
  const { samples } = data.arms[map.index]
  const sample = sampleBefore(samples, xScale.invert(x))
  if (sample === null || x > xScale.at(samples.at(-1)!.step) + 4) return null
  const layer = Math.min(layerCount - 1, Math.floor(((panel.y + panel.height - y) / panel.height) * layerCount))
  const value = sampleQuantiles(sample, data.quantity)[layer * QUANTILE_COUNT + MEDIAN]
  const row = panel.height / layerCount
  const frame: Mark = {
    type: 'rect',
    box: { x: panel.x, y: panel.y + panel.height - (layer + 1) * row, width: panel.width, height: row },
    fill: 'none',
    stroke: box.theme.background,
    opacity: 0.7,
  }
  const name = sample.seedCount > 1 ? 'median' : 'value'
  return {
    x,
    y,
    step: sample.step,
    layer,
    title: joinLabels(`step ${plainNumber(sample.step)}, layer ${layer + 1}`),
    lines: [{ name, value: measuredFromLog10(value) }],
    marks: [frame, layerLine(layer, place, box)],
  }
}
