// Loss and accuracy of both arms, and earlier runs.
import { createLossPlot, lossPlot } from '../../plots/lossPlot.ts'
import { chartsOf } from '../theory/chartsOf.ts'
import { lossPlotData } from './lossData.ts'
import { definePanel } from './panel.ts'

export const lossPanel = definePanel({
  kind: lossPlot,
  create: createLossPlot,
  data: lossPlotData,
  versions: ({ columns, ghosts }) => [
    columns.A.loss?.version,
    columns.B.loss?.version,
    columns.A.evaluation.version,
    columns.B.evaluation.version,
    ghosts,
  ],
  charts: (state) => chartsOf('loss', state),
})
