// Which controls fit under an embedded plot? Those that the host asks for, else the usual two; and the network, where it has a shape to show.
import { armExperiment, armsOf } from '../../core/resolve.ts'
import type { LabState } from '../../store/labState.ts'
import type { ControlName } from '../../store/viewOptions.ts'
import { useLabState } from '../lab.tsx'
import { NetworkStrip } from '../stage/NetworkStrip.tsx'
import { Field } from './Field.tsx'

const MOST_CONTROLS = 4

/** The row under the plots of an embed. */
export function EmbedControls() {
  const asked = useLabState((state) => state.view.controls)
  const kind = useLabState((state) => state.experiment.model.kind)
  const shaped = useLabState(hasShape)
  const names = asked ?? USUAL[kind]
  return (
    <aside className="controls" aria-label="Controls">
      {shaped && <NetworkStrip />}
      {names.slice(0, MOST_CONTROLS).map((name) => (
        <div key={name}>
          <Field name={name} />
        </div>
      ))}
    </aside>
  )
}

const USUAL: Readonly<Record<'chain' | 'mlp' | 'cnn', readonly ControlName[]>> = {
  chain: ['depth', 'tau'],
  mlp: ['depth', 'width'],
  cnn: ['depth', 'width'],
}

/** True where an arm is more than a row of equal dense layers. */
function hasShape({ experiment }: LabState): boolean {
  return armsOf(experiment).some((arm) => {
    const { kind, norm, skipSpan } = armExperiment(experiment, arm).model
    return kind === 'cnn' || (kind === 'mlp' && (norm !== 'none' || skipSpan > 0))
  })
}
