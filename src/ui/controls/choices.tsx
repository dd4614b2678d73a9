// One of several: side by side where there is room, a native select where there is not.
import { useId, type ReactNode } from 'react'

export interface Choice<Value extends string> {
  readonly value: Value
  readonly label: string
  readonly disabled?: boolean
  /** Heading under which a select lists it, next to the others of the group. */
  readonly group?: string
}

interface SegmentedProps<Value extends string> {
  readonly name: string
  readonly choices: readonly Choice<Value>[]
  /** null: none is chosen yet. */
  readonly value: Value | null
  readonly onChange: (value: Value) => void
  readonly className?: string
}

/** A row of native radio buttons. */
export function Segmented<Value extends string>({ name, choices, value, onChange, className = '' }: SegmentedProps<Value>) {
  const group = useId()
  return (
    <fieldset className={`segmented ${className}`}>
      <legend className="sr-only">{name}</legend>
      {choices.map((choice) => (
        <label key={choice.value}>
          <input
            type="radio"
            name={group}
            value={choice.value}
            checked={choice.value === value}
            disabled={choice.disabled}
            onChange={() => onChange(choice.value)}
          />
          {choice.label}
        </label>
      ))}
    </fieldset>
  )
}

interface SelectProps<Value extends string> {
  readonly name: string
  readonly choices: readonly Choice<Value>[]
  readonly value: Value
  readonly onChange: (value: Value) => void
  readonly disabled?: boolean
  /** Said on hover: why it is disabled, or what it does. */
  readonly title?: string
}

/** A native select, labelled for assistive technology only. */
export function Select<Value extends string>({ name, choices, value, onChange, disabled = false, title }: SelectProps<Value>) {
  return (
    <select
      className="select"
      aria-label={name}
      value={value}
      disabled={disabled}
      title={title}
      onChange={(event) => {
        const chosen = choices.find((choice) => choice.value === event.target.value)
        if (chosen !== undefined) onChange(chosen.value)
      }}
    >
      {groupsOf(choices).map(({ name: heading, members }) =>
        heading === undefined ? (
          members.map((choice) => <Option key={choice.value} {...choice} />)
        ) : (
          <optgroup key={heading} label={heading}>
            {members.map((choice) => (
              <Option key={choice.value} {...choice} />
            ))}
          </optgroup>
        ),
      )}
    </select>
  )
}

function Option({ value, label, disabled }: Choice<string>) {
  return (
    <option value={value} disabled={disabled}>
      {label}
    </option>
  )
}

function groupsOf<Value extends string>(choices: readonly Choice<Value>[]) {
  const groups: { name: string | undefined; members: Choice<Value>[] }[] = []
  for (const choice of choices) {
    const last = groups.at(-1)
    if (last !== undefined && last.name === choice.group) last.members.push(choice)
    else groups.push({ name: choice.group, members: [choice] })
  }
  return groups
}

/** A select with its name in front. */
export function SelectRow<Value extends string>({
  label,
  className = '',
  ...select
}: SelectProps<Value> & { readonly label: ReactNode; readonly className?: string }) {
  return (
    <div className={`field-row ${className}`}>
      <span className="field-label">{label}</span>
      <Select {...select} />
    </div>
  )
}
