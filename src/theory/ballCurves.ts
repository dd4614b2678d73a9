// How near may a solution be, and how far can the kernel move before the weights are there?
//
// Both follow from how fast outputs can change (L_F) and how much they bend (sup |H|). Drawn over the steps of a run, so that
// the distance and the drift that were measured stand beside what bounds them.
import type { TheoryCurve } from '../core/theoryCurve.ts'
import { curveThrough } from './curveShape.ts'
import { hypothesis } from './hypothesis.ts'
import type { MeasuredBall, RunFacts } from './runFacts.ts'
import { shallowCurvatureCeiling } from './shallowCurves.ts'
import { kernelChangeBound, nearestSolution } from './tangentKernelBounds.ts'

/** Nearest solution and largest drift over the steps; none before a kernel was measured. */
export function ballCurves(facts: RunFacts): readonly TheoryCurve[] {
  const { ball } = facts.measured
  if (ball === undefined || ball.steps.length === 0) return []
  return [...nearestCurve(ball), ...driftBound(facts, ball)]
}

function nearestCurve({ steps, lipschitz, residual }: MeasuredBall): readonly TheoryCurve[] {
  if (residual === undefined) return []
  const head = {
    id: 'kernel.nearestSolution',
    label: 'no solution nearer than |F0 - y| / L_F',
    source: 'Liu et al. 2020, section 4',
    axis: 'step',
    hypotheses: [
      hypothesis('half squared error', true),
      hypothesis('outputs change no faster on the way to a solution than on the path', undefined),
    ],
  } as const
  return [curveThrough(head, steps, (_, k) => nearestSolution(lipschitz[k], residual))]
}

/** Relative to |K_0|_F: the argument of the theorem bounds the Frobenius norm as well as the spectral one. */
function driftBound(facts: RunFacts, ball: MeasuredBall): readonly TheoryCurve[] {
  const { steps, lipschitz, distance, kernelNorm, rows, reach, curvature } = ball
  const isShallow = facts.fixedOutput && reach !== undefined && facts.outputActivation === 'identity'
  const ceiling = isShallow ? shallowCurvatureCeiling(reach, facts.widths[1], facts.activation) : (curvature ?? null)
  if (ceiling === null || !(ceiling > 0 && kernelNorm > 0)) return []
  const head = {
    id: 'kernel.driftBound',
    label: 'predicted: no drift beyond',
    source: 'Liu et al. 2020, Theorem 5.1',
    axis: 'step',
    hypotheses: [
      hypothesis('smooth activation', facts.activation !== 'relu', facts.activation),
      isShallow
        ? hypothesis('|H| is bounded for all weights: one hidden layer, output signs fixed', true)
        : hypothesis('outputs bend no more in the whole ball than on the path', undefined),
    ],
  } as const
  return [curveThrough(head, steps, (_, k) => kernelChangeBound(lipschitz[k], rows, distance[k], ceiling) / kernelNorm)]
}
