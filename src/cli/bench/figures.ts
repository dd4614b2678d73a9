// What is one measured figure? A median with its quartiles, never a single time.
//
// Ratios are taken within each round and only then summarised: both sides of a round met the same machine.
import { DomainFault } from '../../core/faults.ts'
import { quantiles } from '../../numerics/quantiles.ts'

export type Unit = 'ms' | 'times' | 'perSecond' | 'bytes' | 'count'

/** `low` and `high` are the quartiles; both equal `value` where nothing varies. */
export interface Figure {
  readonly value: number
  readonly low: number
  readonly high: number
  readonly unit: Unit
  /** Rounds behind it. */
  readonly rounds: number
}

/** Median and quartiles. @throws {DomainFault} when there are no values or one is NaN. */
export function figureOf(values: readonly number[], unit: Unit): Figure {
  if (values.length === 0) throw new DomainFault('figureOf: no values, got 0, expected at least one')
  const [low, value, high] = quantiles(values, [0.25, 0.5, 0.75])
  return { value, low, high, unit, rounds: values.length }
}

/**
 * Median and quartiles of `above[i] / below[i]`: how many times longer the first took, round by round.
 *
 * Slow cases sit out the later rounds: only those that both took part in count.
 *
 * @throws {DomainFault} where one has no rounds.
 */
export function ratioOf(above: readonly number[], below: readonly number[]): Figure {
  const rounds = Math.min(above.length, below.length)
  return figureOf(
    above.slice(0, rounds).map((value, round) => value / below[round]),
    'times',
  )
}

/** A figure that does not vary. */
export function exactly(value: number, unit: Unit): Figure {
  return { value, low: value, high: value, unit, rounds: 1 }
}

/** "12.3 ms (11.9-13.1)"; three significant digits, no brackets where there is one round or no spread. */
export function figureText(figure: Figure): string {
  const { value, low, high, rounds, unit } = figure
  const text = `${prefixOf(unit)}${scaled(value, value, unit)}${suffixOf(value, unit)}`
  const ends = [scaled(low, value, unit), scaled(high, value, unit)]
  return rounds === 1 || low === high ? text : `${text} (${ends[0]}\u2013${ends[1]})`
}

function prefixOf(unit: Unit): string {
  return unit === 'times' ? '\u00d7 ' : ''
}

/** The unit that is shown follows the median, so that both ends of a spread share it. */
function scaled(value: number, median: number, unit: Unit): string {
  switch (unit) {
    case 'ms':
      return digits(value / millisecondScale(median).factor)
    case 'bytes':
      return digits(value / 1024)
    case 'times':
    case 'perSecond':
    case 'count':
      return digits(value)
    default:
      return unit satisfies never
  }
}

function suffixOf(median: number, unit: Unit): string {
  switch (unit) {
    case 'ms':
      return ` ${millisecondScale(median).name}`
    case 'bytes':
      return ' kB'
    case 'perSecond':
      return ' /s'
    case 'times':
    case 'count':
      return ''
    default:
      return unit satisfies never
  }
}

function millisecondScale(median: number): { readonly factor: number; readonly name: string } {
  if (median < 0.1) return { factor: 1e-3, name: 'us' }
  return median < 10_000 ? { factor: 1, name: 'ms' } : { factor: 1000, name: 's' }
}

/** Three significant digits, whole numbers from 100 on, never in powers of ten below a million. */
function digits(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  if (Math.abs(value) >= 1e6) return value.toExponential(2)
  if (Math.abs(value) >= 99.95) return String(Math.round(value))
  const text = value.toPrecision(3)
  return text.includes('e') ? text : text.replace(/(\.\d*?)0+$/u, '$1').replace(/\.$/u, '')
}
