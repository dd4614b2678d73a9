// What is being waited for? Data, an engine, or a measurement; said where the eye already is.
import { useLabState } from '../lab.tsx'

/** Nothing once the first picture stands. */
export function ProgressLine() {
  const phase = useLabState((state) => state.run.phase)
  const progress = useLabState((state) => state.run.progress)
  const built = useLabState((state) => state.chips.A !== undefined)
  if (progress === null && phase !== 'starting') return null
  const share = progress === null || progress.total === 0 ? null : progress.done / progress.total
  // Measurements of the running page come and go within frames: a line that flickers says nothing.
  if (progress?.what === 'measuring' && phase === 'running') return null
  return (
    <div className="progress" role="status">
      {share !== null && (
        <span className="bar">
          <i style={{ width: `${Math.round(share * 100)}%` }} />
        </span>
      )}
      <span>{progress?.label ?? (built ? 'Measuring the start …' : 'Preparing …')}</span>
    </div>
  )
}
