// At which steps does an instrument measure?
//
// Every n steps, plus the powers of two before the first of them: networks change most at the start, and a
// picture that stands still for twenty steps looks broken. A fixed rule, so that the same experiment measures at the same steps.
import type { Step } from '../core/units.ts'

/** True where an instrument with this period measures; a period of 0 never does, step 0 always is due otherwise. */
export function isDue(step: Step, every: number): boolean {
  if (every <= 0) return false
  return step % every === 0 || (step < every && (step & (step - 1)) === 0)
}

/** The first due step after `step`; Infinity for a period of 0. */
export function nextDue(step: Step, every: number): Step {
  if (every <= 0) return Infinity
  if (step < every) {
    let power = 1
    while (power <= step) power *= 2
    return Math.min(power, every)
  }
  return (Math.floor(step / every) + 1) * every
}
