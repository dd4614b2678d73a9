// How do the columns of the store become the data of the loss plot? References where the shapes agree, small caches where not.
import { armsOf } from '../../core/resolve.ts'
import type { EvaluationSample } from '../../core/sample.ts'
import type { EvaluationColumns, LossArm, LossGhost, LossPlotData } from '../../plots/lossData.ts'
import type { LabState } from '../../store/labState.ts'
import type { SampleHistory } from '../../store/sampleHistory.ts'
import { curvesOf } from '../theory/panelCurves.ts'
import { armLabels, optimizerLabel } from './armLabels.ts'

/** Everything that the loss plot draws at this moment. */
export function lossPlotData(state: LabState): LossPlotData {
  const { experiment, columns, ghosts, theory } = state
  const labels = armLabels(state)
  const names = armsOf(experiment)
  return {
    arms: names.map((arm): LossArm => {
      const loss = columns[arm].loss
      return loss === null
        ? { arm, label: labels[arm], steps: EMPTY, values: EMPTY, count: 0, seedCount: experiment.seeds }
        : { arm, label: labels[arm], steps: loss.steps, values: loss.values, count: loss.count, seedCount: loss.seedCount }
    }),
    // The batch of a single point is the whole set: its evaluation would only repeat the line.
    evaluations: (experiment.data.kind === 'point' ? [] : names).flatMap((arm) => {
      const found = evaluationColumns(arm, columns[arm].evaluation)
      return found === null ? [] : [found]
    }),
    ghosts: ghosts.flatMap((ghost) =>
      armsOf(ghost.experiment).flatMap((arm): LossGhost[] => {
        const line = ghost.losses[arm]
        return line === null ? [] : [{ label: ghost.label, arm, ...line }]
      }),
    ),
    theory: curvesOf('loss', theory),
    changes: experiment.changes.map(({ step, arm, optimizer }) => ({ step, arm, label: optimizerLabel(optimizer) })),
    levels: [],
    prediction: null,
    totalSteps: experiment.steps,
    yScale: 'log',
    statistic: state.panelViews.loss === 'mean' ? 'mean' : 'median',
  }
}

const EMPTY = new Float64Array(0)
const evaluationCache = new WeakMap<SampleHistory<EvaluationSample>, { readonly version: number; readonly columns: EvaluationColumns }>()

function evaluationColumns(arm: 'A' | 'B', history: SampleHistory<EvaluationSample>): EvaluationColumns | null {
  const { samples, version } = history
  if (samples.length === 0) return null
  const cached = evaluationCache.get(history)
  if (cached?.version === version) return cached.columns
  const column = (read: (sample: EvaluationSample) => number | null) =>
    samples.some((sample) => read(sample) === null) ? null : Float64Array.from(samples, (sample) => read(sample) as number)
  const columns: EvaluationColumns = {
    arm,
    steps: Float64Array.from(samples, (sample) => sample.step),
    trainLoss: Float64Array.from(samples, (sample) => sample.trainLoss),
    testLoss: column((sample) => sample.testLoss),
    trainAccuracy: column((sample) => sample.trainAccuracy),
    testAccuracy: column((sample) => sample.testAccuracy),
  }
  evaluationCache.set(history, { version, columns })
  return columns
}
