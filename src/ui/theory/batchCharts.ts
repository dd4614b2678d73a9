// Up to which size does a larger batch pay, and what does width do to that? Sums of batches, n Delta over time, n Delta by width.
import type { ArmName } from '../../core/experiment.ts'
import { armExperiment, armsOf } from '../../core/resolve.ts'
import type { TheoryCurve } from '../../core/theoryCurve.ts'
import { NOT_YET } from '../../plots/emptyState.ts'
import type { ChartPoint, PredictionChart } from '../../plots/predictionData.ts'
import { armCurves, relabelled } from '../../store/armCurves.ts'
import { angleProducts, batchSumTheory } from '../../store/curvesOfSamples.ts'
import type { LabState } from '../../store/labState.ts'
import { sampleAt } from '../../store/sampleHistory.ts'

/** Ends of the bars, in standard errors. */
const BAR = 2

/** The charts of the cosine panel; `curves` are those of the run over step and width. */
export function batchCharts(state: LabState, curves: readonly TheoryCurve[]): readonly PredictionChart[] {
  const { columns, cursor, experiment } = state
  const arms = armsOf(experiment).map((arm) => ({ arm, history: columns[arm].cosines, now: sampleAt(columns[arm].cosines, cursor) }))
  const sums = arms.flatMap(({ arm, now }): readonly ChartPoint[] => {
    if (now?.batchSums === undefined) return []
    const { sizes, means, stderrs, meanSquare } = now.batchSums
    return Array.from(sizes, (size, k) => {
      const unit = size * meanSquare
      const bar = (BAR * stderrs[k]) / unit
      return { arm, x: size, y: means[k] / unit, ...(bar > 0 ? { low: means[k] / unit - bar, high: means[k] / unit + bar } : {}) }
    })
  })
  const bounds = arms.flatMap(({ arm, history }) =>
    history.samples.flatMap(({ step, batchSizeBound }): readonly ChartPoint[] =>
      batchSizeBound === null || (cursor !== null && step > cursor) ? [] : [{ arm, x: step, y: batchSizeBound }],
    ),
  )
  const byWidth = curves.filter(({ id }) => id.endsWith('ByWidth') || id.endsWith('byWidth'))
  const widths = arms.flatMap(({ arm, now }): readonly ChartPoint[] =>
    now === null || now.batchSizeBound === null ? [] : [{ arm, x: armExperiment(experiment, arm).model.width, y: now.batchSizeBound }],
  )
  const sumsOf = (wanted: ArmName) =>
    arms.flatMap(({ arm, now }) => (arm !== wanted || now === null ? [] : batchSumTheory(experiment, arm, now)))
  const charts: PredictionChart[] = [
    {
      name: '|Σ g|² of a batch / B M²',
      xName: 'batch size B',
      x: 'log',
      y: 'log',
      points: sums,
      curves: armCurves(sumsOf('A'), sumsOf('B')),
      missing: NOT_YET,
    },
    {
      name: 'batch bound n Δ',
      xName: 'step',
      x: 'linear',
      y: 'log',
      points: bounds,
      curves: curves.filter(({ id }) => id.endsWith('diversity.batchSizeBound')).map((curve) => relabelled(curve, 'expected at the start')),
      missing: NOT_YET,
    },
  ]
  const product = curves.filter(({ id }) => id.endsWith('orthogonalCosine'))
  if (product.length > 0) {
    const angles = arms.flatMap(({ arm, now }): readonly ChartPoint[] => {
      if (now?.pairAngles === undefined) return []
      const { gradients } = now.pairAngles
      return Array.from(angleProducts(now.pairAngles), (x, k) => ({ arm, x, y: gradients[k] })).filter(({ x, y }) => Number.isFinite(x + y))
    })
    const own = product.map((curve) => relabelled(curve, 'equal at every depth'))
    charts.push({
      name: 'cosine of two gradients',
      xName: 'cosine of errors × of inputs',
      x: 'linear',
      y: 'linear',
      points: angles,
      curves: own,
      missing: NOT_YET,
    })
  }
  return byWidth.length === 0
    ? charts
    : [...charts, { name: 'batch bound n Δ', xName: 'width', x: 'log', y: 'log', points: widths, curves: byWidth, missing: NOT_YET }]
}
