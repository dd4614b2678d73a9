// How does a host want the page to be shown? Everything that stands in the query, nothing that stands in the hash.
//
// The query belongs to whoever embeds the page, the hash to whoever uses it; neither ever writes the other.
import type { InstrumentName } from '../core/sample.ts'

export const THEME_CHOICES = ['system', 'light', 'dark'] as const
export type ThemeChoice = (typeof THEME_CHOICES)[number]

export const CONTROL_NAMES = [
  'model',
  'family',
  'depth',
  'width',
  'norm',
  'activation',
  'tau',
  'scheme',
  'optimizer',
  'lr',
  'batch',
  'data',
  'seeds',
] as const
export type ControlName = (typeof CONTROL_NAMES)[number]

/** The five instruments that have a plot of their own; accuracy is drawn in the loss plot. */
export const PANELS = ['loss', 'gradientNorms', 'cosines', 'hessian', 'kernel'] as const satisfies readonly InstrumentName[]
export type PanelName = (typeof PANELS)[number]

export interface ViewOptions {
  readonly embed: boolean
  readonly present: boolean
  readonly theme: ThemeChoice
  /** Starts by itself once it is visible. */
  readonly autorun: boolean
  /** Controls of an embed, null for the usual two. */
  readonly controls: readonly ControlName[] | null
  /** Panels of an embed, the first one large; null for the lesson's own. */
  readonly panels: readonly PanelName[] | null
}

/** Reads the query of an address; unknown keys and values count as not given. */
export function parseViewOptions(query: string): ViewOptions {
  const given = new URLSearchParams(query)
  const theme = THEME_CHOICES.find((choice) => choice === given.get('theme')) ?? 'system'
  return {
    embed: isOn(given.get('embed')),
    present: isOn(given.get('present')),
    theme,
    autorun: isOn(given.get('autorun')),
    controls: namesOf(given.get('controls'), CONTROL_NAMES),
    panels: namesOf(given.get('panels'), PANELS),
  }
}

/** True for an instrument that has a plot of its own. */
export function isPanel(name: InstrumentName): name is PanelName {
  return PANELS.some((panel) => panel === name)
}

function isOn(value: string | null): boolean {
  return value !== null && value !== '0' && value !== 'false'
}

function namesOf<Name extends string>(value: string | null, known: readonly Name[]): readonly Name[] | null {
  if (value === null) return null
  const names = value.split(',').flatMap((part) => known.filter((name) => name === part.trim()))
  return names.length === 0 ? null : [...new Set(names)]
}
