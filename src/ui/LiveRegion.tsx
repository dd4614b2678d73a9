// What does somebody hear who does not see the plots? Milestones, never a stream of numbers.
import { useEffect, useState } from 'react'
import type { LabState } from '../store/labState.ts'
import { adviceFor } from './advice.ts'
import { useLab } from './lab.tsx'
import { DEMAND_NAMES } from './stage/DemandLine.tsx'

const QUIET_MS = 10_000

/** A polite live region; speaks when the phase changes, and at most every ten seconds otherwise. */
export function LiveRegion() {
  const { store } = useLab()
  const [text, setText] = useState('')
  useEffect(() => {
    let last = 0
    return store.subscribe((state, before) => {
      const done = doneOf(state, before)
      if (done !== null) {
        setText(done)
        return
      }
      const changed = state.run.phase !== before.run.phase || state.run.wanted !== before.run.wanted
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

/** What somebody waited for, when it is there or was taken back. */
function doneOf({ demands, runKey }: LabState, before: LabState): string | null {
  if (demands === before.demands || runKey !== before.runKey) return null
  const gone = DEMAND_NAMES.find((name) => before.demands[name] !== undefined && demands[name] === undefined)
  if (gone === undefined) return null
  const what = gone === 'snapshot' ? 'The snapshot' : 'The measurement'
  return before.demands[gone]?.state === 'cancelling' ? `${what} was stopped.` : `${what} is done.`
}

function spoken({ run }: LabState): string {
  if (run.wanted === 'run' && (run.phase === 'starting' || run.phase === 'ready' || run.phase === 'paused')) return 'Starting.'
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
