// How does the network itself look? One bar per layer, input to the left; height and brightness are its gradient norm, log.
//
// The strip has no axis on purpose: it is the picture of the network in the controls, and its neighbours carry the numbers.
import type { ArmName } from '../core/experiment.ts'
import { armColour } from './theme.ts'
import { createAxisMemory, settleDomain, type AxisMemory } from './axisMemory.ts'
import { mountPlot } from './mountPlot.ts'
import { measuredFromLog10 } from './numberText.ts'
import type { DataTable, Drawing, MountedPlot, PlotBox, PlotKind, Readout } from './plotKind.ts'
import { plainText, type Box, type Mark } from './scene.ts'

export interface StripArm {
  readonly arm: ArmName
  readonly label: string
  /** [layerCount] median over seeds of log10 of the norm; -Infinity where exactly zero, NaN where unknown. */
  readonly log10: Float64Array
}

export interface NetworkStripData {
  readonly arms: readonly StripArm[]
}

export interface StripMemory {
  readonly range: AxisMemory
}

/** The strip as a pure drawing with its words. */
export const networkStrip: PlotKind<NetworkStripData, StripMemory> = {
  name: 'Network',
  createMemory: () => ({ range: createAxisMemory() }),
  draw: drawStrip,
  headline: () => '',
  caption: () => 'gradient by layer, log scale',
  summary: stripSummary,
  table: stripTable,
}

/** Puts a network strip into a host. */
export function createNetworkStrip(host: HTMLElement): MountedPlot<NetworkStripData> {
  return mountPlot(networkStrip, host)
}

const LEAST_HEIGHT = 0.22

function drawStrip(data: NetworkStripData, box: PlotBox, memory: StripMemory): Drawing {
  const range = stripRange(data, memory)
  const gap = data.arms.length > 1 ? 4 : 0
  const height = (box.height - gap * (data.arms.length - 1)) / Math.max(1, data.arms.length)
  const rows = data.arms.map((_, index): Box => ({ x: 0, y: index * (height + gap), width: box.width, height }))
  const canvas = data.arms.flatMap((arm, index) => barMarks(arm, rows[index], range, box))
  const layers = Math.max(0, ...data.arms.map(({ log10 }) => log10.length))
  const probe = (x: number, y: number): Readout | null => {
    if (layers === 0 || x < 0 || x > box.width) return null
    const row = Math.max(
      0,
      rows.findIndex((place) => y <= place.y + place.height + gap / 2),
    )
    const { log10 } = data.arms[row]
    const layer = Math.min(log10.length - 1, Math.floor((x / box.width) * log10.length))
    const lines = data.arms
      .filter((arm) => layer < arm.log10.length)
      .map((arm) => ({ name: arm.arm, value: measuredFromLog10(arm.log10[layer]), stroke: armColour(box.theme, arm.arm) }))
    return { x: ((layer + 0.5) / log10.length) * box.width, y, layer, title: `layer ${layer + 1}`, lines, marks: [] }
  }
  const hovered: readonly Mark[] =
    box.hoverLayer === null || box.hoverLayer >= layers
      ? []
      : [
          {
            type: 'rect',
            box: { x: (box.hoverLayer / layers) * box.width, y: 0.5, width: box.width / layers, height: box.height - 1 },
            fill: 'none',
            stroke: box.theme.ink,
            radius: 2,
          },
        ]
  const stops = Float64Array.from({ length: layers }, (_, layer) => ((layer + 0.5) / layers) * box.width)
  return { canvas, svg: hovered, cursor: () => [], probe, stops: { x: stops, y: box.height / 2 }, rescaled: [] }
}

function stripRange(data: NetworkStripData, memory: StripMemory): readonly [number, number] {
  let low = Infinity
  let high = -Infinity
  for (const { log10 } of data.arms) {
    for (const value of log10) {
      if (!Number.isFinite(value)) continue
      low = Math.min(low, value)
      high = Math.max(high, value)
    }
  }
  if (low > high) return [-3, 0]
  // At least three decades, so that equal layers look equal and not like noise.
  return settleDomain(memory.range, Math.min(low, high - 3), high, { grid: 1, headroom: 1 })
}

/** One bar per layer, or per pixel pair where layers are narrower: then the mean of those that share it. */
function barMarks({ arm, log10 }: StripArm, row: Box, [low, high]: readonly [number, number], box: PlotBox): readonly Mark[] {
  if (log10.length === 0) return []
  const bars = Math.min(log10.length, Math.max(1, Math.floor(row.width / 2)))
  const pitch = row.width / bars
  const gap = Math.min(3, pitch * 0.25)
  const fill = armColour(box.theme, arm)
  return Array.from({ length: bars }, (_, bar): Mark => {
    const from = Math.floor((bar * log10.length) / bars)
    const to = Math.max(from + 1, Math.floor(((bar + 1) * log10.length) / bars))
    const share = meanShare(log10, from, to, low, high)
    const height = row.height * (LEAST_HEIGHT + (1 - LEAST_HEIGHT) * share)
    const place = { x: bar * pitch + gap / 2, y: row.y + row.height - height, width: pitch - gap, height }
    return { type: 'rect', box: place, fill, opacity: 0.22 + 0.78 * share, radius: 2 }
  })
}

function meanShare(log10: Float64Array, from: number, to: number, low: number, high: number): number {
  let sum = 0
  for (let layer = from; layer < to; layer++) {
    const value = log10[layer]
    sum += Number.isFinite(value) ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0
  }
  return sum / (to - from)
}

function stripSummary(data: NetworkStripData): string {
  const parts = data.arms.flatMap(({ arm, log10 }) =>
    log10.length === 0
      ? []
      : [`${arm}: ${log10.length} layers, gradient norm ${say(log10[0])} in the first and ${say(log10[log10.length - 1])} in the last`],
  )
  return parts.length === 0 ? 'No gradient has been measured yet.' : `${parts.join('; ')}.`
}

function stripTable(data: NetworkStripData): DataTable {
  const layers = Math.max(0, ...data.arms.map(({ log10 }) => log10.length))
  const rows = Array.from({ length: layers }, (_, layer) => [
    layer + 1,
    ...data.arms.map(({ log10 }) => (layer < log10.length && Number.isFinite(log10[layer]) ? log10[layer] : null)),
  ])
  return { columns: ['layer', ...data.arms.map(({ arm }) => `${arm} log10 norm`)], rows }
}

function say(log10: number): string {
  return plainText(measuredFromLog10(log10))
}
