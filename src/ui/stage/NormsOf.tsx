// Whose gradient does the large card of gradient norms show? Where one batch is all there is, nobody is asked.
import type { DiagnosticsSettings } from '../../core/experiment.ts'
import { Select, type Choice } from '../controls/choices.tsx'
import { useLab, useLabState } from '../lab.tsx'

const CHOICES: readonly Choice<DiagnosticsSettings['normsOf']>[] = [
  { value: 'probe', label: 'Probe set' },
  { value: 'step', label: 'Batch of the step' },
]

/** A choice that takes effect at once and never restarts a run. */
export function NormsOf() {
  const { run } = useLab()
  const chosen = useLabState(({ experiment }) => experiment.diagnostics.normsOf)
  const isOne = useLabState(({ experiment }) => experiment.data.kind === 'point')
  // The size of the signal is that of the probe set whatever the gradient belongs to.
  const isSignal = useLabState(({ panelViews }) => panelViews.gradientNorms === 'signal')
  if (isOne || isSignal) return null
  return (
    <span className="card-choice">
      <Select
        name="Gradient norms of"
        choices={CHOICES}
        value={chosen}
        title="The probe set is always the same samples. The batch of the step costs next to nothing, and jitters with the draw."
        onChange={run.setNormsOf}
      />
    </span>
  )
}
