// How is a run kept as a file that can be opened again, by this page or by another program?
//
// Plain JSON with its provenance first. Only the experiment is needed to run it again, and it goes through the same
// validator as a link; the measured numbers are there to be compared with, never to be believed on sight.
import type { Experiment } from '../core/experiment.ts'
import { parseExperiment, type Notice } from '../core/parseExperiment.ts'
import type { Sample } from '../core/sample.ts'
import type { LossTable } from './tidyRows.ts'

export const RUN_FORMAT = 'plateau-run'
export const RUN_VERSION = 1
/** Larger files are not read. */
export const RUN_FILE_LIMIT_BYTES = 64_000_000

/** Where a file or picture comes from. */
export interface Provenance {
  readonly app: string
  /** ISO 8601. */
  readonly date: string
  /** The engine as the page names it, such as "WebGPU · fused". */
  readonly backend: string
  readonly adapter: string | null
  readonly link: string
}

export interface RunFile {
  readonly provenance: Provenance
  readonly experiment: Experiment
  readonly losses: readonly LossTable[]
  readonly samples: readonly Sample[]
}

/** The file as text; NaN and infinities as the words "nan", "inf", "-inf", typed arrays as lists. */
export function runFileText(file: RunFile): string {
  const { provenance, experiment, losses, samples } = file
  const cut = losses.map(({ arm, steps, values, count, seedCount }) => ({
    arm,
    seedCount,
    steps: steps.subarray(0, count),
    values: values.subarray(0, count * seedCount),
  }))
  const whole = { format: RUN_FORMAT, version: RUN_VERSION, ...provenance, seed: experiment.seed, experiment, losses: cut, samples }
  return `${JSON.stringify(whole, (_key, value: unknown) => jsonValue(value))}\n`
}

/** What an opened file gives; `experiment` is always valid. */
export interface OpenedRun {
  readonly experiment: Experiment
  readonly notices: readonly Notice[]
}

/**
 * The experiment of a run file, of a bare experiment, or of a snapshot; null with a sentence where the text is none of them.
 *
 * Never throws.
 */
export function openRunFile(text: string): { readonly ok: true; readonly run: OpenedRun } | { readonly ok: false; readonly why: string } {
  if (text.length > RUN_FILE_LIMIT_BYTES) return { ok: false, why: `The file is larger than ${RUN_FILE_LIMIT_BYTES / 1e6} MB.` }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { ok: false, why: 'The file is not JSON.' }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { ok: false, why: 'The file holds no experiment.' }
  const fields = value as Readonly<Record<string, unknown>>
  const given = Object.hasOwn(fields, 'experiment') ? fields.experiment : Object.hasOwn(fields, 'model') ? fields : undefined
  if (given === undefined) return { ok: false, why: 'The file holds no experiment.' }
  if (fields.format === RUN_FORMAT && fields.version !== RUN_VERSION)
    return { ok: false, why: `The file is of version ${describeVersion(fields.version)}, this page reads version ${RUN_VERSION}.` }
  return { ok: true, run: parseExperiment(given) }
}

function jsonValue(value: unknown): unknown {
  if (typeof value === 'number') return Number.isNaN(value) ? 'nan' : value === Infinity ? 'inf' : value === -Infinity ? '-inf' : value
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value as Float64Array)
  return value
}

function describeVersion(version: unknown): string {
  return typeof version === 'number' || typeof version === 'string' ? String(version).slice(0, 20) : 'unknown'
}
