// How is a number moved that both arms may have each for itself? One slider, or two in the colours of the arms.
import { LIMITS, type LimitName } from '../../core/limits.ts'
import { fieldOfArm } from '../../store/fieldPath.ts'
import { useLab, useLabState } from '../lab.tsx'
import { Slider, type SliderMark } from './Slider.tsx'

interface ArmSliderProps {
  readonly path: 'model.depth' | 'model.width' | 'init.tau' | 'batch'
  readonly limit: LimitName
  readonly label: string
  readonly whole?: boolean
  readonly disabled?: boolean
  readonly marks?: readonly SliderMark[]
  readonly valueText?: (value: number) => string
  readonly format?: (value: number) => string
}

/** The slider of arm A, and that of arm B where its difference names this field. */
export function ArmSlider({ path, limit, label, ...rest }: ArmSliderProps) {
  const { run } = useLab()
  const experiment = useLabState((state) => state.experiment)
  const bHasOwn = ownFieldOfB(experiment.versus, path)
  const shared = { limit: LIMITS[limit], onEnd: run.endDrag, ...rest }
  const valueOf = (arm: 'A' | 'B') => Number(fieldOfArm(experiment, arm, path))
  return (
    <>
      <Slider
        {...shared}
        label={bHasOwn ? <ArmLabel arm="A" label={label} /> : label}
        name={bHasOwn ? `${label} of arm A` : label}
        tone={bHasOwn ? 'a' : 'ink'}
        value={valueOf('A')}
        onChange={(value, dragging) => run.setField(path, value, dragging)}
      />
      {bHasOwn && (
        <Slider
          {...shared}
          label={<ArmLabel arm="B" label={label} />}
          name={`${label} of arm B`}
          tone="b"
          value={valueOf('B')}
          onChange={(value, dragging) => run.setField(`versus.${path}`, value, dragging)}
        />
      )}
    </>
  )
}

/** "A · Depth" in the colour of the arm. */
export function ArmLabel({ arm, label }: { readonly arm: 'A' | 'B'; readonly label: string }) {
  return (
    <span className={arm === 'A' ? 'arm-a' : 'arm-b'}>
      {arm} · {label}
    </span>
  )
}

function ownFieldOfB(versus: object | null, path: string): boolean {
  let value: unknown = versus
  for (const key of path.split('.')) value = (value as Readonly<Record<string, unknown>> | null | undefined)?.[key]
  return value !== undefined
}
