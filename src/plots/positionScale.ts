// Where on the plot does a value stand, and which values get a tick?
//
// Three scales with one shape. The symmetric log scale is for spectra: decades to the left for negative values, decades
// to the right for positive ones, and a linear strip between them in which zero is legible.
import { tickIncrement, ticks as d3Ticks } from 'd3'
import { plainNumber, powerOfTen } from './numberText.ts'
import type { Label } from './scene.ts'

export interface Tick {
  readonly value: number
  readonly label: Label
}

export interface PositionScale {
  readonly type: 'linear' | 'log' | 'symlog'
  readonly domain: readonly [number, number]
  readonly range: readonly [number, number]
  /** Pixel of a value; not clamped. A log scale puts 0 and below at -Infinity of its axis. */
  at(value: number): number
  invert(pixel: number): number
  ticks(count: number): readonly Tick[]
  /** Equal for scales that draw equally. */
  readonly key: string
}

/** An even scale; ticks at round values. */
export function linearScale(domain: readonly [number, number], range: readonly [number, number]): PositionScale {
  const slope = (range[1] - range[0]) / (domain[1] - domain[0] || 1)
  return {
    type: 'linear',
    domain,
    range,
    at: (value) => range[0] + (value - domain[0]) * slope,
    invert: (pixel) => domain[0] + (pixel - range[0]) / slope,
    ticks: (count) => d3Ticks(domain[0], domain[1], count).map((value) => ({ value, label: plainNumber(value, 10) })),
    key: `linear ${domain.join()} ${range.join()}`,
  }
}

/** A scale of equal ratios; the domain is positive. Ticks at decades, at 1-2-5 where there are few of them. */
export function logScale(domain: readonly [number, number], range: readonly [number, number]): PositionScale {
  const low = Math.log10(domain[0])
  const high = Math.log10(domain[1])
  const slope = (range[1] - range[0]) / (high - low || 1)
  return {
    type: 'log',
    domain,
    range,
    at: (value) => range[0] + (Math.log10(value) - low) * slope,
    invert: (pixel) => 10 ** (low + (pixel - range[0]) / slope),
    ticks: (count) => logTicks(low, high, count),
    key: `log ${domain.join()} ${range.join()}`,
  }
}

/** An even scale of exponents: for log10 values that no float could hold as values. */
export function exponentScale(domain: readonly [number, number], range: readonly [number, number]): PositionScale {
  const scale = linearScale(domain, range)
  return { ...scale, ticks: (count) => exponentTicks(domain[0], domain[1], count), key: `exponent ${scale.key}` }
}

/**
 * Signed decades outside [-linear, linear], even inside; the inner strip is as wide as `strip` decades on each side.
 *
 * Continuous and increasing; `at(linear)` is `strip` decades from `at(0)`.
 */
export function symlogScale(
  domain: readonly [number, number],
  range: readonly [number, number],
  linear: number,
  strip = 0.7,
): PositionScale {
  const forward = (value: number) => {
    const size = Math.abs(value)
    const units = size <= linear ? (size / linear) * strip : strip + Math.log10(size / linear)
    return value < 0 ? -units : units
  }
  const backward = (units: number) => {
    const size = Math.abs(units)
    const value = size <= strip ? (size / strip) * linear : linear * 10 ** (size - strip)
    return units < 0 ? -value : value
  }
  const low = forward(domain[0])
  const high = forward(domain[1])
  const slope = (range[1] - range[0]) / (high - low || 1)
  return {
    type: 'symlog',
    domain,
    range,
    at: (value) => range[0] + (forward(value) - low) * slope,
    invert: (pixel) => backward(low + (pixel - range[0]) / slope),
    ticks: (count) => symlogTicks(domain, linear, count, (value) => forward(value)),
    key: `symlog ${domain.join()} ${range.join()} ${linear} ${strip}`,
  }
}

/** Decades from `low` to `high` (exponents), at most about `count`; 1-2-5 steps where there are few decades and room for them. */
export function logTicks(low: number, high: number, count: number): readonly Tick[] {
  const first = Math.ceil(low - 1e-9)
  const last = Math.floor(high + 1e-9)
  if (last - first < 1 || (last - first <= 2 && count >= 3 * (last - first))) {
    const multiples = [1, 2, 5].flatMap((m) => [first - 1, first, first + 1, last].map((e) => m * 10 ** e))
    const inside = [...new Set(multiples.map((value) => Number(value.toPrecision(6))))].filter(
      (v) => Math.log10(v) >= low - 1e-9 && Math.log10(v) <= high + 1e-9,
    )
    return inside.sort((a, b) => a - b).map((value) => ({ value, label: plainNumber(value, 3) }))
  }
  const written = Math.max(Math.abs(first), Math.abs(last)) > 3
  return wholeExponents(first, last, count).map((exponent) => ({
    value: 10 ** exponent,
    label: written ? powerOfTen(exponent) : plainNumber(10 ** exponent, 3),
  }))
}

function exponentTicks(low: number, high: number, count: number): readonly Tick[] {
  const first = Math.ceil(low - 1e-9)
  const last = Math.floor(high + 1e-9)
  return wholeExponents(first, last, count).map((exponent) => ({ value: exponent, label: powerOfTen(exponent) }))
}

/** The whole numbers 1 .. count with both ends, for layers and ranks; about `wanted` of them. */
export function ordinalTicks(count: number, wanted: number): readonly Tick[] {
  const every = Math.max(1, Math.round(tickIncrement(0, Math.max(1, count), Math.max(1, wanted))))
  const values = [1]
  for (let value = every; value < count; value += every) if (value > 1 + every / 2 && count - value > every / 2) values.push(value)
  if (count > 1) values.push(count)
  return values.map((value) => ({ value, label: String(value) }))
}

const DECADE_STEPS = [1, 2, 3, 4, 5, 10, 20, 25, 50, 100, 200]

/** Exponents in [first, last], counted from 0 so that a growing axis keeps the ticks it has; about `count`, at least two where there are two. */
function wholeExponents(first: number, last: number, count: number): readonly number[] {
  let chosen: readonly number[] = []
  if (!Number.isFinite(first) || !Number.isFinite(last)) return chosen
  for (const every of DECADE_STEPS) {
    const exponents: number[] = []
    for (let exponent = Math.ceil(first / every) * every + 0; exponent <= last; exponent += every) exponents.push(exponent)
    if (exponents.length < 2 && chosen.length >= 2) break
    chosen = exponents
    if (exponents.length <= Math.max(2, count)) break
  }
  return chosen
}

function symlogTicks(
  domain: readonly [number, number],
  linear: number,
  count: number,
  forward: (value: number) => number,
): readonly Tick[] {
  const result: Tick[] = []
  if (domain[0] <= 0 && domain[1] >= 0) result.push({ value: 0, label: '0' })
  const units = Math.abs(forward(domain[1]) - forward(domain[0]))
  const first = Math.ceil(Math.log10(linear) - 1e-9)
  for (const sign of [-1, 1]) {
    const reach = sign < 0 ? -domain[0] : domain[1]
    if (!(reach > linear)) continue
    const last = Math.floor(Math.log10(reach) + 1e-9)
    const share = Math.max(1, Math.round((count * Math.abs(forward(reach))) / Math.max(units, 1e-9)))
    const every = DECADE_STEPS.find((step) => (last - first + 1) / step <= Math.max(2, share)) ?? 200
    for (let exponent = last; exponent >= first; exponent -= every) {
      const power = powerOfTen(exponent)
      const label: Label = sign > 0 ? power : [{ text: '−' }, ...(typeof power === 'string' ? [{ text: power }] : power)]
      result.push({ value: sign * 10 ** exponent, label })
    }
  }
  return result.sort((a, b) => a.value - b.value)
}
