// How does the network itself look? One bar per layer, input to the left; height and brightness are its gradient norm, log.
// Convolutions look like sheets, pools like funnels, norms are lines under the layers and skips arcs over them.
//
// The strip has no axis on purpose: it is the picture of the network in the controls, and its neighbours carry the numbers.
import type { ArmName } from '../core/experiment.ts'
import { isWeighted, type LayerSpec } from '../core/networkSpec.ts'
import { armColour } from './theme.ts'
import { createAxisMemory, settleDomain, type AxisMemory } from './axisMemory.ts'
import { mountPlot } from './mountPlot.ts'
import { measuredFromLog10 } from './numberText.ts'
import type { DataTable, Drawing, MountedPlot, PlotBox, PlotKind, Readout } from './plotKind.ts'
import { layerWords, networkWords } from './networkWords.ts'
import { plainText, type Mark } from './scene.ts'
import { stripRowMarks } from './stripMarks.ts'
import { plainPlan, slotAt, stripPlan, type StripPlan } from './stripPlan.ts'

export interface StripArm {
  readonly arm: ArmName
  readonly label: string
  /** [layerCount] median over seeds of log10 of the norm; -Infinity where exactly zero, NaN where unknown. */
  readonly log10: Float64Array
  /** The layers themselves; without them every layer is a plain bar. */
  readonly layers?: readonly LayerSpec[]
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

function drawStrip(data: NetworkStripData, box: PlotBox, memory: StripMemory): Drawing {
  const range = stripRange(data, memory)
  const gap = data.arms.length > 1 ? 4 * box.line : 0
  const height = (box.height - gap * (data.arms.length - 1)) / Math.max(1, data.arms.length)
  const rows = data.arms.map((arm, index) => ({
    arm,
    plan: planOf(arm),
    place: { x: 0, y: index * (height + gap), width: box.width, height },
  }))
  const canvas = rows.flatMap(({ arm, plan, place }) => stripRowMarks(plan, arm.log10, arm.arm, place, range, box))
  const probe = (x: number, y: number): Readout | null => {
    if (rows.length === 0 || x < 0 || x > box.width) return null
    const row = rows.find(({ place }) => y <= place.y + place.height + gap / 2) ?? rows[rows.length - 1]
    if (row.plan.slots.length === 0) return null
    const layer = slotAt(row.plan, x / box.width)
    const lines = data.arms
      .filter((arm) => layer < arm.log10.length)
      .map((arm) => ({ name: arm.arm, value: measuredFromLog10(arm.log10[layer]), stroke: armColour(box.theme, arm.arm) }))
    const spec = row.arm.layers?.filter(isWeighted)[layer]
    const words = spec === undefined ? '' : `: ${layerWords(spec)}`
    return { x: middleOf(row.plan, layer) * box.width, y, layer, title: `layer ${layer + 1}${words}`, lines, marks: [] }
  }
  const deepest = rows.reduce((found, { plan }) => (plan.slots.length > found.slots.length ? plan : found), plainPlan(0))
  const hovered = box.hoverLayer === null ? undefined : deepest.slots[box.hoverLayer]
  const frame: readonly Mark[] =
    hovered === undefined
      ? []
      : [
          {
            type: 'rect',
            box: { x: hovered.from * box.width, y: 0.5, width: (hovered.to - hovered.from) * box.width, height: box.height - 1 },
            fill: 'none',
            stroke: box.theme.ink,
            radius: 2,
          },
        ]
  const stops = Float64Array.from(deepest.slots, (_, layer) => middleOf(deepest, layer) * box.width)
  return { canvas, svg: frame, cursor: () => [], probe, stops: { x: stops, y: box.height / 2 }, rescaled: [] }
}

/** The plan of the layers where they are known and as many as were measured; equal bars else. */
function planOf({ layers, log10 }: StripArm): StripPlan {
  if (layers === undefined) return plainPlan(log10.length)
  const plan = plans.get(layers) ?? stripPlan(layers)
  plans.set(layers, plan)
  return log10.length === 0 || log10.length === plan.slots.length ? plan : plainPlan(log10.length)
}

const plans = new WeakMap<readonly LayerSpec[], StripPlan>()

function middleOf({ slots }: StripPlan, layer: number): number {
  return (slots[layer].from + slots[layer].to) / 2
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

function stripSummary(data: NetworkStripData): string {
  const parts = data.arms.flatMap(({ arm, log10, layers }) =>
    log10.length === 0
      ? []
      : [
          `${arm}: ${log10.length} layers${layers === undefined ? '' : ` (${networkWords(layers)})`}, gradient norm ${say(log10[0])} in the first and ${say(log10[log10.length - 1])} in the last`,
        ],
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
