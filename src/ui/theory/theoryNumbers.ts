// What should one number be, and what is it here? Closed forms that are a value rather than a curve, beside their measurement.
import type { ArmName, Experiment } from '../../core/experiment.ts'
import { armExperiment, armsOf } from '../../core/resolve.ts'
import type { TheoryCurve } from '../../core/theoryCurve.ts'
import { entryVariance, equivalentTau, hasUnitWeights } from '../../core/weightVariance.ts'
import type { LabState } from '../../store/labState.ts'
import { sampleAt } from '../../store/sampleHistory.ts'
import type { PanelName } from '../../store/viewOptions.ts'
import { shortNumber } from '../numberText.ts'
import { escapePoints } from './escapePoints.ts'

/** One row; the words are those of the page. */
export interface TheoryNumber {
  readonly text: string
  readonly predicted: string
  /** What it is compared with: 'measured', or the setting of this run. */
  readonly measured: string
}

interface Row {
  readonly panel: PanelName
  /** Id of the curve without its arm. */
  readonly id: string
  readonly text: string
  /** Views of the panel in which it belongs; absent: all. */
  readonly views?: readonly string[]
  /** Where on the curve. */
  readonly at: (settings: Experiment, state: LabState, arm: ArmName) => number
  readonly measured: (settings: Experiment, state: LabState, arm: ArmName) => number | undefined
}

const ROWS: readonly Row[] = [
  {
    panel: 'gradientNorms',
    id: 'chain.stableScale',
    text: 'τ that keeps the median',
    at: () => 1,
    measured: ({ init, model }) => equivalentTau(init, model, 1, 1),
  },
  {
    panel: 'gradientNorms',
    id: 'mlp.stableScale',
    text: 'σ² that keeps the median',
    at: ({ model }) => model.width,
    measured: ({ init, model }) =>
      hasUnitWeights(model) ? 1 / model.width : entryVariance(init, { fanIn: model.width, fanOut: model.width }),
  },
  {
    panel: 'gradientNorms',
    id: 'mlp.widthForTail',
    text: 'width for E|h|⁴ ≤ 2 (E|h|²)²',
    at: ({ model }) => model.depth,
    measured: ({ model }) => model.width,
  },
  {
    panel: 'cosines',
    id: 'cosine.deviation',
    text: 'sd of unrelated cosines',
    views: ['', 'cosines'],
    at: stepOf,
    measured: (_, { columns, cursor }, arm) => sampleAt(columns[arm].cosines, cursor)?.pairs.standardDeviation ?? undefined,
  },
  {
    panel: 'kernel',
    id: 'kernel.nearestSolution',
    text: 'way to a solution, at least',
    views: ['ball'],
    at: stepOf,
    measured: (_, { columns, cursor }, arm) => sampleAt(columns[arm].kernel, cursor)?.weightDistance,
  },
  {
    panel: 'kernel',
    id: 'kernel.driftBound',
    text: 'drift of the kernel, at most',
    views: ['', 'kernel'],
    at: stepOf,
    measured: (_, { columns, cursor }, arm) => sampleAt(columns[arm].kernel, cursor)?.drift,
  },
  {
    panel: 'loss',
    id: 'chain.escapeByDepth',
    text: 'steps on the plateau, at least',
    at: ({ model }) => model.depth,
    measured: (_, state, arm) => escapePoints(state, arm)[0]?.y,
  },
  {
    panel: 'loss',
    id: 'chain.rmspropEscapeByDepth',
    text: 'steps of RMSprop, at most',
    at: ({ model }) => model.depth,
    measured: (_, state, arm) => escapePoints(state, arm)[0]?.y,
  },
]

/** The rows of a panel for both arms; of two that say the same, one. */
export function theoryNumbers(panel: PanelName, state: LabState): readonly TheoryNumber[] {
  const { experiment, theory } = state
  const arms = armsOf(experiment)
  return rowsOf(panel, state).flatMap((row) => {
    const rows = arms.flatMap((arm) => {
      const settings = armExperiment(experiment, arm)
      const curve = curveOf(theory, row.id, arm, experiment)
      const predicted = curve === undefined ? undefined : valueAt(curve, row.at(settings, state, arm))
      if (predicted === undefined) return []
      const measured = row.measured(settings, state, arm)
      return [
        { text: `${arm}: ${row.text}`, predicted: shortNumber(predicted), measured: measured === undefined ? '–' : shortNumber(measured) },
      ]
    })
    const [first, second] = rows
    if (first === undefined) return []
    const isSame = second !== undefined && first.predicted === second.predicted && first.measured === second.measured
    return arms.length === 1 || isSame ? [{ ...first, text: row.text }] : rows
  })
}

/** The curves that these numbers are read from. */
export function numberCurves(panel: PanelName, state: LabState): readonly TheoryCurve[] {
  const ids = new Set(rowsOf(panel, state).map(({ id }) => id))
  return state.theory.filter(({ id }) => ids.has(id.replace(/^B\./, '')))
}

function rowsOf(panel: PanelName, { panelViews }: LabState): readonly Row[] {
  return ROWS.filter((row) => row.panel === panel && (row.views?.includes(panelViews[panel] ?? '') ?? true))
}

/** Arm B's own curve, or that of arm A where the same form speaks of both: equal curves are kept once. */
function curveOf(theory: readonly TheoryCurve[], id: string, arm: ArmName, experiment: Experiment): TheoryCurve | undefined {
  const named = (name: string) => theory.find((curve) => curve.id === name)
  if (arm === 'A') return named(id)
  return named(`B.${id}`) ?? (sameForms(experiment, id.includes('scape')) ? named(id) : undefined)
}

/** The two arms differ in sizes at most, or in the optimizer where that does not matter. */
function sameForms(experiment: Experiment, trains: boolean): boolean {
  const of = (arm: ArmName) => {
    const { model, init, loss, optimizer, data } = armExperiment(experiment, arm)
    const { kind, activation, outputActivation, parameterization, outputWeights, norm, skipSpan } = model
    return [
      kind,
      activation,
      outputActivation,
      parameterization,
      outputWeights,
      norm,
      skipSpan,
      init.scheme,
      loss.kind,
      trains ? optimizer.kind : '',
      data.kind,
    ]
  }
  const [a, b] = [of('A'), of('B')]
  return a.every((value, index) => value === b[index])
}

/** At a place of the curve, for steps the last one before it. */
function valueAt({ x, y, axis, label }: TheoryCurve, at: number): number | undefined {
  const index = axis === 'step' ? x.findLastIndex((step) => step <= at) : x.indexOf(at)
  if (index < 0) return undefined
  return /log\s*10/iu.test(label) ? 10 ** y[index] : y[index]
}

function stepOf(_: Experiment, { cursor, run }: LabState): number {
  return cursor ?? run.step
}
