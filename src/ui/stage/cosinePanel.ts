// Density of the cosines between mini-batch gradients.
import { cosinePlot, createCosinePlot } from '../../plots/cosinePlot.ts'
import { chartsOf } from '../theory/chartsOf.ts'
import { curvesOf } from '../theory/panelCurves.ts'
import { armSamples, historyVersions } from './armSamples.ts'
import { definePanel } from './panel.ts'

export const cosinePanel = definePanel({
  kind: cosinePlot,
  create: createCosinePlot,
  data: (state) => ({ arms: armSamples(state, 'cosines'), theory: curvesOf('cosines', state.theory) }),
  versions: (state) => historyVersions(state, 'cosines'),
  charts: (state) => chartsOf('cosines', state),
})
