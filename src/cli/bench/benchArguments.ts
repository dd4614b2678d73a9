// What did the caller of `bench` ask for?
import { parseArgs } from 'node:util'
import { DomainFault } from '../../core/faults.ts'

/** In the order in which they run: what needs a quiet machine least comes last. */
export const SECTIONS = ['engines', 'instruments', 'zoo', 'fused', 'page'] as const
export type SectionName = (typeof SECTIONS)[number]

export interface BenchOptions {
  readonly sections: readonly SectionName[]
  /** Interleaved rounds behind each figure. */
  readonly pairs: number
  /** Leaves out what takes minutes on a software adapter and says so. */
  readonly quick: boolean
  readonly json: boolean
  /** Measure only what has this text in its name, as progress tells the names; null: everything. */
  readonly only: string | null
}

const DEFAULT_PAIRS = 7
const QUICK_PAIRS = 3

/** @throws {DomainFault} with one line `<what>: <what>, got <value>, expected <bound>`. */
export function benchArguments(args: readonly string[]): BenchOptions {
  const { values, positionals } = parsed(args)
  const unknown = positionals.find((name) => name !== 'all' && !SECTIONS.some((section) => section === name))
  if (unknown !== undefined)
    throw new DomainFault(`section: no such section, got ${JSON.stringify(unknown)}, expected ${SECTIONS.join(' | ')} | all`)
  const all = positionals.length === 0 || positionals.includes('all')
  const quick = values.quick === true
  return {
    sections: SECTIONS.filter((section) => all || positionals.includes(section)),
    pairs: values.pairs === undefined ? (quick ? QUICK_PAIRS : DEFAULT_PAIRS) : count(values.pairs),
    quick,
    json: values.json === true,
    only: values.only === undefined ? null : someText(values.only),
  }
}

/** Whether this was asked for: by its name, or because no name was given. What is named is measured even if it is slow. */
export function isWanted({ only, quick }: Pick<BenchOptions, 'only' | 'quick'>, name: string, slow = false): boolean {
  return only === null ? !(quick && slow) : name.toLowerCase().includes(only.toLowerCase())
}

function parsed(args: readonly string[]) {
  try {
    const options = { pairs: { type: 'string' }, quick: { type: 'boolean' }, json: { type: 'boolean' }, only: { type: 'string' } } as const
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw new DomainFault(`arguments: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function someText(value: string): string {
  if (value.trim() === '') throw new DomainFault('--only: no text, got "", expected a part of a name, such as "300 x 100"')
  return value.trim()
}

function count(value: string): number {
  if (!/^[1-9]\d{0,2}$/u.test(value))
    throw new DomainFault(`--pairs: not a count, got ${JSON.stringify(value)}, expected an integer 1 .. 999`)
  return Number(value)
}
