// How is a choice made that both arms may have each for itself? One select, or two in the colours of the arms.
import type { ArmName } from '../../core/experiment.ts'
import { fieldOfArm } from '../../store/fieldPath.ts'
import { useLab, useLabState } from '../lab.tsx'
import { ArmLabel, ownFieldOfB } from './ArmSlider.tsx'
import { Select, type Choice } from './choices.tsx'

interface ArmSelectProps<Value extends string> {
  /** Dotted path of a field that arm B may change. */
  readonly path: string
  readonly label: string
  /** For assistive technology; the label where none is given. */
  readonly name?: string
  readonly choices: readonly Choice<Value>[]
  /** A field that is no text: how it is written back. */
  readonly parse?: (value: Value) => unknown
  readonly className?: string
  readonly disabled?: boolean
  readonly title?: string
}

/** The row of arm A, and that of arm B where its difference names this field. */
export function ArmSelect<Value extends string>({ path, label, name = label, className = '', ...select }: ArmSelectProps<Value>) {
  const both = useLabState((state) => ownFieldOfB(state.experiment.versus, path))
  return (
    <>
      <div className={`field-row ${className}`}>
        <span className="field-label">{both ? <ArmLabel arm="A" label={label} /> : label}</span>
        <PathSelect arm="A" path={path} name={both ? `${name} of arm A` : name} {...select} />
      </div>
      {both && (
        <div className={`field-row ${className}`}>
          <span className="field-label">
            <ArmLabel arm="B" label={label} />
          </span>
          <PathSelect arm="B" path={path} name={`${name} of arm B`} {...select} />
        </div>
      )}
    </>
  )
}

interface PathSelectProps<Value extends string> extends Omit<ArmSelectProps<Value>, 'label' | 'name' | 'className'> {
  readonly arm: ArmName
  readonly name: string
}

/** A select of one arm's field. */
export function PathSelect<Value extends string>({ arm, path, name, choices, parse, ...rest }: PathSelectProps<Value>) {
  const { run } = useLab()
  const value = useLabState((state) => String(fieldOfArm(state.experiment, arm, path)))
  return (
    <Select
      {...rest}
      name={name}
      choices={choices}
      value={value as Value}
      onChange={(chosen) => run.setField(arm === 'A' ? path : `versus.${path}`, parse === undefined ? chosen : parse(chosen))}
    />
  )
}
