// What does somebody hear who does not see the plots? Milestones, never a stream of numbers.
import { useEffect, useState } from 'react'
import type { LabState } from '../store/labState.ts'
import { adviceFor } from './advice.ts'
import { useLab } from './lab.tsx'

const QUIET_MS = 10_000

/** A polite live region; speaks when the phase changes, and at most every ten seconds otherwise. */
export function LiveRegion() {
  const { store } = useLab()
  const [text, setText] = useState('')
  useEffect(() => {
    let last = 0
    return store.subscribe((state, before) => {
      const changed = state.run.phase !== before.run.phase
      const now = performance.now()
      if (!changed && (state.run.phase !== 'running' || now - last < QUIET_MS)) return
      last = now
      setText(spoken(state))
    })
  }, [store])
  return (
    <div className="sr-only" role="status" aria-live="polite">
      {text}
    </div>
  )
}

function spoken({ run }: LabState): string {
  switch (run.phase) {
    case 'starting':
      return ''
    case 'ready':
      return 'Ready at step 0.'
    case 'running':
      return `Running, step ${run.step}.`
    case 'paused':
      return `Paused at step ${run.step}.`
    case 'finished':
      return `Finished at step ${run.step}.`
    case 'recovering':
      return 'Recovering from a fault.'
    case 'diverged':
    case 'stopped':
      return run.fault === null ? 'Stopped.' : `${adviceFor(run.fault).title}. ${run.fault.detail}`
    default:
      run.phase satisfies never
      return ''
  }
}
