// Which measurement stands beside which closed form over depth, width, batch size or input?
//
// A rate without a level of its own is drawn through the measurement: then only its slope is a prediction, and its name says so.
import type { ArmName } from '../../core/experiment.ts'
import { armExperiment, armsOf } from '../../core/resolve.ts'
import type { TheoryCurve } from '../../core/theoryCurve.ts'
import { NOT_YET } from '../../plots/emptyState.ts'
import { newestWith } from '../../plots/hessianData.ts'
import type { ChartPoint, PredictionChart } from '../../plots/predictionData.ts'
import { diagonalMedian, normPoint, offDiagonalMedian } from '../../plots/sizePoints.ts'
import { isOfArmB, relabelled } from '../../store/armCurves.ts'
import type { LabState } from '../../store/labState.ts'
import type { PanelName } from '../../store/viewOptions.ts'
import { batchCharts } from './batchCharts.ts'
import { escapePoints } from './escapePoints.ts'
import { CHARTED, hasCharts, hasSeedCharts, OVER_SEEDS, PREDICTIONS } from './hasCharts.ts'
import { kernelCharts } from './kernelCharts.ts'
import { oneOfTwo } from './oneOfTwo.ts'
import { signalCharts } from './signalCharts.ts'
import { lostSeeds } from '../../plots/gradientStatistics.ts'
import { sampleAt } from '../../store/sampleHistory.ts'
import { armSamples } from '../stage/armSamples.ts'

/** The charts of a panel where their view is chosen; null: the panel's own picture. */
export function chartsOf(panel: PanelName, state: LabState): readonly PredictionChart[] | null {
  if (panel === 'gradientNorms' && state.panelViews[panel] === OVER_SEEDS) return hasSeedCharts(state) ? signalCharts(state) : null
  if (state.panelViews[panel] !== PREDICTIONS || !hasCharts(panel, state)) return null
  const curves = oneOfTwo(
    state.theory.filter(({ id }) => CHARTED[panel].test(id)),
    state.experiment,
  )
  const charts = CHARTS[panel](state, curves)
  return charts.length === 0 ? null : charts
}

type ChartsOfPanel = (state: LabState, curves: readonly TheoryCurve[]) => readonly PredictionChart[]

const CHARTS: Readonly<Record<PanelName, ChartsOfPanel>> = {
  loss: (state, curves) => [
    {
      ...byDepth('steps to leave the plateau', curves),
      points: armsOf(state.experiment).flatMap((arm) => escapePoints(state, arm)),
      missing: { head: 'Still on the plateau', body: 'The dot appears when the loss has left it.' },
    },
  ],
  gradientNorms: gradientCharts,
  cosines: batchCharts,
  hessian: hessianCharts,
  kernel: kernelCharts,
}

function gradientCharts(state: LabState, curves: readonly TheoryCurve[]): readonly PredictionChart[] {
  const { columns, cursor, experiment } = state
  const arms = armsOf(experiment).flatMap((arm) => {
    const sample = sampleAt(columns[arm].gradientNorms, cursor)
    return sample === null ? [] : [{ arm, sample, depth: armExperiment(experiment, arm).model.depth }]
  })
  const norms = arms.map(({ arm, sample, depth }) => normPoint(arm, sample, depth))
  const sizes = curves.filter(({ id }) => /gradient/i.test(id)).map((curve) => anchored(curve, norms))
  const dead = curves.filter(({ id }) => id.endsWith('relu.deadByDepth'))
  const shares = arms.map(({ arm, sample, depth }): ChartPoint => ({ arm, x: depth, y: lostSeeds(sample).dead / sample.seedCount }))
  return [
    ...(sizes.length === 0 ? [] : [{ ...byDepth('gradient of a layer', sizes), points: norms }]),
    ...(dead.length === 0 ? [] : [{ ...byDepth('share of dead networks', dead), y: 'linear' as const, points: shares }]),
  ]
}

function hessianCharts(state: LabState, curves: readonly TheoryCurve[]): readonly PredictionChart[] {
  const { experiment } = state
  const arms = armSamples(state, 'hessian').flatMap((arm) => {
    const sample = newestWith({ ...arm, stability: null }, 'blockFrobenius')
    return sample === null || sample.blockFrobenius === null
      ? []
      : [{ arm: arm.arm, sample, depth: armExperiment(experiment, arm.arm).model.depth }]
  })
  const charts = [
    { name: 'curvature between layers', isOff: true, value: offDiagonalMedian },
    { name: 'curvature within a layer', isOff: false, value: diagonalMedian },
  ]
  return charts.flatMap(({ name, isOff, value }) => {
    const own = curves.filter(({ id }) => id.includes('OffDiagonal') === isOff)
    if (own.length === 0) return []
    const points = arms.map(({ arm, sample, depth }): ChartPoint => ({ arm, x: depth, y: value(sample) }))
    const missing = { head: 'Layer blocks are not measured yet', body: 'Pause the run: then they are, up to 1500 parameters.' }
    const through = own.map((curve) => anchored(curve, points))
    return [{ ...byDepth(name, through), points, missing }]
  })
}

/** A rate that starts at 0 is moved through the measurement of its arm. */
function anchored(curve: TheoryCurve, points: readonly ChartPoint[]): TheoryCurve {
  if (!/from 0\)/.test(curve.label)) return curve
  const arm: ArmName = isOfArmB(curve) ? 'B' : 'A'
  const point = points.find((candidate) => candidate.arm === arm)
  const at = point === undefined ? -1 : curve.x.indexOf(point.x)
  if (point === undefined || at < 0 || !(point.y > 0)) return { ...curve, x: new Float64Array(0), y: new Float64Array(0) }
  const shift = Math.log10(point.y) - curve.y[at]
  return { ...curve, label: curve.label.replace(', from 0)', ')'), y: curve.y.map((value) => value + shift) }
}

function byDepth(name: string, curves: readonly TheoryCurve[]): Omit<PredictionChart, 'points'> {
  return { name, xName: 'depth', x: 'log', y: 'log', curves: curves.map(shortNamed), missing: NOT_YET }
}

/** In a chart of its own a curve needs few words; `(log10)` says how it is stored and stays. */
const SHORT: readonly (readonly [RegExp, string])[] = [
  [/gradientMedianByDepth$/, 'median (log10)'],
  [/LowerQuartileByDepth$/, 'quarter of the seeds below (log10)'],
  [/UpperQuartileByDepth$/, 'three quarters below (log10)'],
  [/gradientSlope$|hessian(?:OffDiagonal|Diagonal)Slope$/, 'typical rate (log10)'],
  [/Rms$/, 'root mean square (log10)'],
  [/Rate$/, 'slope through the dot (log10)'],
  [/deadByDepth$/, 'dead for one input, at most'],
]

function shortNamed(curve: TheoryCurve): TheoryCurve {
  const found = SHORT.find(([id]) => id.test(curve.id))
  return found === undefined ? curve : relabelled(curve, found[1])
}
