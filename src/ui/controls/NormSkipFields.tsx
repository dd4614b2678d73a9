// Which two parts keep a deep network trainable? Norm and skips side by side, because each alone can do harm.
import { useLabState } from '../lab.tsx'
import { PathSelect } from './ArmSelect.tsx'
import { ownFieldOfB } from './ArmSlider.tsx'
import { NORM_CHOICES, SKIP_CHOICES } from './words.ts'

/** One row, or one for each arm where they differ in norm or skips. */
export function NormSkipFields() {
  const both = useLabState(({ experiment: { versus } }) => ownFieldOfB(versus, 'model.norm') || ownFieldOfB(versus, 'model.skipSpan'))
  return (
    <>
      {(both ? (['A', 'B'] as const) : (['A'] as const)).map((arm) => (
        <div key={arm} className="field-row pair">
          {both && <b className={arm === 'A' ? 'arm-a' : 'arm-b'}>{arm}</b>}
          <PathSelect arm={arm} path="model.norm" name={both ? `Norm of arm ${arm}` : 'Norm'} choices={NORM_CHOICES} />
          <PathSelect
            arm={arm}
            path="model.skipSpan"
            name={both ? `Skip connections of arm ${arm}` : 'Skip connections'}
            title="Hidden layers that one skip connection spans"
            choices={SKIP_CHOICES}
            parse={Number}
          />
        </div>
      ))}
    </>
  )
}
