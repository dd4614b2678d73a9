// What turns the state into one plot? A way to make the data, the plot that draws them, and what a change of the state means.
//
// The code of each panel is a chunk of its own: the page stands before the fifth plot has arrived.
import { mountPlot } from '../../plots/mountPlot.ts'
import type { DataTable, MountedPlot, PlotKind, PlotOptions } from '../../plots/plotKind.ts'
import type { PredictionChart } from '../../plots/predictionData.ts'
import { withPredictions } from '../../plots/predictionView.ts'
import type { LabState } from '../../store/labState.ts'

/** One plot with its adapter; the type of its data stays inside. */
export interface PanelCode {
  readonly mount: (host: HTMLElement) => MountedPanel
  readonly words: (state: LabState) => PanelWords
  readonly table: (state: LabState) => DataTable
  /** Everything that the picture depends on; equal lists mean that nothing need be drawn. */
  readonly dependencies: (state: LabState) => readonly unknown[]
}

export interface PanelWords {
  readonly headline: string
  readonly caption: string
  readonly summary: string
}

export interface MountedPanel {
  readonly update: (state: LabState, options: PlotOptions) => void
  readonly destroy: () => void
  readonly toSvg: () => string
}

interface PanelSpec<Data, Memory> {
  readonly kind: PlotKind<Data, Memory>
  readonly create: (host: HTMLElement) => MountedPlot<Data>
  readonly data: (state: LabState) => Data
  /** What changes when this panel's columns do. */
  readonly versions: (state: LabState) => readonly unknown[]
  /** Closed forms over other axes, where their view is chosen and there are any; null: the picture of its own. */
  readonly charts?: (state: LabState) => readonly PredictionChart[] | null
}

/** A panel whose data type nobody outside needs to know. */
export function definePanel<Data, Memory>({ charts, ...spec }: PanelSpec<Data, Memory>): PanelCode {
  if (charts === undefined) return panelCode(spec)
  const kind = withPredictions(spec.kind)
  return panelCode({
    kind,
    create: (host) => mountPlot(kind, host),
    data: (state) => ({ own: spec.data(state), charts: charts(state) }),
    versions: spec.versions,
  })
}

function panelCode<Data, Memory>({ kind, create, data, versions }: Omit<PanelSpec<Data, Memory>, 'charts'>): PanelCode {
  return {
    mount: (host) => {
      const plot = create(host)
      return {
        update: (state, options) => plot.update(data(state), options),
        destroy: () => plot.destroy(),
        toSvg: () => plot.toSvg(),
      }
    },
    words: (state) => {
      const now = data(state)
      return {
        headline: kind.headline(now),
        caption: kind.caption(now),
        // Costs more than the rest, and only tables ask.
        get summary() {
          return kind.summary(now)
        },
      }
    },
    table: (state) => kind.table(data(state)),
    dependencies: (state) => [
      state.columns,
      state.experiment,
      // Hypotheses of a curve change with every measurement, its points hardly ever.
      ...state.theory.map(({ y }) => y),
      state.theme,
      state.cursor,
      state.hoverLayer,
      state.hoverStep,
      state.panelViews,
      ...versions(state),
    ],
  }
}
