// May an instrument run now, or has measuring had its share of the time?
//
// Two accounts, one for cheap instruments and one for expensive ones: training time earns, measuring spends, and an
// instrument may start while its account owes nothing. A long measurement overdraws its account and waits until training
// has earned it back; so the share holds in the long run, and one Hessian does not silence the norms for seconds.
import type { Instrument } from '../core/instruments.ts'
import type { Milliseconds } from '../core/units.ts'

/** Earnings beyond this are forgotten: an hour of training must not buy a minute of measuring in one go. */
const MAX_CREDIT_MS: Milliseconds = 1000

export type Tier = Exclude<Instrument['tier'], 'everyStep'>

/** The accounts of one run. */
export interface TimeBudget {
  /** Time spent on anything but measuring while the run goes on. */
  earn(duration: Milliseconds): void
  spend(tier: Tier, duration: Milliseconds): void
  /** While a tier owes nothing; always at a share of 1, never at 0. */
  mayMeasure(tier: Tier): boolean
  /** Debts stay, so that moving a slider does not pay them. */
  setShare(share: number): void
}

/**
 * Accounts that owe nothing.
 *
 * @param share largest share of the time for all instruments together, 0 .. 1; each tier has half of it.
 */
export function createTimeBudget(share: number): TimeBudget {
  let total = share
  const credit: Record<Tier, Milliseconds> = { scheduled: 0, expensive: 0 }
  return {
    earn(duration) {
      if (total >= 1) return
      const earned = (duration * total) / 2 / (1 - total)
      credit.scheduled = Math.min(MAX_CREDIT_MS, credit.scheduled + earned)
      credit.expensive = Math.min(MAX_CREDIT_MS, credit.expensive + earned)
    },
    spend(tier, duration) {
      if (total < 1) credit[tier] -= duration
    },
    mayMeasure(tier) {
      return total >= 1 || (total > 0 && credit[tier] >= 0)
    },
    setShare(next) {
      total = next
    },
  }
}
