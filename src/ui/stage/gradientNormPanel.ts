// Gradient norms by layer, now and over time.
import { createGradientNormPlot, gradientNormPlot } from '../../plots/gradientNormPlot.ts'
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
  }),
  versions: (state) => historyVersions(state, 'gradientNorms'),
})
