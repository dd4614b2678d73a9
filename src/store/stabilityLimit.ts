// Above which curvature does the optimizer of an arm overshoot, and on which spectrum does that limit lie?
import type { ArmName, Experiment } from '../core/experiment.ts'
import type { Step } from '../core/units.ts'
import { isPreconditioned, stabilityThreshold } from '../theory/stabilityLine.ts'
import { effectiveOptimizer } from './effectiveOptimizer.ts'

export interface StabilityLimit {
  readonly value: number
  /** In symbols, such as "2/η". */
  readonly label: string
  /** plain: compare with the Hessian's eigenvalues. preconditioned: with those that the optimizer feels. */
  readonly spectrum: 'plain' | 'preconditioned'
}

/** The limit of linear stability at a step. Source: see `stabilityThreshold`. */
export function stabilityLimit(experiment: Experiment, arm: ArmName, step: Step): StabilityLimit {
  const optimizer = effectiveOptimizer(experiment, arm, step)
  return {
    value: stabilityThreshold(optimizer),
    label: LABELS[optimizer.kind],
    spectrum: isPreconditioned(optimizer.kind) ? 'preconditioned' : 'plain',
  }
}

const LABELS = {
  sgd: '2/η',
  perturbed: '2/η',
  momentum: '2(1+μ)/η',
  nesterov: '2(1+μ)/((1+2μ)η)',
  rmsprop: '2/η',
  adam: '2(1+β₁)/((1−β₁)η)',
} as const satisfies Record<Experiment['optimizer']['kind'], string>
