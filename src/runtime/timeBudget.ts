// May an instrument run now, or has measuring had its share of the time?
//
// One account for each instrument: training time earns, measuring spends, and an instrument may start while its account owes
// nothing. A long measurement overdraws its own account only, so two seconds of cosines do not silence the norms; what a
// cheap instrument does not need goes to those in debt, so the share is used.
import type { Milliseconds } from '../core/units.ts'

/** An account that holds this much passes on what it earns: nobody needs savings to start. */
const ENOUGH_MS: Milliseconds = 20

/** The accounts of one run. */
export interface TimeBudget<Name extends string> {
  /** Time spent on anything but measuring while the run goes on; shared out among these. */
  earn(duration: Milliseconds, active: readonly Name[]): void
  spend(name: Name, duration: Milliseconds): void
  /** While the instrument owes nothing; always at a share of 1, never at 0. */
  mayMeasure(name: Name): boolean
  /** Debts stay, so that moving a slider does not pay them. */
  setShare(share: number): void
}

/**
 * Accounts that owe nothing.
 *
 * @param share largest share of the time for all instruments together, 0 .. 1.
 */
export function createTimeBudget<Name extends string>(share: number): TimeBudget<Name> {
  let total = share
  const credits = new Map<Name, Milliseconds>()
  const creditOf = (name: Name): Milliseconds => credits.get(name) ?? 0
  return {
    earn(duration, active) {
      if (total >= 1) return
      let left = (duration * total) / (1 - total)
      // Those nearest to enough first: what they leave is then known to the rest.
      const needy = active.filter((name) => creditOf(name) < ENOUGH_MS).sort((a, b) => creditOf(b) - creditOf(a))
      for (const [i, name] of needy.entries()) {
        const part = Math.min(left / (needy.length - i), ENOUGH_MS - creditOf(name))
        credits.set(name, creditOf(name) + part)
        left -= part
      }
    },
    spend(name, duration) {
      if (total < 1) credits.set(name, creditOf(name) - duration)
    },
    mayMeasure: (name) => total >= 1 || (total > 0 && creditOf(name) >= 0),
    setShare(next) {
      total = next
    },
  }
}
