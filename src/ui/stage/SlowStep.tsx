// Does a step take so long that a person should know, and what would make it shorter? Counted before the first one, measured after it.
import { useMemo } from 'react'
import { expectedStep, slowStepSentence } from '../../core/stepWork.ts'
import { useLabState } from '../lab.tsx'

/** One sentence; nothing while steps are quick, or where nobody can say. */
export function SlowStep() {
  const experiment = useLabState((state) => state.experiment)
  const chips = useLabState((state) => state.chips)
  const hasFault = useLabState(({ run }) => run.fault !== null)
  // Two digits: words that change with every step say nothing.
  const measured = useLabState(({ run }) => (run.stepDuration === undefined ? null : Number(run.stepDuration.toPrecision(2))))
  const sentence = useMemo(
    () => slowStepSentence(experiment, measured ?? expectedStep(experiment, chips), measured === null ? 'expected' : 'measured'),
    [experiment, chips, measured],
  )
  if (sentence === null || hasFault) return null
  return (
    <div className="progress slow-step" role="status">
      <span>{sentence}</span>
    </div>
  )
}
