// What did the caller of `train` ask for? Strict: an unknown word is refused, never ignored.
import { parseArgs } from 'node:util'
import type { Experiment } from '../../core/experiment.ts'
import { DomainFault } from '../../core/faults.ts'

export interface TrainRequest {
  /** Id of a lesson, or path of an experiment file. */
  readonly input: string
  /** null: as many as the experiment says. */
  readonly steps: number | null
  /** null: WebGPU where there is one, as the page would choose. */
  readonly backend: 'webgpu' | 'float64' | null
  /** null: the experiment's own wish. */
  readonly engine: Exclude<Experiment['engine'], 'auto'> | null
  /** Print a line every so many steps; null: about twenty lines. */
  readonly every: number | null
  /** Share of test samples, 0 .. 1; null: nothing is required. */
  readonly requireAccuracy: number | null
  /** Files to train on in place of the experiment's own data; empty: none. */
  readonly data: readonly string[]
}

const OPTIONS = {
  steps: { type: 'string' },
  backend: { type: 'string' },
  engine: { type: 'string' },
  every: { type: 'string' },
  'require-accuracy': { type: 'string' },
  data: { type: 'string', multiple: true },
} as const

/**
 * Reads the command line.
 *
 * @throws {DomainFault} with one line `<what>: <what>, got <value>, expected <bound>`.
 */
export function trainArguments(args: readonly string[]): TrainRequest {
  const { values, positionals } = parsed(args)
  if (positionals.length !== 1) {
    throw new DomainFault(`arguments: one input, got ${positionals.length}, expected the id of a lesson or an experiment file`)
  }
  return {
    input: positionals[0],
    steps: count('--steps', values.steps),
    backend: oneOf('--backend', values.backend, ['webgpu', 'float64']),
    engine: oneOf('--engine', values.engine, ['network', 'fused', 'float64']),
    every: count('--every', values.every),
    requireAccuracy: share('--require-accuracy', values['require-accuracy']),
    data: values.data ?? [],
  }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    throw new DomainFault(`arguments: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function count(flag: string, value: string | undefined): number | null {
  if (value === undefined) return null
  if (!/^[1-9]\d*$/u.test(value)) throw new DomainFault(`${flag}: not a count, got ${JSON.stringify(value)}, expected an integer from 1`)
  return Number(value)
}

function share(flag: string, value: string | undefined): number | null {
  if (value === undefined) return null
  const number = value.trim() === '' ? NaN : Number(value)
  if (!(number >= 0 && number <= 1)) throw new DomainFault(`${flag}: not a share, got ${JSON.stringify(value)}, expected 0 .. 1`)
  return number
}

function oneOf<Choice extends string>(flag: string, value: string | undefined, choices: readonly Choice[]): Choice | null {
  if (value === undefined) return null
  const found = choices.find((choice) => choice === value)
  if (found === undefined) throw new DomainFault(`${flag}: unknown value, got ${JSON.stringify(value)}, expected ${choices.join(' | ')}`)
  return found
}
