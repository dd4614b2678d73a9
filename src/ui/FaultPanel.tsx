// What stands over the plot when a run cannot go on? One card with words and a next step; the curves stay behind it.
import { TriangleAlert, X } from 'lucide-react'
import { useState } from 'react'
import type { Fault } from '../core/faults.ts'
import { effectiveOptimizer } from '../store/effectiveOptimizer.ts'
import { ACTION_LABELS, adviceFor, type AdviceAction } from './advice.ts'
import { useLab, useLabState, type Lab } from './lab.tsx'
import { nearestFit } from './nearestFit.ts'
import { OwnFileNeeded, useOwnFileMissing } from './OwnFileNeeded.tsx'

/** Nothing while all is well; can be sent away to look at the curves. */
export function FaultPanel() {
  const lab = useLab()
  const fault = useLabState((state) => state.run.fault)
  const phase = useLabState((state) => state.run.phase)
  const [dismissed, setDismissed] = useState<Fault | null>(null)
  const isOwnFileMissing = useOwnFileMissing()
  if (isOwnFileMissing) return <OwnFileNeeded />
  if (fault === null || fault === dismissed) return null
  if (phase === 'recovering') {
    return (
      <div className="fault" role="status">
        <h3>{fault.type === 'deviceLost' ? 'The GPU was lost. Recovering …' : 'Recovering …'}</h3>
        <p className="muted">The run goes on from its last checkpoint.</p>
      </div>
    )
  }
  const advice = adviceFor(fault)
  return (
    <div className="fault" role="alert">
      <h3>
        <TriangleAlert width={18} height={18} aria-hidden="true" /> {advice.title}
        <span className="grow" />
        <button type="button" className="icon-button quiet" aria-label="Dismiss" onClick={() => setDismissed(fault)}>
          <X />
        </button>
      </h3>
      <p>{fault.detail}</p>
      <p className="muted">{advice.next}</p>
      <div className="actions">
        {advice.actions.map((action, index) => (
          <button key={action} type="button" className={index === 0 ? 'button primary' : 'button'} onClick={() => act(action, lab, fault)}>
            {ACTION_LABELS[action]}
          </button>
        ))}
      </div>
    </div>
  )
}

function act(action: AdviceAction, lab: Lab, fault: Fault): void {
  const { run, store } = lab
  const { experiment } = store.getState()
  switch (action) {
    case 'retry':
      return run.retry()
    case 'rewind':
      return run.rewind(10)
    case 'reload':
      return location.reload()
    case 'reset':
      return run.reset()
    case 'useCpu':
      run.setField('engine', 'float64')
      return run.run()
    case 'shrink':
      return fault.type === 'refused' ? run.setFields(nearestFit(fault.nearest, experiment)) : undefined
    case 'lowerRate': {
      if (fault.type !== 'diverged') return undefined
      const lr = effectiveOptimizer(experiment, fault.arm, fault.step).lr / 10
      run.setFields({ changes: [], [fault.arm === 'A' ? 'optimizer.lr' : 'versus.optimizer.lr']: lr })
      return run.run()
    }
    default:
      return action satisfies never
  }
}
