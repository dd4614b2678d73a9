// What does a plot of one instrument need of an arm? Its label, its samples, the one at the cursor, or why there is none.
import type { ArmName } from '../../core/experiment.ts'
import { armsOf } from '../../core/resolve.ts'
import type { Sample, UnavailableReason } from '../../core/sample.ts'
import type { ArmColumns } from '../../store/armColumns.ts'
import type { LabState } from '../../store/labState.ts'
import { sampleAt, type SampleHistory } from '../../store/sampleHistory.ts'
import { armLabels } from './armLabels.ts'

export type HistoryName = 'gradientNorms' | 'cosines' | 'hessian' | 'kernel'
type SampleOf<Name extends HistoryName> = ArmColumns[Name] extends SampleHistory<infer S extends Sample> ? S : never

export interface ArmSamples<S> {
  readonly arm: ArmName
  readonly label: string
  readonly current: S | null
  readonly samples: readonly S[]
  readonly unavailable: UnavailableReason | null
}

/** One entry per arm that runs, A before B. */
export function armSamples<Name extends HistoryName>(state: LabState, name: Name): readonly ArmSamples<SampleOf<Name>>[] {
  const labels = armLabels(state)
  return armsOf(state.experiment).map((arm) => {
    const history = state.columns[arm][name] as unknown as SampleHistory<SampleOf<Name> & Sample>
    return {
      arm,
      label: labels[arm],
      current: sampleAt(history, state.cursor),
      samples: history.samples,
      unavailable: state.columns[arm].unavailable.get(name) ?? null,
    }
  })
}

/** What changes when an instrument of either arm has measured or fallen silent. */
export function historyVersions(state: LabState, name: HistoryName): readonly unknown[] {
  const { A, B } = state.columns
  return [A[name].version, B[name].version, A.unavailable.get(name), B.unavailable.get(name)]
}
