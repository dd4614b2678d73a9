// Drift of the tangent kernel, its eigenvalues and its map; or how far weights and outputs have gone from the start.
import { createKernelPlot, kernelPlot } from '../../plots/kernelPlot.ts'
import { chartsOf } from '../theory/chartsOf.ts'
import { curvesOf } from '../theory/panelCurves.ts'
import { armSamples, historyVersions } from './armSamples.ts'
import { definePanel } from './panel.ts'

export const kernelPanel = definePanel({
  kind: kernelPlot,
  create: createKernelPlot,
  data: (state) => ({
    arms: armSamples(state, 'kernel'),
    theory: curvesOf('kernel', state.theory),
    classes: null,
    totalSteps: state.experiment.steps,
    view: state.panelViews.kernel === 'ball' ? ('ball' as const) : ('kernel' as const),
    loss: state.experiment.loss,
  }),
  versions: (state) => historyVersions(state, 'kernel'),
  charts: (state) => chartsOf('kernel', state),
})
