// What does the gradient plot say in words and numbers?
import { median } from '../numerics/quantiles.ts'
import { lostSeeds, sampleMeans, slopeOverLayers } from './gradientStatistics.ts'
import { sampleQuantiles, type GradientNormPlotData } from './gradientData.ts'
import { measuredFromLog10, plainNumber } from './numberText.ts'
import type { DataTable } from './plotKind.ts'
import { inlineText, plainText } from './scene.ts'
import { HIGHEST, LOWEST, MEDIAN, QUANTILE_COUNT } from './seedQuantiles.ts'

const WHAT = {
  norm: { caption: 'norm by layer', sentence: 'Norm of the gradient' },
  meanAbs: { caption: 'mean entry by layer', sentence: 'Mean absolute entry of the gradient' },
  forward: { caption: 'preactivations by layer', sentence: 'Root mean square of the preactivations, relative to layer 1,' },
} as const

/** Norm over all layers, median over seeds, of each arm. */
export function gradientHeadline(data: GradientNormPlotData): string {
  const drawn = data.arms.filter((arm) => arm.current !== null)
  return drawn
    .map(
      ({ arm, current }) => `${drawn.length > 1 ? `${arm} ` : '|g| '}${inlineText(measuredFromLog10(medianOf(current!.globalLog10), 1))}`,
    )
    .join(' · ')
}

/** Which seeds and which quantity. */
export function gradientCaption(data: GradientNormPlotData): string {
  const seeds = Math.max(0, ...data.arms.map(({ current }) => current?.seedCount ?? 0))
  const what = `${WHAT[data.quantity].caption}${ofBatch(data, ', ')}`
  const dead = data.arms.reduce((sum, { current }) => sum + (current === null ? 0 : lostSeeds(current).dead), 0)
  const lost = dead > 0 ? `, ${dead} dead` : ''
  if (seeds > 1 && data.view === 'statistics') return `mean of ${seeds} seeds bold, median dotted${lost}`
  return seeds > 1 ? `${what}, median of ${seeds} seeds${lost}` : `${what}${lost}`
}

/** One sentence with the first and last layer of each arm and the slope between them. */
export function gradientSummary(data: GradientNormPlotData): string {
  const parts = data.arms.flatMap(({ arm, label, current }) => {
    if (current === null) return []
    const quantiles = sampleQuantiles(current, data.quantity)
    const first = quantiles[MEDIAN]
    const last = quantiles[(current.layerCount - 1) * QUANTILE_COUNT + MEDIAN]
    const zeros = Array.from({ length: current.layerCount }, (_, layer) => quantiles[layer * QUANTILE_COUNT + MEDIAN]).filter(
      (value) => value === -Infinity,
    ).length
    const { dead } = lostSeeds(current)
    const deadWords = dead > 0 ? `, ${dead} of ${current.seedCount} seeds dead` : ''
    const { mean, lower, upper } = slopeOverLayers(current, data.quantity, data.theory).measured
    const slope = Number.isFinite(mean) && current.layerCount > 1 ? `, ${mean.toFixed(3)} decades per layer` : ''
    const sure = slope !== '' && Number.isFinite(lower) ? ` (95 % interval ${lower.toFixed(3)} to ${upper.toFixed(3)})` : ''
    const exact = zeros > 0 ? `, exactly zero in ${zeros} of ${current.layerCount} layers` : ''
    return [
      `${arm}, ${label}, at step ${plainNumber(current.step)}: ${say(first)} in the first layer, ${say(last)} in layer ${current.layerCount}${exact}${slope}${sure}${deadWords}`,
    ]
  })
  if (parts.length === 0) return 'No gradient has been measured yet.'
  return `${WHAT[data.quantity].sentence}${ofBatch(data, " of the step's ")} by layer. ${parts.join('; ')}.`
}

/** Whose gradient, where it is not the probe set's; batches of two arms may differ in size. */
function ofBatch({ arms, quantity }: GradientNormPlotData, lead: string): string {
  if (quantity === 'forward') return ''
  const rows = [...new Set(arms.flatMap(({ current }) => current?.batchRows ?? []))]
  return rows.length === 0 ? '' : `${lead}batch of ${rows.join(' or ')}`
}

/** One row per layer: quantiles over seeds of each arm as log10. */
export function gradientTable(data: GradientNormPlotData): DataTable {
  const drawn = data.arms.filter((arm) => arm.current !== null)
  const columns = [
    'layer',
    ...drawn.flatMap(({ arm }) => [
      `${arm} log10 median`,
      `${arm} log10 5 %`,
      `${arm} log10 95 %`,
      `${arm} log10 mean`,
      `${arm} log10 mean, lower`,
      `${arm} log10 mean, upper`,
    ]),
  ]
  const layers = Math.max(0, ...drawn.map(({ current }) => current!.layerCount))
  const rows = Array.from({ length: layers }, (_, layer) => [
    layer + 1,
    ...drawn.flatMap(({ current }) => {
      const quantiles = sampleQuantiles(current!, data.quantity)
      if (layer >= current!.layerCount) return [null, null, null, null, null, null]
      const { mean, lower, upper } = sampleMeans(current!, data.quantity)
      return [...[MEDIAN, LOWEST, HIGHEST].map((q) => quantiles[layer * QUANTILE_COUNT + q]), mean[layer], lower[layer], upper[layer]].map(
        cell,
      )
    }),
  ])
  return { columns, rows }
}

function cell(value: number): number | string | null {
  if (Number.isNaN(value)) return null
  return value === -Infinity ? 'zero' : value
}

function say(log10: number): string {
  return plainText(measuredFromLog10(log10))
}

function medianOf(values: Float64Array): number {
  return median(values.filter((value) => !Number.isNaN(value)))
}
