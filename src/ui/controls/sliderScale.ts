// Where on the track does a value stand, and which value stands there? Equal distances are equal ratios on a log scale.
import type { Limit } from '../../core/limits.ts'

/** Positions of a native range: 0 .. TRACK. */
export const TRACK = 1000
const MARK_REACH = 0.012 * TRACK

export interface SliderScale {
  readonly min: number
  readonly max: number
  readonly log: boolean
  readonly whole: boolean
}

/** The part of a limit that the track covers; a log scale that starts at 0 starts at 1e-8 instead. */
export function scaleOf(limit: Limit, whole: boolean): SliderScale {
  const log = limit.scale === 'log'
  return { min: log && limit.min <= 0 ? 1e-8 : limit.min, max: limit.softMax ?? limit.max, log, whole }
}

/** 0 .. TRACK; values beyond the ends stand at the ends. */
export function positionOf(scale: SliderScale, value: number): number {
  const { min, max, log } = scale
  const inside = Math.min(max, Math.max(min, value))
  const share = log ? Math.log(inside / min) / Math.log(max / min) : (inside - min) / (max - min)
  return TRACK * share
}

/** The value at a position: whole, or rounded to what a hand can mean (two digits on a log scale, hundredths else). */
export function valueAt(scale: SliderScale, position: number, marks: readonly number[] = []): number {
  const near = marks.find((mark) => Math.abs(positionOf(scale, mark) - position) <= MARK_REACH)
  if (near !== undefined) return near
  const { min, max, log, whole } = scale
  const share = position / TRACK
  const raw = log ? min * (max / min) ** share : min + (max - min) * share
  if (whole) return Math.round(raw)
  return log ? Number(raw.toPrecision(2)) : Math.round(raw * 100) / 100
}

/** The next value for an arrow key: one unit for whole numbers, the next of 1, 2, 5, 10 for log, a hundredth of the track else. */
export function nextValue(scale: SliderScale, value: number, direction: 1 | -1, big: boolean): number {
  const { min, max, log, whole } = scale
  let next: number
  if (whole) {
    const stride = big ? Math.max(2, Math.round(value * 0.25)) : 1
    next = Math.round(value) + direction * stride
  } else if (log) {
    next = big ? value * 10 ** direction : niceNeighbour(value, direction)
  } else {
    next = Math.round((value + direction * (big ? 0.1 : 0.01) * (max - min)) * 100) / 100
  }
  return Math.min(max, Math.max(min, next))
}

function niceNeighbour(value: number, direction: 1 | -1): number {
  const exponent = Math.floor(Math.log10(value))
  const steps = [exponent - 1, exponent, exponent + 1].flatMap((power) => [1, 2, 5].map((digit) => Number(`${digit}e${power}`)))
  const beyond = direction === 1 ? steps.find((step) => step > value * 1.0001) : steps.findLast((step) => step < value * 0.9999)
  return beyond ?? value
}
