// What happens while one step takes long?
//
// The page hears how far it is, and a pause holds it where it stands: networks and arms that are not yet updated wait, nothing is
// undone, and the step ends with the bits that it would have had. An order ends the hold, because it must find all arms at one step.
import type { Milliseconds, Step } from '../core/units.ts'
import type { Publisher } from './publisher.ts'
import type { RunControl } from './runControl.ts'
import type { RunHost } from './runHost.ts'

/** Shorter steps need no word. */
const LONG_STEP_MS: Milliseconds = 1000
const TELL_EVERY_MS: Milliseconds = 300
const WHOLE = 100

export interface LongStep {
  /** The host's clock without the time that was spent paused within steps. */
  now(): Milliseconds
  begin(step: Step): void
  /** Called between two parts of the step; `share` of it is done, 0 .. 1. */
  between(share: number): Promise<void>
}

/**
 * @param breathe lets messages in.
 * @param announce tells the mode of the run where it has changed.
 */
export function createLongStep(
  control: RunControl,
  publisher: Pick<Publisher, 'post'>,
  host: Pick<RunHost, 'now'>,
  breathe: () => Promise<void>,
  announce: () => void,
): LongStep {
  const { signal } = control.closed
  let held: Milliseconds = 0
  let begun: Milliseconds = 0
  let told: Milliseconds = 0
  let step: Step = 0
  const now = (): Milliseconds => host.now() - held
  const isHeld = (): boolean => control.mode === 'paused' && control.pendingSteps === 0 && control.orders.length === 0 && !signal.aborted

  return {
    now,
    begin(next) {
      step = next
      begun = now()
      told = begun
    },
    async between(share) {
      await breathe()
      if (isHeld()) {
        const since = host.now()
        announce()
        // No await between the look and the wait: a command in between would be slept through.
        while (isHeld()) await control.changed()
        held += host.now() - since
        signal.throwIfAborted()
        announce()
      }
      const at = now()
      if (at - begun < LONG_STEP_MS || at - told < TELL_EVERY_MS) return
      told = at
      publisher.post({ type: 'progress', what: 'training', done: Math.floor(WHOLE * share), total: WHOLE, label: `Step ${step + 1}` })
    },
  }
}
