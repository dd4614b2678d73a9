// Spectrum of the Hessian at the cursor, its ends over time, as the optimizer feels it, and where in the matrix it lies.
import { HESSIAN_VIEWS, type HessianView } from '../../plots/hessianData.ts'
import { createHessianPlot, hessianPlot } from '../../plots/hessianPlot.ts'
import type { LabState } from '../../store/labState.ts'
import { stabilityLimit } from '../../store/stabilityLimit.ts'
import { chartsOf } from '../theory/chartsOf.ts'
import { armSamples, historyVersions } from './armSamples.ts'
import { definePanel } from './panel.ts'

export const hessianPanel = definePanel({
  kind: hessianPlot,
  create: createHessianPlot,
  data: (state) => ({
    arms: armSamples(state, 'hessian').map((samples) => {
      const limit = stabilityLimit(state.experiment, samples.arm, state.cursor ?? state.run.step)
      // A rescaling optimizer has no limit on the plain spectrum; one that does not rescale feels the plain one.
      return { ...samples, stability: limit.spectrum === 'plain' ? limit : null, feltStability: limit }
    }),
    theory: [],
    totalSteps: state.experiment.steps,
    view: viewOf(state),
  }),
  versions: (state) => historyVersions(state, 'hessian'),
  charts: (state) => chartsOf('hessian', state),
})

function viewOf({ panelViews }: LabState): HessianView {
  return HESSIAN_VIEWS.find((view) => view === panelViews.hessian) ?? 'spectrum'
}
