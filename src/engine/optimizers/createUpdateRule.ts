// Which rule do the optimizer settings name? A new optimizer is one file and one line here.
import type { OptimizerSettings } from '../../core/experiment.ts'
import { adam } from './adam.ts'
import { momentum } from './momentum.ts'
import { nesterov } from './nesterov.ts'
import { perturbed } from './perturbed.ts'
import { rmsprop } from './rmsprop.ts'
import { sgd } from './sgd.ts'
import type { UpdateRule } from './updateRule.ts'

/** The rule of the settings; `eps` as resolved for the engine (see `resolveEps`). */
export function createUpdateRule(settings: OptimizerSettings, eps: number): UpdateRule {
  switch (settings.kind) {
    case 'sgd':
      return sgd(settings.lr)
    case 'momentum':
      return momentum(settings.lr, settings.momentum)
    case 'nesterov':
      return nesterov(settings.lr, settings.momentum)
    case 'perturbed':
      return perturbed(settings.lr, settings.noise)
    case 'rmsprop':
      return rmsprop(settings.lr, settings.decay, eps)
    case 'adam':
      return adam(settings.lr, settings.beta1, settings.beta2, eps)
    default:
      return settings.kind satisfies never
  }
}
