// How does a long measurement let messages through?
//
// The CPU engine shares its Worker with the messages: without a pause, "stop" would wait for seconds.
import type { Milliseconds } from '../../core/units.ts'

const LONGEST_STRETCH_MS: Milliseconds = 40

/** A function to be awaited between parts of a long work: gives way every 40 ms and throws when the signal was aborted. */
export function createPause(signal: AbortSignal | undefined): () => Promise<void> {
  let since = performance.now()
  return async () => {
    signal?.throwIfAborted()
    if (performance.now() - since < LONGEST_STRETCH_MS) return
    await new Promise((resolve) => {
      setTimeout(resolve, 0)
    })
    signal?.throwIfAborted()
    since = performance.now()
  }
}
