// What turns the state into one plot? A way to make the data, the plot that draws them, and what a change of the state means.
import type { InstrumentName } from '../../core/sample.ts'
import type { DataTable, MountedPlot, PlotKind } from '../../plots/plotKind.ts'
import type { LabState } from '../../store/labState.ts'
import type { PanelName } from '../../store/viewOptions.ts'

/** One plot with its adapter; the type of its data stays inside. */
export interface Panel {
  readonly name: PanelName
  readonly title: string
  /** The instrument whose silence empties this plot. */
  readonly instrument: InstrumentName
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
  readonly update: (state: LabState, options: Parameters<MountedPlot<never>['update']>[1]) => void
  readonly destroy: () => void
  readonly toSvg: () => string
}

interface PanelSpec<Data, Memory> {
  readonly name: PanelName
  readonly title: string
  readonly kind: PlotKind<Data, Memory>
  readonly create: (host: HTMLElement) => MountedPlot<Data>
  readonly data: (state: LabState) => Data
  readonly versions: (state: LabState) => readonly unknown[]
}

/** A panel whose data type nobody outside needs to know. */
export function definePanel<Data, Memory>(spec: PanelSpec<Data, Memory>): Panel {
  const { name, title, kind, create, data, versions } = spec
  return {
    name,
    title,
    instrument: name,
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
      return { headline: kind.headline(now), caption: kind.caption(now), summary: kind.summary(now) }
    },
    table: (state) => kind.table(data(state)),
    dependencies: (state) => [state.columns, state.experiment, state.theory, state.theme, state.cursor, state.hoverLayer, state.hoverStep, ...versions(state)],
  }
}
