// Which promises of the tangent kernel can be drawn over a run?
//
// The two bounds of |grad L|^2 / (2 L) hold at every step whatever happens. The bound of the loss is a certificate: it speaks
// only while the step size is small against the curvature and the probe set is the whole training set.
import type { Hypothesis, TheoryCurve } from '../core/theoryCurve.ts'
import { curveThrough, sizesAround } from './curveShape.ts'
import { atMost, hypothesis, shown } from './hypothesis.ts'
import type { RunFacts } from './runFacts.ts'
import { lossUpperBound } from './tangentKernelBounds.ts'

/** Bounds from the measured kernel; nothing before the first kernel sample, and nothing for other losses than the squared error. */
export function kernelCurves(facts: RunFacts): readonly TheoryCurve[] {
  // Per-sample gradients of batch norm hold the statistics still, the loss does not: the two belong to different functions.
  if (facts.layers.some(({ norm }) => norm === 'batch')) return []
  return [...driftCurve(facts), ...curvatureCurve(facts), ...lossCurves(facts)]
}

/** The measured drift carried to other widths: at least as fast as m^-1/2 for a linear output. */
function driftCurve(facts: RunFacts): readonly TheoryCurve[] {
  const { drift } = facts.measured
  const width = facts.widths[1]
  if (drift === undefined || facts.kind !== 'mlp' || facts.depth < 2) return []
  const head = {
    id: 'kernel.driftByWidth',
    label: 'drift falls at least like 1/sqrt width',
    source: 'Liu et al. 2020, Theorem 5.1 and section 6',
    axis: 'width',
    hypotheses: freezingHypotheses(facts),
  } as const
  return [curveThrough(head, sizesAround(width, 8), (m) => drift * Math.sqrt(width / m))]
}

/** The measured curvature of the outputs carried to other widths. */
function curvatureCurve(facts: RunFacts): readonly TheoryCurve[] {
  const { outputHessianNorm } = facts.measured
  const width = facts.widths[1]
  if (outputHessianNorm === undefined || facts.kind !== 'mlp' || facts.depth < 2) return []
  const head = {
    id: 'kernel.outputHessianByWidth',
    label: 'curvature of an output falls like 1/sqrt width',
    source: 'Liu et al. 2020, equation 25 and Theorem 5.1',
    axis: 'width',
    hypotheses: [...freezingHypotheses(facts), hypothesis('one hidden layer', facts.depth === 2, `depth ${facts.depth}`)],
  } as const
  return [curveThrough(head, sizesAround(width, 8), (m) => outputHessianNorm * Math.sqrt(width / m))]
}

/** Under which the kernel stands still as the width grows. */
function freezingHypotheses(facts: RunFacts): readonly Hypothesis[] {
  return [
    hypothesis(
      'NTK parameterization',
      facts.gradientScales.some((scale) => scale !== 1),
    ),
    hypothesis('linear output', facts.outputActivation === 'identity', facts.outputActivation),
  ]
}

function lossCurves(facts: RunFacts): readonly TheoryCurve[] {
  const { kernel, initialLoss } = facts.measured
  if (kernel === undefined || kernel.steps.length === 0 || facts.loss.kind !== 'squaredError') return []
  const source = 'Liu et al. 2020, Theorem 4.1'
  const exact: readonly Hypothesis[] = [hypothesis('half squared error', true)]
  const bounds = [
    curveThrough(
      { id: 'kernel.plLower', label: 'lambda_min of the kernel', source, axis: 'step', hypotheses: exact },
      kernel.steps,
      (_, k) => kernel.lower[k],
    ),
    curveThrough(
      { id: 'kernel.plUpper', label: 'lambda_max of the kernel', source, axis: 'step', hypotheses: exact },
      kernel.steps,
      (_, k) => kernel.upper[k],
    ),
  ]
  if (initialLoss === undefined || kernel.steps[0] !== 0) return bounds
  const { lr } = facts.optimizer
  const { lambdaMax } = facts.measured
  const smallest = Math.min(...kernel.lower)
  const bound = lossUpperBound(initialLoss, lr, kernel.steps, kernel.lower)
  const head = {
    id: 'kernel.lossUpperBound',
    label: 'loss certified by the kernel',
    source: 'Liu et al. 2020, Theorem 4.2',
    axis: 'step',
    hypotheses: [
      ...exact,
      hypothesis('full-batch gradient descent', facts.fullBatch && facts.optimizer.kind === 'sgd'),
      hypothesis('kernel measured on the whole training set', facts.probeIsTraining),
      atMost('lr <= 1/lambda_max of the Hessian on the path', lr, lambdaMax === undefined ? undefined : 1 / lambdaMax),
      hypothesis('lambda_min(K) > 0 so far', smallest > 0, shown(smallest)),
    ],
  } as const
  return [...bounds, curveThrough(head, kernel.steps, (_, k) => bound[k])]
}
