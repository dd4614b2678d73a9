// How does a plot show charts of predictions in place of its own picture? Wrapped once for all: drawing, words and table follow.
import { measuredNumber } from './numberText.ts'
import type { DataTable, PlotKind } from './plotKind.ts'
import { drawPredictions } from './predictionCharts.ts'
import { predictedAt, type PredictionChart } from './predictionData.ts'
import { plainText } from './scene.ts'
import { applies, theoryLabel } from './theoryMarks.ts'

/** A plot that can show charts in place of its own picture; its words and table follow. */
export interface Charted<Data> {
  readonly own: Data
  /** null: the picture of its own. */
  readonly charts: readonly PredictionChart[] | null
}

/** The same plot with charts beside its own picture; the small variant is always its own. */
export function withPredictions<Data, Memory>(kind: PlotKind<Data, Memory>): PlotKind<Charted<Data>, Memory> {
  return {
    name: kind.name,
    createMemory: () => kind.createMemory(),
    draw: ({ own, charts }, box, memory) =>
      charts !== null && box.variant === 'main' ? drawPredictions(charts, box) : kind.draw(own, box, memory),
    headline: ({ own }) => kind.headline(own),
    caption: ({ own, charts }) => (charts === null ? kind.caption(own) : 'dots measured, long dashes predicted'),
    summary: ({ own, charts }) => (charts === null ? kind.summary(own) : predictionSummary(charts)),
    table: ({ own, charts }) => (charts === null ? kind.table(own) : predictionTable(charts)),
  }
}

/** One row per point and per prediction at its place. */
function predictionTable(charts: readonly PredictionChart[]): DataTable {
  const columns = ['quantity', 'arm', 'over', 'at', 'measured', 'from', 'to', 'prediction', 'predicted']
  const rows = charts.flatMap((chart) =>
    chart.points.flatMap(({ arm, x, y, low, high }) => {
      const own = [chart.name, arm, chart.xName, x, y, low ?? null, high ?? null] as const
      const curves = chart.curves.map((curve) => [...own, theoryLabel(curve), predictedAt(curve, x)])
      return curves.length === 0 ? [[...own, null, null]] : curves
    }),
  )
  return { columns, rows }
}

/** A sentence per chart: the newest measurement beside each prediction that applies. */
function predictionSummary(charts: readonly PredictionChart[]): string {
  return charts
    .flatMap(({ name, xName, points, curves, missing }) => {
      const last = points.at(-1)
      if (last === undefined) return [`${name}: ${missing.head}.`]
      const said = curves.flatMap((curve) => {
        const value = predictedAt(curve, last.x)
        return value === null || !applies(curve) ? [] : [`${theoryLabel(curve)} ${plainText(measuredNumber(value, 2))}`]
      })
      const beside = said.length === 0 ? '' : `; ${said.join(', ')}`
      return [`${name} at ${xName} ${plainText(measuredNumber(last.x, 3))}: ${plainText(measuredNumber(last.y, 2))}${beside}.`]
    })
    .join(' ')
}
