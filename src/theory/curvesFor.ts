// Which closed forms speak about this run?
//
// A form whose shape does not fit (a chain law for a network) is left out; one that fits but whose conditions fail is returned
// with its crosses, because seeing theory fail outside its range is part of the lesson.
import type { TheoryCurve } from '../core/theoryCurve.ts'
import { ballCurves } from './ballCurves.ts'
import { chainCurves } from './chainCurves.ts'
import { curveThrough, levelCurve } from './curveShape.ts'
import { atMost, hypothesis, shown } from './hypothesis.ts'
import { confusionCurves } from './confusionCurves.ts'
import { forwardCurves, signalCurves } from './forwardCurves.ts'
import { kernelCurves } from './kernelCurves.ts'
import { networkCurves } from './networkCurves.ts'
import { nullCosineDensity, nullCosineDeviation } from './nullCosine.ts'
import type { RunFacts } from './runFacts.ts'
import { spreadCurves } from './spreadCurves.ts'
import { isPreconditioned, stabilityThreshold } from './stabilityLine.ts'

/** The curves that apply to one arm of a run, in a fixed order with unique ids. */
export function theoryFor(facts: RunFacts): readonly TheoryCurve[] {
  const ofStacks = facts.fixedOutput ? [] : curvesOfStacks(facts)
  return [...ofStacks, ...kernelCurves(facts), ...ballCurves(facts), stabilityCurve(facts), ...nullCosineCurve(facts)]
}

function curvesOfStacks(facts: RunFacts): readonly TheoryCurve[] {
  return facts.plainDense
    ? [...chainCurves(facts), ...networkCurves(facts), ...forwardCurves(facts), ...spreadCurves(facts), ...confusionCurves(facts)]
    : signalCurves(facts)
}

function stabilityCurve(facts: RunFacts): TheoryCurve {
  const { optimizer } = facts
  const threshold = stabilityThreshold(optimizer)
  const preconditioned = isPreconditioned(optimizer.kind)
  const { lambdaMax, preconditionedLambdaMax } = facts.measured
  return levelCurve(
    {
      id: 'hessian.stabilityLine',
      label: `stability limit ${shown(threshold)}${preconditioned ? ' (preconditioned)' : ''}`,
      source: preconditioned ? 'Cohen et al. 2022' : 'Polyak 1964; Cohen et al. 2021',
      axis: 'step',
      hypotheses: [
        hypothesis('full-batch steps', facts.fullBatch),
        preconditioned
          ? atMost('lambda_max of the preconditioned spectrum below the limit', preconditionedLambdaMax, threshold)
          : atMost('lambda_max below the limit', lambdaMax, threshold),
      ],
    },
    [0, facts.steps],
    threshold,
  )
}

/** Even points over 8 standard deviations (at most [-1, 1]); in R^2 without the infinite ends. */
function nullCosineCurve(facts: RunFacts): readonly TheoryCurve[] {
  const { parameterCount } = facts
  if (parameterCount < 2) return []
  const reach = Math.min(1, 8 * nullCosineDeviation(parameterCount))
  const inner = parameterCount === 2 ? 0.999 : 1
  const x = Float64Array.from({ length: 201 }, (_, i) => inner * reach * (i / 100 - 1))
  const head = {
    id: 'cosine.null',
    label: `unrelated directions in ${parameterCount} dimensions`,
    source: 'Sankararaman et al. 2020, Lemma B.1 (setting)',
    axis: 'cosine',
    hypotheses: [hypothesis('gradients have no common direction', undefined)],
  } as const
  const deviation = { ...head, id: 'cosine.deviation', label: 'sd of the cosine, 1/√P', axis: 'step' } as const
  return [
    curveThrough(head, x, (cosine) => nullCosineDensity(cosine, parameterCount)),
    levelCurve(deviation, [0, facts.steps], nullCosineDeviation(parameterCount)),
  ]
}
