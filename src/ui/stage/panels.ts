// Which plots are there? The list from which the stage, the full view, the table and the exports choose.
import { createLossPlot, lossPlot } from '../../plots/lossPlot.ts'
import type { PanelName } from '../../store/viewOptions.ts'
import { lossPlotData } from './lossData.ts'
import { definePanel, type Panel } from './panel.ts'

export const STAGE_PANELS: readonly Panel[] = [
  definePanel({
    name: 'loss',
    title: 'Loss',
    kind: lossPlot,
    create: createLossPlot,
    data: lossPlotData,
    versions: ({ columns, ghosts }) => [columns.A.loss?.version, columns.B.loss?.version, columns.A.evaluation.version, columns.B.evaluation.version, ghosts],
  }),
]

/** The panel of that name. @throws Error when the list and the names have come apart. */
export function panelOf(name: PanelName): Panel {
  const panel = STAGE_PANELS.find((candidate) => candidate.name === name)
  if (panel === undefined) throw new Error(`panelOf: no panel ${name}, expected one of ${STAGE_PANELS.map((known) => known.name).join(', ')}`)
  return panel
}
