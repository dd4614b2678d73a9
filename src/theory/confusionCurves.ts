// Where must SGD at batch 1 be on least squares, and where does its guarantee stop?
import type { TheoryCurve } from '../core/theoryCurve.ts'
import { curveThrough } from './curveShape.ts'
import { atMost, hypothesis, shown } from './hypothesis.ts'
import type { RunFacts } from './runFacts.ts'
import { confusionBound, confusionContraction, confusionStepLimit } from './sgdConfusionBound.ts'

/**
 * The bound of E F_t - F*, from measured |x_i|^2 and confusion; nothing where the step is too large for it to exist.
 *
 * Its floor, N eta / (2 mu) for small steps, does not depend on the step. Source: Sankararaman et al. 2020, Theorem 3.1.
 */
export function confusionCurves(facts: RunFacts): readonly TheoryCurve[] {
  const { initialTrainLoss, outputGradientSquare, confusion } = facts.measured
  if (facts.kind === 'chain' || facts.depth !== 1 || facts.outputActivation !== 'identity' || facts.loss.kind !== 'squaredError') return []
  if (facts.widths[1] !== 1 || facts.loss.reduction !== 'mean') return []
  if (initialTrainLoss === undefined || outputGradientSquare === undefined || confusion === undefined) return []
  const { min, max } = outputGradientSquare
  const setting = { samples: facts.trainCount, convexity: min, smoothness: max, lr: facts.optimizer.lr, confusion }
  const limit = confusionStepLimit(facts.trainCount, max)
  if (!(min > 0 && setting.lr < limit)) return []
  const floor = (setting.lr * confusion) / (1 - confusionContraction(setting))
  const head = {
    id: 'sgd.confusionBound',
    label: `SGD bound, floor ${shown(floor)}`,
    source: 'Sankararaman et al. 2020, Theorem 3.1 (corrected)',
    axis: 'step',
    hypotheses: [
      hypothesis('batches of one sample', facts.batch === 1, `batch ${facts.batch}`),
      hypothesis('plain SGD', facts.optimizer.kind === 'sgd', facts.optimizer.kind),
      hypothesis('no bias', !facts.bias),
      hypothesis('|x|^2 and eta of the whole training set', facts.probeIsTraining, `${facts.probeCount} of ${facts.trainCount}`),
      hypothesis(
        'as many weights as samples: F* = 0',
        facts.parameterCount >= facts.trainCount,
        `${facts.parameterCount} of ${facts.trainCount}`,
      ),
      atMost('lr < 2/(N S)', setting.lr, limit),
    ],
  } as const
  const steps = Float64Array.from({ length: 101 }, (_, k) => (facts.steps * k) / 100)
  return [curveThrough(head, steps, (step) => confusionBound(step, initialTrainLoss, setting))]
}
