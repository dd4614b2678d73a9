// How far is what I asked for, and how do I stop it? A line over the foot of its card; the picture behind it stays the old one.
import { X } from 'lucide-react'
import type { LabState } from '../../store/labState.ts'
import { useLab, useLabState } from '../lab.tsx'

/** What can be asked for once and taken back. */
export type DemandName = keyof LabState['demands']
export const DEMAND_NAMES: readonly DemandName[] = ['gradientNorms', 'evaluation', 'cosines', 'hessian', 'kernel', 'snapshot']

/** Nothing while nobody waits. */
export function DemandLine({ demand, label }: { readonly demand: DemandName; readonly label: string }) {
  const { run } = useLab()
  const asked = useLabState((state) => state.demands[demand])
  if (asked === undefined) return null
  const { state, progress } = asked
  const share = progress === null || progress.total === 0 ? null : Math.min(1, progress.done / progress.total)
  const words = state === 'cancelling' ? 'Stopping …' : (progress?.label ?? (state === 'asked' ? 'Waiting for its turn …' : 'Measuring …'))
  return (
    <div className="demand">
      <span
        className="bar"
        role="progressbar"
        aria-label={label}
        aria-valuetext={words}
        aria-valuenow={share === null ? undefined : Math.round(share * 100)}
        data-unknown={share === null}
      >
        <i style={{ width: `${share === null ? 30 : Math.round(share * 100)}%` }} />
      </span>
      <span className="words">{words}</span>
      <button
        type="button"
        className="button small"
        aria-label={`Cancel: ${label}`}
        title="Cancel (Escape)"
        disabled={state === 'cancelling'}
        onClick={() => run.cancel(demand)}
      >
        <X aria-hidden="true" /> Cancel
      </button>
    </div>
  )
}
