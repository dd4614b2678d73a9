// Which eigenvalues go to the left, which to the right, and which count as zero on the screen?
//
// The axis has decades on both sides of a linear strip. The strip ends at the decade below which nearly no eigenvalue
// lies, but never more than eight decades under the largest: what is smaller is rounding and belongs to zero.
import { settleDomain, createAxisMemory, type AxisMemory } from './axisMemory.ts'
import type { HessianSample } from '../core/sample.ts'
import { sortedQuantile } from '../numerics/quantiles.ts'
import { drawnValues, type HessianArm } from './hessianData.ts'

/** Exponents that the axis remembers: strip and top together, and how far the negative side has reached. */
export interface SpectrumMemory {
  readonly decades: AxisMemory
  readonly negative: AxisMemory
  /** The strip when the negative side was last settled. */
  strip: number
}

/** Ends of the axis as values. */
export interface SpectrumRange {
  /** The linear strip is [-linear, linear]. */
  readonly linear: number
  readonly low: number
  readonly high: number
}

/** A new axis. */
export function createSpectrumMemory(): SpectrumMemory {
  return { decades: createAxisMemory(), negative: createAxisMemory(), strip: NaN }
}

const MOST_DECADES_EXACT = 8
const MOST_DECADES_LANCZOS = 5
const STABILITY_REACH = 1.5

/** The axis for all arms; null while there is no nonzero eigenvalue to place. */
export function spectrumRange(arms: readonly HessianArm[], memory: SpectrumMemory): SpectrumRange | null {
  const samples = arms.flatMap(({ current }) => (current === null ? [] : [current]))
  const top = Math.max(...samples.map(largestSize))
  if (!(top > 0) || !Number.isFinite(top)) return null
  const high = Math.log10(top)
  const most = samples.every(({ method }) => method === 'exact') ? MOST_DECADES_EXACT : MOST_DECADES_LANCZOS
  const wanted = Math.min(...samples.map((sample) => Math.log10(smallSize(sample))))
  const low = Math.min(high - 1, Math.max(wanted, high - most))
  const withLine = Math.max(
    high,
    ...arms.map(({ stability }) =>
      stability !== null && Math.log10(stability.value) <= high + STABILITY_REACH ? Math.log10(stability.value) + 0.1 : high,
    ),
  )
  const [strip, end] = settleDomain(memory.decades, low, withLine, { grid: 1, headroom: 1 })
  if (strip !== memory.strip) {
    memory.strip = strip
    memory.negative.domain = null
  }
  const least = Math.min(0, ...samples.map(({ lambdaMin }) => lambdaMin))
  const depth = -least > 10 ** strip ? Math.log10(-least) : strip
  const negative = settleDomain(memory.negative, strip, Math.max(depth, strip), { grid: 0.5, headroom: 0.5 })[1]
  const positive = Math.max(...samples.map(({ lambdaMax }) => lambdaMax)) > 0 ? end : strip
  return { linear: 10 ** strip, low: -(10 ** Math.max(negative, strip)), high: 10 ** Math.max(positive, strip) }
}

/**
 * The axis for all ends of all samples in time; null while there is no nonzero one.
 *
 * The strip ends at the decade below which one end in ten lies, at most eight decades under the largest.
 */
export function endsRange(arms: readonly HessianArm[], memory: SpectrumMemory): SpectrumRange | null {
  const values = arms.flatMap(({ samples }) =>
    samples.flatMap(({ ends, lambdaMax, lambdaMin }) =>
      ends === undefined ? [lambdaMax, lambdaMin] : [...ends.largest, ...ends.smallest],
    ),
  )
  const sizes = Float64Array.from(values.map((value) => Math.abs(value)).filter((size) => size > 0 && Number.isFinite(size))).sort()
  if (sizes.length === 0) return null
  const high = Math.log10(sizes[sizes.length - 1])
  const low = Math.min(high - 1, Math.max(Math.log10(sortedQuantile(sizes, 0.1)), high - MOST_DECADES_EXACT))
  const limits = arms.flatMap(({ stability }) => (stability === null ? [] : [Math.log10(stability.value)]))
  const withLine = Math.max(high, ...limits.filter((limit) => limit <= high + STABILITY_REACH).map((limit) => limit + 0.1))
  const [strip, end] = settleDomain(memory.decades, low, withLine, { grid: 1, headroom: 1 })
  if (strip !== memory.strip) {
    memory.strip = strip
    memory.negative.domain = null
  }
  const least = -Math.min(0, ...values.filter(Number.isFinite))
  const negative = settleDomain(memory.negative, strip, least > 10 ** strip ? Math.log10(least) : strip, { grid: 0.5, headroom: 0.5 })[1]
  return { linear: 10 ** strip, low: -(10 ** Math.max(negative, strip)), high: 10 ** end }
}

function largestSize(sample: HessianSample): number {
  return Math.max(Math.abs(sample.lambdaMax), Math.abs(sample.lambdaMin))
}

/** The size that one in twenty nonzero values lies below. */
function smallSize(sample: HessianSample): number {
  const sizes = drawnValues(sample)
    .map((value) => Math.abs(value))
    .filter((size) => size > 0)
    .sort()
  return sizes.length === 0 ? largestSize(sample) : sortedQuantile(sizes, 0.05)
}
