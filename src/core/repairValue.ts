// How does a value of unknown origin become one that fits a schema, without ever throwing it all away?
//
// The walker reads bounds, names and nesting from the valibot schema itself, so there is no second table to forget.
// It only looks at keys that the schema names: hostile keys (`__proto__`) and deep nesting are never followed.
import type { GenericSchema } from 'valibot'

/** What was wrong with one field and what stands there now; `text` is one sentence for a person. */
export interface Notice {
  /** Dotted path, e.g. `optimizer.lr` or `changes.0.step`; `experiment` for the whole. */
  readonly path: string
  readonly problem: 'unknown' | 'wrongType' | 'clamped' | 'rounded' | 'combination'
  readonly given: string
  readonly used: string
  /** The bound that was missed, for one-line errors. */
  readonly expected: string
  readonly text: string
}

export type Report = (notice: Notice) => void

/** The parts of a valibot schema object that the walker reads. */
interface SchemaNode {
  readonly type: string
  readonly entries?: Readonly<Record<string, SchemaNode>>
  readonly options?: readonly (string | number)[]
  readonly wrapped?: SchemaNode
  readonly item?: SchemaNode
  readonly literal?: unknown
  readonly pipe?: readonly { readonly type: string; readonly requirement?: unknown; readonly message?: unknown }[]
}

/** How many items of a list are read; the rest is cut with a notice. */
export const LIST_LIMIT = 256

const SHOWN_LENGTH = 40

/** A value in a few words, safe for a sentence: long texts are cut, objects and lists are only named. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') {
    const shown = value.length > SHOWN_LENGTH ? `${value.slice(0, SHOWN_LENGTH)}…` : value
    return JSON.stringify(shown)
  }
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value)
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return `a list of ${value.length}`
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/**
 * `given` brought into the shape of `schema`: what is missing comes from `fallback` in silence, what is bad with a notice.
 *
 * Optional fields that are bad and have no fallback are left out; items of a list are completed from `itemFallback`
 * and dropped where a field that it does not give is missing. Returns undefined only where nothing valid can be made.
 */
export function repairValue(schema: GenericSchema, given: unknown, fallback: unknown, report: Report, itemFallback?: unknown): unknown {
  return repair(schema, given, fallback, '', { report, itemFallback })
}

interface Context {
  readonly report: Report
  readonly itemFallback: unknown
}

function repair(node: SchemaNode, given: unknown, fallback: unknown, path: string, context: Context): unknown {
  if (given === undefined) return node.type === 'optional' ? undefined : fallback
  switch (node.type) {
    case 'optional':
      return repair(node.wrapped!, given, fallback, path, context)
    case 'nullable':
      return given === null ? null : repairNullable(node.wrapped!, given, fallback, path, context)
    case 'strict_object':
      return repairObject(node, given, fallback, path, context)
    case 'array':
      return repairList(node, given, fallback, path, context)
    case 'number':
      return repairNumber(node, given, fallback, path, context.report)
    case 'string':
      return repairText(node, given, fallback, path, context.report)
    case 'picklist':
      return repairName(node.options!, given, fallback, path, context.report)
    case 'literal':
      return repairName([node.literal as string | number], given, fallback, path, context.report)
    default:
      if (typeof given === node.type) return given
      context.report(wrongType(path, given, fallback, node.type === 'boolean' ? 'true or false' : `a ${node.type}`))
      return fallback
  }
}

/** What cannot be completed is as good as not given: one notice, and the fallback. */
function repairNullable(node: SchemaNode, given: unknown, fallback: unknown, path: string, context: Context): unknown {
  const value = repair(node, given, fallback, path, context)
  if (value !== undefined) return value
  context.report(wrongType(path, given, fallback, 'a complete entry'))
  return fallback
}

function repairObject(node: SchemaNode, given: unknown, fallback: unknown, path: string, context: Context): unknown {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    context.report(wrongType(path, given, fallback, 'an object'))
    return fallback
  }
  const source = given as Readonly<Record<string, unknown>>
  const base = (typeof fallback === 'object' && fallback !== null ? fallback : {}) as Readonly<Record<string, unknown>>
  const result: Record<string, unknown> = {}
  let complete = true
  for (const [key, entry] of Object.entries(node.entries!)) {
    const value = repair(entry, Object.hasOwn(source, key) ? source[key] : undefined, base[key], joined(path, key), context)
    if (value !== undefined) result[key] = value
    else if (entry.type !== 'optional') complete = false
  }
  for (const key of Object.keys(source)) {
    if (Object.hasOwn(node.entries!, key)) continue
    const shown = key.length > SHOWN_LENGTH ? `${key.slice(0, SHOWN_LENGTH)}…` : key
    const at = joined(path, shown)
    context.report({
      path: at,
      problem: 'unknown',
      given: describeValue(source[key]),
      used: 'nothing',
      expected: `one of ${Object.keys(node.entries!).join(', ')}`,
      text: `${at} is not a setting that this version knows; it is ignored.`,
    })
  }
  return complete ? result : undefined
}

function repairList(node: SchemaNode, given: unknown, fallback: unknown, path: string, context: Context): unknown {
  if (!Array.isArray(given)) {
    context.report(wrongType(path, given, fallback, 'a list'))
    return fallback
  }
  if (given.length > LIST_LIMIT) {
    const counts = { given: `a list of ${given.length}`, used: `the first ${LIST_LIMIT}`, expected: `at most ${LIST_LIMIT} entries` }
    context.report({
      path,
      problem: 'clamped',
      ...counts,
      text: `${path} has ${given.length} entries; only the first ${LIST_LIMIT} are used.`,
    })
  }
  const result: unknown[] = []
  for (const [index, item] of given.slice(0, LIST_LIMIT).entries()) {
    const at = joined(path, String(index))
    const value = typeof item === 'object' && item !== null ? repair(node.item!, item, context.itemFallback, at, context) : undefined
    if (value !== undefined && value !== context.itemFallback) result.push(value)
    else {
      const said = { given: describeValue(item), used: 'nothing', expected: 'a complete entry' }
      context.report({ path: at, problem: 'wrongType', ...said, text: `${at} is not complete; it is left out.` })
    }
  }
  return result
}

function repairNumber(node: SchemaNode, given: unknown, fallback: unknown, path: string, report: Report): unknown {
  const limit = (type: string) => node.pipe?.find((step) => step.type === type)?.requirement
  const whole = node.pipe?.some((step) => step.type === 'safe_integer') ?? false
  const min = (limit('min_value') as number | undefined) ?? -Infinity
  const max = (limit('max_value') as number | undefined) ?? Infinity
  const expected = `a ${whole ? 'whole number' : 'number'} from ${min} to ${max}`
  if (typeof given !== 'number' || Number.isNaN(given)) {
    report(wrongType(path, given, fallback, expected))
    return fallback
  }
  const inside = Math.min(max, Math.max(min, given))
  const used = whole ? Math.round(inside) : inside
  if (inside !== given) {
    const side = given > max ? `above the largest allowed value ${max}` : `below the smallest allowed value ${min}`
    report({
      path,
      problem: 'clamped',
      given: String(given),
      used: String(used),
      expected,
      text: `${path} ${given} is ${side}; ${used} is used.`,
    })
  } else if (used !== given) {
    const text = `${path} ${given} is not a whole number; ${used} is used.`
    report({ path, problem: 'rounded', given: String(given), used: String(used), expected, text })
  }
  return used
}

/** A text that breaks a rule of its schema is refused whole: a cut name or digest would mean another file. */
function repairText(node: SchemaNode, given: unknown, fallback: unknown, path: string, report: Report): unknown {
  const rule = (type: string) => node.pipe?.find((step) => step.type === type)?.requirement
  const shortest = (rule('min_length') as number | undefined) ?? 0
  const longest = (rule('max_length') as number | undefined) ?? Infinity
  const pattern = rule('regex') as RegExp | undefined
  const isWhole = typeof given === 'string' && given.length >= shortest && given.length <= longest
  if (isWhole && (pattern === undefined || pattern.test(given))) return given
  const words = node.pipe?.find((step) => step.type === 'regex')?.message
  const like = typeof words === 'string' ? words : `a text like ${pattern?.source}`
  const expected = pattern === undefined ? `a text of ${shortest} to ${longest} letters` : like
  report(wrongType(path, given, fallback, expected))
  return fallback
}

function repairName(options: readonly (string | number)[], given: unknown, fallback: unknown, path: string, report: Report): unknown {
  if (options.includes(given as string | number)) return given
  const expected = options.length === 1 ? `${options[0]}` : `one of ${options.join(', ')}`
  if (typeof given !== typeof options[0]) {
    report(wrongType(path, given, fallback, expected))
    return fallback
  }
  const used = usedInstead(fallback)
  const text = `${path} ${describeValue(given)} is not known here; ${used.sentence}.`
  report({ path, problem: 'unknown', given: describeValue(given), used: used.value, expected, text })
  return fallback
}

function wrongType(path: string, given: unknown, fallback: unknown, expected: string): Notice {
  const at = path === '' ? 'experiment' : path
  const used = usedInstead(fallback)
  const text = `${at} should be ${expected}, not ${describeValue(given)}; ${used.sentence}.`
  return { path: at, problem: 'wrongType', given: describeValue(given), used: used.value, expected, text }
}

function usedInstead(fallback: unknown): { readonly value: string; readonly sentence: string } {
  if (fallback === undefined) return { value: 'nothing', sentence: 'it is left out' }
  const simple = typeof fallback !== 'object' || fallback === null
  const value = simple ? describeValue(fallback) : 'the default'
  return { value, sentence: `${value} is used` }
}

function joined(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`
}
