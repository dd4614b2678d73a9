// What stands in the hash of a shared page? The difference from a frozen preset, readable; packed only when it gets long.
import type { ArmDifference, Experiment, OptimizerChange, OptimizerSettings } from '../core/experiment.ts'
import { armExperiment } from '../core/resolve.ts'
import { LINK_KEYS, OPTIMIZER_KEYS, valueAt, valueText, VERSUS_KEYS } from './linkKeys.ts'
import { packed } from './longLink.ts'
import { LINK_VERSION } from './migrations.ts'
import { DEFAULT_PRESET, type PresetLookup } from './presets.ts'

/** Readable links beyond this many characters are packed where that is shorter. */
export const READABLE_LIMIT = 600
/** Mail programs and chats cut longer addresses. */
export const LINK_LIMIT = 2000

export interface EncodedLink {
  /** Begins with #. */
  readonly hash: string
  /** False where the state is longer than LINK_LIMIT even when packed: share the file instead. */
  readonly fits: boolean
}

/**
 * The hash of an experiment as a difference from a preset (the default preset when null or unknown).
 *
 * `decodeLink` gives exactly this experiment back.
 */
export function encodeLink(experiment: Experiment, presetId: string | null, findPreset: PresetLookup): EncodedLink {
  const readable = readableLink(experiment, presetId, findPreset)
  if (readable.length <= READABLE_LIMIT) return { hash: `#${readable}`, fits: true }
  const short = `z=${packed(readable)}`
  const hash = `#${short.length < readable.length ? short : readable}`
  return { hash, fits: hash.length <= LINK_LIMIT }
}

/** The readable form, without #. */
export function readableLink(experiment: Experiment, presetId: string | null, findPreset: PresetLookup): string {
  const preset = (presetId === null ? null : findPreset(presetId)) ?? findPreset(DEFAULT_PRESET)
  const base = preset?.experiment
  const parts = [`v=${LINK_VERSION}`]
  if (preset !== null) parts.push(`p=${preset.id}`)
  for (const { key, path, kind } of LINK_KEYS) {
    const value = valueAt(experiment, path)
    if (base === undefined || !Object.is(value, valueAt(base, path))) parts.push(`${key}=${valueText(kind, value)}`)
  }
  const versus = versusText(experiment.versus)
  if (base === undefined || versus !== versusText(base.versus)) parts.push(`vs=${versus}`)
  const changes = changesText(experiment)
  if (base === undefined || JSON.stringify(experiment.changes) !== JSON.stringify(base.changes)) parts.push(`ch=${changes}`)
  return parts.join('&')
}

/** `opt:rmsprop,lr:0.002`, or `none`. */
function versusText(versus: ArmDifference | null): string {
  if (versus === null) return 'none'
  return VERSUS_KEYS.flatMap(({ key, path, kind }) => {
    const value = valueAt(versus, path)
    return value === undefined ? [] : [`${key}:${valueText(kind, value)}`]
  }).join(',')
}

/** `120A,opt:adam,lr:0.001;300B,lr:0.1`: each as a difference from the optimizer that the arm starts with; or `none`. */
function changesText(experiment: Experiment): string {
  const start: Readonly<Record<OptimizerChange['arm'], OptimizerSettings>> = {
    A: armExperiment(experiment, 'A').optimizer,
    B: armExperiment(experiment, 'B').optimizer,
  }
  const text = experiment.changes.map(({ step, arm, optimizer }) => {
    const different = OPTIMIZER_KEYS.flatMap(({ key, path, kind }) => {
      const value = valueAt({ optimizer }, path)
      return Object.is(value, valueAt({ optimizer: start[arm] }, path)) ? [] : [`${key}:${valueText(kind, value)}`]
    })
    return [`${step}${arm}`, ...different].join(',')
  })
  return text.length === 0 ? 'none' : text.join(';')
}
