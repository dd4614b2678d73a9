// Drift of the tangent kernel, its eigenvalues and its map.
import { createKernelPlot, kernelPlot } from '../../plots/kernelPlot.ts'
import { armSamples, historyVersions } from './armSamples.ts'
import { definePanel } from './panel.ts'

export const kernelPanel = definePanel({
  kind: kernelPlot,
  create: createKernelPlot,
  data: (state) => ({ arms: armSamples(state, 'kernel'), theory: [], classes: null, totalSteps: state.experiment.steps }),
  versions: (state) => historyVersions(state, 'kernel'),
})
