// After how many steps was the plateau left? Of the seeds the median, at the place of which the closed form speaks.
import type { ArmName } from '../../core/experiment.ts'
import { armExperiment } from '../../core/resolve.ts'
import type { ChartPoint } from '../../plots/predictionData.ts'
import { medianFirstBelow } from '../../plots/sizePoints.ts'
import type { LabState } from '../../store/labState.ts'

/** Product of all weights from which on gradient descent counts as gone: within a hundredth of the solution. */
const NEAR = 0.99

/** One point once half of the seeds have left; none before, nor without equal weights. */
export function escapePoints({ experiment, columns }: LabState, arm: ArmName): readonly ChartPoint[] {
  const { model, optimizer, init } = armExperiment(experiment, arm)
  const { loss } = columns[arm]
  if (loss === null || init.scheme !== 'constant') return []
  // RMSprop's bound ends where the gradient stops growing; that of gradient descent at the solution.
  const product = optimizer.kind === 'rmsprop' ? (model.depth - 1) / (2 * model.depth - 1) : NEAR
  const level = 0.5 * (1 - product) ** 2
  const median = medianFirstBelow(loss, level)
  return median === null ? [] : [{ arm, x: model.depth, y: median }]
}
