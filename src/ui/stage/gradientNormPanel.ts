// Gradient norms by layer, now and over time, or with what all seeds together say of them.
import type { ArmName } from '../../core/experiment.ts'
import { armExperiment, armsOf } from '../../core/resolve.ts'
import type { TheoryCurve } from '../../core/theoryCurve.ts'
import { createGradientNormPlot, gradientNormPlot } from '../../plots/gradientNormPlot.ts'
import type { LabState } from '../../store/labState.ts'
import { chartsOf } from '../theory/chartsOf.ts'
import { curvesOf, signalCurvesOf } from '../theory/panelCurves.ts'
import { armSamples, historyVersions } from './armSamples.ts'
import { definePanel } from './panel.ts'

export const gradientNormPanel = definePanel({
  kind: gradientNormPlot,
  create: createGradientNormPlot,
  data: (state) => ({
    arms: armSamples(state, 'gradientNorms'),
    theory: state.panelViews.gradientNorms === 'signal' ? signalCurvesOf(state.theory) : curvesOf('gradientNorms', state.theory),
    quantity: state.panelViews.gradientNorms === 'signal' ? ('forward' as const) : ('norm' as const),
    totalSteps: state.experiment.steps,
    view: state.panelViews.gradientNorms === 'statistics' ? ('statistics' as const) : ('time' as const),
    rates: ratesOf(state),
    deadShare: deadShareOf(state),
  }),
  versions: (state) => historyVersions(state, 'gradientNorms'),
  charts: (state) => chartsOf('gradientNorms', state),
})

/** The predicted rate of each arm; arm B has its own only where it differs. */
function ratesOf({ theory }: LabState): Readonly<Partial<Record<ArmName, TheoryCurve>>> {
  const named = (id: string) => theory.find((curve) => curve.id === id)
  const a = named('chain.gradientSlope')
  const b = named('B.chain.gradientSlope') ?? a
  return { ...(a === undefined ? {} : { A: a }), ...(b === undefined ? {} : { B: b }) }
}

/** Predicted share of networks that are dead for one input, at each arm's own depth. */
function deadShareOf({ theory, experiment }: LabState): Readonly<Partial<Record<ArmName, number>>> {
  const shares: Partial<Record<ArmName, number>> = {}
  for (const arm of armsOf(experiment)) {
    const curve =
      (arm === 'B' ? theory.find(({ id }) => id === 'B.relu.deadByDepth') : undefined) ?? theory.find(({ id }) => id === 'relu.deadByDepth')
    const at = curve?.x.indexOf(armExperiment(experiment, arm).model.depth) ?? -1
    if (curve !== undefined && at >= 0) shares[arm] = curve.y[at]
  }
  return shares
}
