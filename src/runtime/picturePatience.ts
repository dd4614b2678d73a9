// How long does the picture of a step hold up a run that somebody started? Until Run was pressed, and a moment longer.
//
// The moment is long enough for everything of a small network, so that its start is always measured.
import type { Milliseconds } from '../core/units.ts'
import type { RunControl } from './runControl.ts'
import type { RunHost } from './runHost.ts'

/** What the rest of a picture may still take once training is waited for. */
export const START_PATIENCE_MS: Milliseconds = 600

/** Measures with a signal that is aborted when somebody has waited long enough for training. */
export async function withPatience(
  measure: (cut: AbortSignal) => Promise<void>,
  isAwaited: () => boolean,
  control: Pick<RunControl, 'changed'>,
  host: Pick<RunHost, 'wait'>,
): Promise<void> {
  const cut = new AbortController()
  const over = new AbortController()
  const watch = async (): Promise<void> => {
    for (;;) {
      while (!over.signal.aborted && !isAwaited()) await control.changed()
      if (over.signal.aborted) return
      await host.wait(START_PATIENCE_MS)
      // Whoever paused in between waits for nothing any more.
      if (over.signal.aborted || isAwaited()) return cut.abort(new DOMException('training is waited for', 'AbortError'))
    }
  }
  void watch()
  try {
    await measure(cut.signal)
  } finally {
    over.abort()
  }
}
