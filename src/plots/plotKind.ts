// What must a plot bring? A pure drawing, a sentence and a table. Everything else (canvas, pointer, keys, export) is shared.
import type { Step } from '../core/units.ts'
import type { Box, Label, Mark } from './scene.ts'
import type { PlotTheme } from './theme.ts'

export type PlotVariant = 'main' | 'small'

/** How and where to draw, and whom to tell; everything that is not data. */
export interface PlotOptions {
  readonly theme: PlotTheme
  readonly variant: PlotVariant
  /** 1 on a desk, about 1.6 on a projector. */
  readonly textScale?: number
  readonly lineScale?: number
  /** Size in CSS pixels; without it the host is measured and watched. */
  readonly size?: { readonly width: number; readonly height: number }
  /** The one step that all plots mark; null: none. */
  readonly cursorStep?: Step | null
  /** Where the pointer is in another plot. */
  readonly hoverStep?: Step | null
  readonly hoverLayer?: number | null
  readonly reducedMotion?: boolean
  /** Axes keep their range while this stays the same; another run starts afresh. */
  readonly runKey?: string | number
  onHoverStep?(step: Step | null): void
  onSelectStep?(step: Step): void
  onHoverLayer?(layer: number | null): void
}

/** Options with every gap filled, as a drawing sees them. */
export interface PlotBox {
  readonly width: number
  readonly height: number
  readonly theme: PlotTheme
  readonly variant: PlotVariant
  readonly text: number
  readonly line: number
  readonly hoverLayer: number | null
}

/** What the pointer is on. */
export interface Readout {
  /** Where the box points, in CSS pixels. */
  readonly x: number
  readonly y: number
  readonly step?: Step
  readonly layer?: number
  readonly title: Label
  readonly lines: readonly ReadoutLine[]
  /** Drawn while the pointer stays: dots on lines, a frame around a cell. */
  readonly marks: readonly Mark[]
}

export interface ReadoutLine {
  readonly name: string
  readonly value: Label
  /** Line sample before the name; absent: none. */
  readonly stroke?: string
  readonly dash?: readonly number[]
}

export interface Drawing {
  /** Below: grid, areas, lines, dots, heat maps. */
  readonly canvas: readonly Mark[]
  /** Above: axes, words, markers. */
  readonly svg: readonly Mark[]
  /** A vertical line for the step, empty where the plot has no time axis. */
  cursor(step: Step): readonly Mark[]
  probe(x: number, y: number): Readout | null
  /** [n] ascending x of the places that the arrow keys visit, and the y at which to probe them. */
  readonly stops: { readonly x: ArrayLike<number>; readonly y: number }
  /** Where an axis has changed its range in this very drawing; a cue is shown there. */
  readonly rescaled: readonly Box[]
}

/** The data behind a plot, for the data view; numbers as they are, null where nothing was measured. */
export interface DataTable {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number | null)[])[]
}

/** `Memory` makes redrawing cheap and axes calm; a fresh one gives the same picture but for the axis ranges. */
export interface PlotKind<Data, Memory> {
  readonly name: string
  createMemory(): Memory
  draw(data: Data, box: PlotBox, memory: Memory): Drawing
  /** The one number for the head of the card, empty where there is none. */
  headline(data: Data): string
  /** What is drawn, in a few words, for the head of the card. */
  caption(data: Data): string
  /** One sentence for people who do not see it. */
  summary(data: Data): string
  table(data: Data): DataTable
}

/** What `createLossPlot` and its sisters give. */
export interface MountedPlot<Data> {
  /** Draws at once; the caller's frame clock decides how often. */
  update(data: Data, options: PlotOptions): void
  destroy(): void
  /** The whole plot as a standalone vector picture of the present size. */
  toSvg(): string
}
