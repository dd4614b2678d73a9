// What does the gradient plot say in words and numbers?
import { median } from '../numerics/quantiles.ts'
import { sampleQuantiles, type GradientNormPlotData } from './gradientData.ts'
import { measuredFromLog10, plainNumber } from './numberText.ts'
import type { DataTable } from './plotKind.ts'
import { inlineText, plainText } from './scene.ts'
import { HIGHEST, LOWEST, MEDIAN, QUANTILE_COUNT } from './seedQuantiles.ts'

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
  const what = data.quantity === 'norm' ? 'norm by layer' : 'mean entry by layer'
  return seeds > 1 ? `${what}, median of ${seeds} seeds, log scale` : `${what}, log scale`
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
    const exact = zeros > 0 ? `, exactly zero in ${zeros} of ${current.layerCount} layers` : ''
    return [
      `${arm}, ${label}, at step ${plainNumber(current.step)}: ${say(first)} in the first layer, ${say(last)} in layer ${current.layerCount}${exact}`,
    ]
  })
  if (parts.length === 0) return 'No gradient has been measured yet.'
  return `${data.quantity === 'norm' ? 'Norm' : 'Mean absolute entry'} of the gradient by layer. ${parts.join('; ')}.`
}

/** One row per layer: quantiles over seeds of each arm as log10. */
export function gradientTable(data: GradientNormPlotData): DataTable {
  const drawn = data.arms.filter((arm) => arm.current !== null)
  const columns = ['layer', ...drawn.flatMap(({ arm }) => [`${arm} log10 median`, `${arm} log10 5 %`, `${arm} log10 95 %`])]
  const layers = Math.max(0, ...drawn.map(({ current }) => current!.layerCount))
  const rows = Array.from({ length: layers }, (_, layer) => [
    layer + 1,
    ...drawn.flatMap(({ current }) => {
      const quantiles = sampleQuantiles(current!, data.quantity)
      return [MEDIAN, LOWEST, HIGHEST].map((q) => (layer < current!.layerCount ? cell(quantiles[layer * QUANTILE_COUNT + q]) : null))
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
