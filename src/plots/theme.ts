// Which colours does a plot use? Tokens handed in as plain strings, so that an export looks like the page it came from.
//
// Colour never stands alone: arm A is solid, arm B dashed, ghosts dotted, theory long-dashed, and every line has a name
// at its end. The two sets here are those of the page; contrast on `background` is at least 4.5 for text.
import type { ArmName } from '../core/experiment.ts'

export interface PlotTheme {
  readonly name: 'light' | 'dark'
  /** Of the card under the plot; halos and hollow dots use it. */
  readonly background: string
  readonly ink: string
  readonly muted: string
  readonly hair: string
  readonly soft: string
  readonly armA: string
  readonly armB: string
  /** Of words about arm B; `readableWords` puts it in. */
  readonly wordB: string
  readonly theory: string
  /** The reader's own prediction. */
  readonly prediction: string
}

export const LIGHT_THEME: PlotTheme = {
  name: 'light',
  background: '#ffffff',
  ink: '#14181f',
  muted: '#59616e',
  hair: '#e1e5ea',
  soft: '#eef1f4',
  armA: '#0072b2',
  armB: '#d55e00',
  wordB: '#b54a00',
  theory: '#14181f',
  prediction: '#b0508a',
}

export const DARK_THEME: PlotTheme = {
  name: 'dark',
  background: '#151b23',
  ink: '#e8edf3',
  muted: '#9aa6b6',
  hair: '#28313c',
  soft: '#1d252f',
  armA: '#56b4e9',
  armB: '#e69f00',
  wordB: '#e69f00',
  theory: '#e8edf3',
  prediction: '#cc79a7',
}

/** The colour of one arm. */
export function armColour(theme: PlotTheme, arm: ArmName): string {
  return arm === 'A' ? theme.armA : theme.armB
}

/** A solid, B dashed; multiplied by the line scale so that dashes stay dashes on a projector. */
export function armDash(arm: ArmName, lineScale: number): readonly number[] {
  return arm === 'A' ? [] : [7 * lineScale, 4 * lineScale]
}

export const GHOST_DASH: readonly number[] = [1.5, 3.5]
export const THEORY_DASH: readonly number[] = [12, 5]
export const PREDICTION_DASH: readonly number[] = [5, 4]
