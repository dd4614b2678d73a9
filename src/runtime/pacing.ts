// How long must a run wait to go no faster than it was asked to?
//
// Counted from a base step, not from the last chunk, so that rounding never adds up; a run that fell behind by more than a
// second starts counting anew instead of rushing.
import type { Milliseconds, Step } from '../core/units.ts'

const MAX_LAG_MS: Milliseconds = 1000
/** Paced steps are cut finely enough to look even. */
const SLICE_MS: Milliseconds = 50

export interface Pacing {
  /** How many steps may be done at this moment, and how long to wait when none. */
  allowance(now: Milliseconds, step: Step, pace: number | null): { readonly steps: number; readonly wait: Milliseconds }
  /** Forgets the base: the run stood still on purpose. */
  rest(): void
}

/** A pace without a base; the first question sets it. */
export function createPacing(): Pacing {
  let base: { readonly at: Milliseconds; readonly step: Step; readonly pace: number } | null = null
  return {
    allowance(now, step, pace) {
      if (pace === null || !(pace > 0)) {
        base = null
        return { steps: Infinity, wait: 0 }
      }
      const period = 1000 / pace
      if (base === null || base.pace !== pace || now - base.at - (step - base.step) * period > MAX_LAG_MS + period)
        base = { at: now, step, pace }
      // The first step comes at once, the next one a period later.
      const earned = Math.floor((now - base.at) / period) + 1 - (step - base.step)
      if (earned >= 1) return { steps: Math.min(earned, Math.max(1, Math.floor(SLICE_MS / period))), wait: 0 }
      return { steps: 0, wait: base.at + (step - base.step) * period - now }
    },
    rest() {
      base = null
    },
  }
}
