// What is each arm called on the plots? By what distinguishes it: the optimizer, or the field in which B differs.
import type { ArmName, OptimizerSettings } from '../../core/experiment.ts'
import { effectiveOptimizer } from '../../store/effectiveOptimizer.ts'
import { fieldOfArm } from '../../store/fieldPath.ts'
import type { LabState } from '../../store/labState.ts'
import { comparisonOf } from '../controls/comparison.ts'
import { optimizerName, SCHEME_CHOICES } from '../controls/words.ts'
import { shortNumber } from '../numberText.ts'

/** "SGD 0.1", or "depth 64" where that is the difference. */
export function armLabels(state: Pick<LabState, 'experiment' | 'run'>): Readonly<Record<ArmName, string>> {
  return { A: armLabel(state, 'A'), B: armLabel(state, 'B') }
}

/** "RMSprop 0.002". */
export function optimizerLabel({ kind, lr }: OptimizerSettings): string {
  return `${optimizerName(kind)} ${shortNumber(lr)}`
}

function armLabel({ experiment, run }: Pick<LabState, 'experiment' | 'run'>, arm: ArmName): string {
  const value = (path: string) => fieldOfArm(experiment, arm, path)
  const comparison = comparisonOf(experiment.versus)
  switch (comparison) {
    case 'depth':
      return `depth ${String(value('model.depth'))}`
    case 'width':
      return `width ${String(value('model.width'))}`
    case 'tau':
      return `τ ${shortNumber(Number(value('init.tau')))}`
    case 'batch':
      return `batch ${String(value('batch'))}`
    case 'scheme':
      return SCHEME_CHOICES.find((choice) => choice.value === value('init.scheme'))?.label ?? ''
    case 'linearised':
      return arm === 'A' ? optimizerLabel(effectiveOptimizer(experiment, arm, run.step)) : 'its tangent'
    case 'off':
    case 'optimizer':
      return optimizerLabel(effectiveOptimizer(experiment, arm, run.step))
    default:
      return comparison satisfies never
  }
}
