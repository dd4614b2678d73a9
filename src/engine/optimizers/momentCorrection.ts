// How far is a second moment that began at zero from the mean of the squares?
import type { OptimizerSettings } from '../../core/experiment.ts'

/** What the second moment is divided by after `updates` of them: 1 - beta2^t for Adam, else 1; also before the first, when it is 0. */
export function momentCorrection({ kind, beta2 }: OptimizerSettings, updates: number): number {
  return kind === 'adam' && updates > 0 ? 1 - beta2 ** updates : 1
}
