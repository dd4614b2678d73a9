// Gradient norms by layer, now and over time, or with what all seeds together say of them.
import type { ArmName } from '../../core/experiment.ts'
import type { TheoryCurve } from '../../core/theoryCurve.ts'
import { createGradientNormPlot, gradientNormPlot } from '../../plots/gradientNormPlot.ts'
import type { LabState } from '../../store/labState.ts'
import { curvesOf } from '../theory/panelCurves.ts'
import { armSamples, historyVersions } from './armSamples.ts'
import { definePanel } from './panel.ts'

export const gradientNormPanel = definePanel({
  kind: gradientNormPlot,
  create: createGradientNormPlot,
  data: (state) => ({
    arms: armSamples(state, 'gradientNorms'),
    theory: curvesOf('gradientNorms', state.theory),
    quantity: 'norm' as const,
    totalSteps: state.experiment.steps,
    view: state.panelViews.gradientNorms === 'statistics' ? ('statistics' as const) : ('time' as const),
    rates: ratesOf(state),
  }),
  versions: (state) => historyVersions(state, 'gradientNorms'),
})

/** The predicted rate of each arm; arm B has its own only where it differs. */
function ratesOf({ theory }: LabState): Readonly<Partial<Record<ArmName, TheoryCurve>>> {
  const named = (id: string) => theory.find((curve) => curve.id === id)
  const a = named('chain.gradientSlope')
  const b = named('B.chain.gradientSlope') ?? a
  return { ...(a === undefined ? {} : { A: a }), ...(b === undefined ? {} : { B: b }) }
}
