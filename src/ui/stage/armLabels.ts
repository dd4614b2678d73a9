// What is each arm called on the plots? By what distinguishes it: the optimizer, or the field in which B differs.
import type { ArmName, ModelSettings, OptimizerSettings } from '../../core/experiment.ts'
import { armExperiment } from '../../core/resolve.ts'
import { effectiveOptimizer } from '../../store/effectiveOptimizer.ts'
import { fieldOfArm } from '../../store/fieldPath.ts'
import type { LabState } from '../../store/labState.ts'
import { comparisonOf } from '../controls/comparison.ts'
import { ACTIVATION_CHOICES, nameOf, optimizerName, SCHEME_CHOICES } from '../controls/words.ts'
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
    case 'normSkip':
      return normSkipLabel(armExperiment(experiment, arm).model)
    case 'activation':
      return nameOf(ACTIVATION_CHOICES, armExperiment(experiment, arm).model.activation)
    case 'padding':
      return `${armExperiment(experiment, arm).model.padding} padding`
    case 'batch':
      return `batch ${String(value('batch'))}`
    case 'scheme':
      return nameOf(SCHEME_CHOICES, armExperiment(experiment, arm).init.scheme)
    case 'linearised':
      return arm === 'A' ? optimizerLabel(effectiveOptimizer(experiment, arm, run.step)) : 'its tangent'
    case 'off':
    case 'optimizer':
      return optimizerLabel(effectiveOptimizer(experiment, arm, run.step))
    default:
      return comparison satisfies never
  }
}

/** "plain", "batch norm", "skips" or both. */
function normSkipLabel({ norm, skipSpan }: ModelSettings): string {
  const parts = [...(norm === 'none' ? [] : [`${norm} norm`]), ...(skipSpan === 0 ? [] : ['skips'])]
  return parts.length === 0 ? 'plain' : parts.join(' + ')
}
