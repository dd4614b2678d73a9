// How is a condition of a theorem written down, so that a page can tick or cross it?
//
// Every condition carries the numbers that decided it; 'unknown' is an honest verdict, never an omission.
import type { Hypothesis } from '../core/theoryCurve.ts'

/** A condition with its verdict; undefined means that nothing measured decides it. */
export function hypothesis(text: string, holds: boolean | undefined, measured = ''): Hypothesis {
  return { text, holds: holds ?? 'unknown', measured }
}

/** A comparison `left <= right` in words, decided by two numbers of which either may be unknown. */
export function atMost(text: string, left: number | undefined, right: number | undefined): Hypothesis {
  if (left === undefined || right === undefined) return hypothesis(text, undefined)
  return hypothesis(text, left <= right, left <= right ? `${shown(left)} <= ${shown(right)}` : `${shown(left)} > ${shown(right)}`)
}

/** Four significant digits, without trailing zeros. */
export function shown(value: number): string {
  return String(Number(value.toPrecision(4)))
}

/** The condition of every form that speaks about random weights: they are still where they were drawn. */
export function atTheStart(step: number | undefined): Hypothesis {
  return hypothesis('weights as drawn (step 0)', step === undefined ? undefined : step === 0, step === undefined ? '' : `step ${step}`)
}
