// How do a chain's weights move when g^2 is far below 1e-308?
//
// SGD, momentum, Nesterov and perturbed descent are the plain rules: a gradient below 1e-308 moves no weight. RMSprop and Adam divide g by its
// own size, so their moments keep an exponent; in the ordinary range both give the plain rules' bits (a test says so).
import type { OptimizerSettings } from '../../core/experiment.ts'
import { momentum } from '../optimizers/momentum.ts'
import { nesterov } from '../optimizers/nesterov.ts'
import { perturbed } from '../optimizers/perturbed.ts'
import { sgd } from '../optimizers/sgd.ts'
import type { UpdateRule } from '../optimizers/updateRule.ts'
import type { ChainUpdateRule } from './chainUpdateRule.ts'
import { plainEntry } from './scaledArray.ts'
import { scaledAdam } from './scaledAdam.ts'
import { scaledRmsprop } from './scaledRmsprop.ts'

/** The rule of the settings, with eps as resolved for chains. */
export function createChainUpdateRule(settings: OptimizerSettings, eps: number): ChainUpdateRule {
  switch (settings.kind) {
    case 'sgd':
      return onPlainGradient(sgd(settings.lr))
    case 'momentum':
      return onPlainGradient(momentum(settings.lr, settings.momentum))
    case 'nesterov':
      return onPlainGradient(nesterov(settings.lr, settings.momentum))
    case 'perturbed':
      return onPlainGradient(perturbed(settings.lr, settings.noise))
    case 'rmsprop':
      return scaledRmsprop(settings.lr, settings.decay, eps)
    case 'adam':
      return scaledAdam(settings.lr, settings.beta1, settings.beta2, eps)
    default:
      return settings.kind satisfies never
  }
}

function onPlainGradient(rule: UpdateRule): ChainUpdateRule {
  let plain = new Float64Array(0)
  return {
    slotCount: rule.slotCount,
    slotsAreScaled: false,
    ...(rule.needsNoise === true ? { needsNoise: true } : {}),
    apply(weights, gradient, slots, slotStep, noise) {
      if (plain.length !== weights.length) plain = new Float64Array(weights.length)
      for (let k = 0; k < plain.length; k++) plain[k] = gradient.exponent[k] === 0 ? gradient.mantissa[k] : plainEntry(gradient, k)
      rule.apply(
        weights,
        plain,
        slots.map((slot) => slot.mantissa),
        slotStep,
        noise,
      )
    },
  }
}
