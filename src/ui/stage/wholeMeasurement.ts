// What would a card show if one waited for it? The button of each instrument whose live measurement is cheaper than the whole.
import { armsOf } from '../../core/resolve.ts'
import type { Step } from '../../core/units.ts'
import type { LabState } from '../../store/labState.ts'
import type { PanelName } from '../../store/viewOptions.ts'

/** Largest P of which every eigenvalue is computed; chains know theirs by a shorter route. */
const EXACT_LIMIT = { chain: 2000, other: 1500 } as const

export interface WholeMeasurement {
  readonly label: string
  readonly title: string
}

/** Null where the newest picture is the whole one already, or nothing more can be had. */
export function wholeMeasurement(panel: PanelName, { columns, experiment, run }: LabState): WholeMeasurement | null {
  const arms = armsOf(experiment)
  // While a run goes on the next one is on its way, and as whole: the button must not come and go with every step.
  const isNow = (step: Step) => step === run.step || run.phase === 'running'
  if (panel === 'hessian') {
    const exact = arms.every((arm) => {
      const newest = columns[arm].hessian.samples.at(-1)
      return newest?.method === 'exact' && isNow(newest.step)
    })
    if (exact) return null
    const limit = experiment.model.kind === 'chain' ? EXACT_LIMIT.chain : EXACT_LIMIT.other
    const count = columns.A.hessian.samples.at(-1)?.parameterCount
    if (count === undefined || count <= limit) return { label: 'Solve exactly', title: 'Every eigenvalue, once' }
    return { label: 'More probes', title: 'Lanczos with more probes and steps, and the layer blocks, once' }
  }
  if (panel === 'cosines') {
    const whole = arms.every((arm) => {
      const newest = columns[arm].cosines.samples.at(-1)
      return (
        newest !== undefined &&
        isNow(newest.step) &&
        newest.pairs.cosines.length + newest.pairs.excluded >= experiment.diagnostics.pairCount
      )
    })
    return whole ? null : { label: 'All pairs', title: `All ${experiment.diagnostics.pairCount} pairs of batches, once` }
  }
  if (panel === 'kernel') {
    const whole = arms.every((arm) => {
      const newest = columns[arm].kernel.samples.at(-1)
      return newest !== undefined && isNow(newest.step) && newest.outputHessianNorm !== undefined
    })
    return whole ? null : { label: 'Output Hessian', title: 'The kernel with the Hessian of the outputs, once' }
  }
  return null
}
