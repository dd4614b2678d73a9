// How does an embedded figure behave? It starts when first seen, stops when scrolled away, goes on when it comes back,
// and gives way to another figure of the same page.
import type { LabStore } from '../store/labStore.ts'
import type { RunActions } from '../store/runActions.ts'
import { createLease } from './lease.ts'
import { watchVisibility } from './visibility.ts'

/** Ties one figure to its visibility and to the lease of its page. */
export function behaveEmbedded(store: LabStore, run: RunActions, element: Element, page: string): void {
  let started = false
  let resumeWhenSeen = false
  const lease = createLease(page, () => {
    resumeWhenSeen = false
    if (store.getState().run.phase === 'running') run.pause()
  })
  store.subscribe((state, before) => {
    if (state.run.phase === 'running' && before.run.phase !== 'running') lease.claim()
  })
  watchVisibility(element, (visible) => {
    if (visible && !started) {
      started = true
      run.start(store.getState().view.autorun)
    } else if (visible && resumeWhenSeen) {
      resumeWhenSeen = false
      run.run()
    } else if (!visible && store.getState().run.phase === 'running') {
      resumeWhenSeen = true
      run.pause()
    }
  })
}
