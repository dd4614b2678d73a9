// How is an optimizer written, with the slots and the noise of its next update? The inverse of `parseOptimizer`.
import { jsonRow, type JsonOptimizer } from '../../core/snapshot.ts'
import type { ProblemOptimizer } from './parseOptimizer.ts'

/** @param eps as the engine used it, since the experiment may leave it open. */
export function jsonOptimizer({ optimizer, optimizerState, optimizerBatch, noise }: ProblemOptimizer, eps: number): JsonOptimizer {
  const { lr, kind } = optimizer
  const slots = optimizerState.slots.map(jsonRow)
  const t = optimizerState.updates
  const batch = Array.from(optimizerBatch)
  switch (kind) {
    case 'sgd':
      return { kind, lr, batch, state: { t } }
    case 'momentum':
    case 'nesterov': {
      const isNesterov = kind === 'nesterov'
      return {
        kind: 'momentum',
        lr,
        momentum: optimizer.momentum,
        nesterov: isNesterov,
        convention: isNesterov ? 'v = momentum v + g; w -= lr (g + momentum v)' : 'v = momentum v + g; w -= lr v',
        batch,
        state: { t, v: slots[0] },
      }
    }
    case 'rmsprop':
      return {
        kind,
        lr,
        beta2: optimizer.decay,
        eps,
        convention: 'v = beta2 v + (1 - beta2) g^2; w -= lr g / (sqrt(v) + eps)',
        batch,
        state: { t, v: slots[0] },
      }
    case 'adam':
      return {
        kind,
        lr,
        beta1: optimizer.beta1,
        beta2: optimizer.beta2,
        eps,
        convention: 'bias-corrected; w -= lr mHat / (sqrt(vHat) + eps)',
        batch,
        state: { t, m: slots[0], v: slots[1] },
      }
    case 'perturbed':
      return {
        kind: 'perturbedGD',
        lr,
        noiseStd: optimizer.noise,
        ...(noise === null ? {} : { noise: jsonRow(noise) }),
        placement: 'gradient',
        convention: 'w -= lr (g + noiseStd noise)',
        batch,
        state: { t },
      }
    default:
      return kind satisfies never
  }
}
