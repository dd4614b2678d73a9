// How does anything that claims to be an experiment become one?
//
// Two doors over one walker. Links, files and hosts come through `parseExperiment`, which repairs and tells;
// the command line comes through `validateExperiment`, which refuses whatever the first would have touched.
import { DEFAULT_EXPERIMENT } from './defaults.ts'
import { experimentSchema, optimizerSchema, type Experiment } from './experiment.ts'
import { repairCombinations } from './experimentRules.ts'
import { DomainFault } from './faults.ts'
import { repairValue, type Notice } from './repairValue.ts'

export type { Notice } from './repairValue.ts'

/** What `parseExperiment` returns: always a valid experiment. */
export interface ParsedExperiment {
  readonly experiment: Experiment
  readonly notices: readonly Notice[]
}

/** At most this many notices are kept; one more then counts the others. */
export const NOTICE_LIMIT = 40

/**
 * Any value in, a valid experiment out: bad and missing fields come from `base`, numbers are clamped, the rest is reported.
 *
 * Never throws; a valid experiment comes back equal and without notices. A given `versus` replaces the one of `base`.
 */
export function parseExperiment(input: unknown, base: Experiment = DEFAULT_EXPERIMENT): ParsedExperiment {
  const notices: Notice[] = []
  let dropped = 0
  const report = (notice: Notice) => {
    if (notices.length < NOTICE_LIMIT) notices.push(notice)
    else dropped++
  }
  let experiment = base
  try {
    // A change that names only a rate keeps the rest of arm A's optimizer.
    const optimizer = repairValue(optimizerSchema, isRecord(input) ? input.optimizer : undefined, base.optimizer, () => {})
    const repaired = repairValue(experimentSchema, input, base, report, { arm: 'A', optimizer })
    experiment = repairCombinations((repaired ?? base) as Experiment, report)
  } catch {
    // Only exotic objects come here (throwing getters, revoked proxies); plain data cannot.
    const said = { given: 'an object that cannot be read', used: 'the default', expected: 'plain data' }
    report({ path: 'experiment', problem: 'wrongType', ...said, text: 'The experiment cannot be read; the default is used.' })
  }
  if (dropped > 0) {
    const said = { given: `${dropped} more`, used: 'the default', expected: 'known settings' }
    notices.push({ path: 'experiment', problem: 'unknown', ...said, text: `${dropped} more problems are not listed.` })
  }
  return { experiment, notices }
}

/**
 * The experiment as it stands, missing fields from the default; whatever `parseExperiment` would touch is refused.
 *
 * @throws {DomainFault} with one line `<path>: <what>, got <value>, expected <bound>` for the first problem.
 */
export function validateExperiment(input: unknown): Experiment {
  if (input === undefined) throw new DomainFault('experiment: missing, got nothing, expected an object')
  const { experiment, notices } = parseExperiment(input)
  if (notices.length === 0) return experiment
  const { path, problem, given, expected } = notices[0]
  throw new DomainFault(`${path}: ${WHAT[problem]}, got ${given}, expected ${expected}`)
}

const WHAT: Readonly<Record<Notice['problem'], string>> = {
  unknown: 'unknown',
  wrongType: 'wrong type',
  clamped: 'out of range',
  rounded: 'not a whole number',
  combination: 'does not fit the other settings',
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
