// How is a number moved that both arms may have each for itself? One slider, or two in the colours of the arms.
import type { ReactNode } from 'react'
import type { ArmName } from '../../core/experiment.ts'
import { LIMITS, type LimitName } from '../../core/limits.ts'
import { fieldOfArm } from '../../store/fieldPath.ts'
import { useLab, useLabState } from '../lab.tsx'
import { Slider, type SliderMark } from './Slider.tsx'

interface ArmSliderProps {
  readonly path: 'model.depth' | 'model.width' | 'init.tau' | 'init.gain' | 'batch'
  readonly limit: LimitName
  readonly label: string
  readonly whole?: boolean
  readonly disabled?: boolean
  readonly marks?: readonly SliderMark[]
  readonly valueText?: (value: number) => string
  readonly format?: (value: number) => string
  /** The value that a wish becomes, where not every number exists. */
  readonly settle?: (arm: ArmName, wanted: number) => number
  /** Beside the label of arm A. */
  readonly aside?: ReactNode
}

/** The slider of arm A, and that of arm B where its difference names this field. */
export function ArmSlider({ path, limit, label, settle, aside, ...rest }: ArmSliderProps) {
  const { run } = useLab()
  const experiment = useLabState((state) => state.experiment)
  const bHasOwn = ownFieldOfB(experiment.versus, path)
  const shared = { limit: LIMITS[limit], onEnd: run.endDrag, ...rest }
  const valueOf = (arm: ArmName) => Number(fieldOfArm(experiment, arm, path))
  return (
    <>
      <Slider
        {...shared}
        label={bHasOwn ? <ArmLabel arm="A" label={label} /> : label}
        name={bHasOwn ? `${label} of arm A` : label}
        tone={bHasOwn ? 'a' : 'ink'}
        aside={aside}
        value={valueOf('A')}
        onChange={(value, dragging) => run.setField(path, settle?.('A', value) ?? value, dragging)}
      />
      {bHasOwn && (
        <Slider
          {...shared}
          label={<ArmLabel arm="B" label={label} />}
          name={`${label} of arm B`}
          tone="b"
          value={valueOf('B')}
          onChange={(value, dragging) => run.setField(`versus.${path}`, settle?.('B', value) ?? value, dragging)}
        />
      )}
    </>
  )
}

/** "A · Depth" in the colour of the arm. */
export function ArmLabel({ arm, label }: { readonly arm: ArmName; readonly label: string }) {
  return (
    <span className={arm === 'A' ? 'arm-a' : 'arm-b'}>
      {arm} · {label}
    </span>
  )
}

/** True where the difference of arm B names this field. */
export function ownFieldOfB(versus: object | null, path: string): boolean {
  let value: unknown = versus
  for (const key of path.split('.')) value = (value as Readonly<Record<string, unknown>> | null | undefined)?.[key]
  return value !== undefined
}
