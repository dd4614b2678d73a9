// What is a form made of? Sections, and numbers with their bounds said.
import type { ReactNode } from 'react'
import type { ArmName } from '../../../core/experiment.ts'
import { LIMITS, type LimitName } from '../../../core/limits.ts'
import { fieldOfArm } from '../../../store/fieldPath.ts'
import { NumberBox } from '../../controls/Slider.tsx'
import { useLab, useLabState } from '../../lab.tsx'
import { shortNumber } from '../../numberText.ts'

/** A heading over a grid of fields. */
export function Section({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className="form-section">
      <h3 className="section-title">{title}</h3>
      <div className="form-grid">{children}</div>
    </section>
  )
}

interface NumberFieldProps {
  readonly path: string
  readonly limit: LimitName
  readonly label: string
  readonly arm?: ArmName
  /** Where a change does not go through the experiment's path. */
  readonly onCommit?: (value: number) => void
}

/** One number of the experiment by its path; "auto" where the experiment leaves it open. */
export function NumberField({ path, limit, label, arm = 'A', onCommit }: NumberFieldProps) {
  const { run } = useLab()
  const value = useLabState((state) => fieldOfArm(state.experiment, arm, path))
  const bounds = LIMITS[limit]
  return (
    <div className="field-row">
      <span className="field-label">{label}</span>
      <NumberBox
        name={`${label}${arm === 'B' ? ' of arm B' : ''}, from ${shortNumber(bounds.min)} to ${shortNumber(bounds.max)}`}
        value={typeof value === 'number' ? value : NaN}
        format={(number) => (Number.isNaN(number) ? 'auto' : shortNumber(number, 10))}
        onCommit={onCommit ?? ((number) => run.setField(path, number))}
      />
    </div>
  )
}
