// Which plots are there? The list from which the stage, the full view, the table and the exports choose.
import type { LabState } from '../../store/labState.ts'
import type { PanelName } from '../../store/viewOptions.ts'
import { hasCharts, hasSeedCharts, OVER_SEEDS, PREDICTIONS } from '../theory/hasCharts.ts'
import type { PanelCode } from './panel.ts'

export interface Panel {
  readonly name: PanelName
  /** On a large card. */
  readonly title: string
  /** On a small card, where the readout needs the room. */
  readonly shortTitle: string
  readonly load: () => Promise<PanelCode>
  /** Views of the large card, the usual one first; absent: one view. */
  readonly views?: readonly PanelView[]
  /** Views of the Hessian that need every entry, with the most parameters for which they are measured. */
  readonly wholeLimits?: Readonly<Record<string, number>>
}

export interface PanelView {
  readonly value: string
  readonly label: string
  /** Absent: always. */
  readonly isThere?: (state: LabState) => boolean
}

/** As `BLOCK_LIMIT` and `ENTRY_LIMIT` of the plot, whose code is not loaded for this. */
const WHOLE_LIMITS = { layers: 1500, entries: 512, [PREDICTIONS]: 1500 } as const

export const STAGE_PANELS: readonly Panel[] = [
  {
    name: 'loss',
    title: 'Loss',
    shortTitle: 'Loss',
    load: async () => (await import('./lossPanel.ts')).lossPanel,
    views: [
      { value: 'median', label: 'Median' },
      { value: 'mean', label: 'Mean', isThere: ({ experiment }) => experiment.seeds > 1 },
      { value: PREDICTIONS, label: 'By depth', isThere: (state) => hasCharts('loss', state) },
    ],
  },
  {
    name: 'gradientNorms',
    title: 'Gradient norms',
    shortTitle: 'Gradients',
    load: async () => (await import('./gradientNormPanel.ts')).gradientNormPanel,
    views: [
      { value: 'time', label: 'Over time' },
      { value: 'statistics', label: 'Mean and slope' },
      { value: 'signal', label: 'Signal' },
      { value: PREDICTIONS, label: 'By depth', isThere: (state) => hasCharts('gradientNorms', state) },
      { value: OVER_SEEDS, label: 'Seeds', isThere: hasSeedCharts },
    ],
  },
  {
    name: 'cosines',
    title: 'Gradient cosines',
    shortTitle: 'Cosines',
    load: async () => (await import('./cosinePanel.ts')).cosinePanel,
    views: [
      { value: 'cosines', label: 'Cosines' },
      { value: PREDICTIONS, label: 'Batches', isThere: (state) => hasCharts('cosines', state) },
    ],
  },
  {
    name: 'hessian',
    title: 'Hessian',
    shortTitle: 'Hessian',
    load: async () => (await import('./hessianPanel.ts')).hessianPanel,
    views: [
      { value: 'spectrum', label: 'Spectrum' },
      { value: 'ends', label: 'Over time' },
      { value: 'preconditioned', label: 'Rescaled' },
      { value: 'layers', label: 'Layers' },
      { value: 'entries', label: 'Entries' },
      { value: PREDICTIONS, label: 'By depth', isThere: (state) => hasCharts('hessian', state) },
    ],
    wholeLimits: WHOLE_LIMITS,
  },
  {
    name: 'kernel',
    title: 'Kernel drift',
    shortTitle: 'Kernel',
    load: async () => (await import('./kernelPanel.ts')).kernelPanel,
    views: [
      { value: 'kernel', label: 'Kernel' },
      { value: 'ball', label: 'Distance and tangent' },
      { value: PREDICTIONS, label: 'Exact and by width', isThere: (state) => hasCharts('kernel', state) },
    ],
  },
]

/** The panel of that name. @throws Error when the list and the names have come apart. */
export function panelOf(name: PanelName): Panel {
  const panel = STAGE_PANELS.find((candidate) => candidate.name === name)
  if (panel === undefined)
    throw new Error(`panelOf: no panel ${name}, expected one of ${STAGE_PANELS.map((known) => known.name).join(', ')}`)
  return panel
}
