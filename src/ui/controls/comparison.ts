// What does arm B change, and what does it start with when somebody asks to compare?
import type { ArmDifference, Experiment } from '../../core/experiment.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Comparison } from './words.ts'

/** The first thing in which arm B differs, in the order in which the page lists them. */
export function comparisonOf(versus: ArmDifference | null): Comparison {
  if (versus === null) return 'off'
  if (versus.linearised === true) return 'linearised'
  if (versus.model?.depth !== undefined) return 'depth'
  if (versus.model?.width !== undefined) return 'width'
  if (versus.init?.scheme !== undefined) return 'scheme'
  if (versus.init?.tau !== undefined) return 'tau'
  if (versus.batch !== undefined) return 'batch'
  return 'optimizer'
}

/** A difference worth looking at: four times, the other family, never equal to arm A. */
export function differenceFor(comparison: Comparison, experiment: Experiment): ArmDifference | null {
  const { model, init, optimizer, batch } = experiment
  const chain = model.kind === 'chain'
  switch (comparison) {
    case 'off':
      return null
    case 'optimizer':
      return optimizer.kind === 'sgd' || optimizer.kind === 'momentum'
        ? { optimizer: { kind: 'rmsprop', lr: chain ? 0.002 : 0.001 } }
        : { optimizer: { kind: 'sgd', lr: 0.1 } }
    case 'depth':
      return { model: { depth: fourTimes(model.depth, LIMITS.depth.softMax) } }
    case 'width':
      return { model: { width: fourTimes(model.width, LIMITS.width.softMax) } }
    case 'tau':
      return { init: { tau: init.tau < 2 ? Math.E : Math.sqrt(3) } }
    case 'scheme':
      return { init: { scheme: init.scheme === 'orthogonal' ? 'heNormal' : 'orthogonal' } }
    case 'linearised':
      return { linearised: true }
    case 'batch':
      return { batch: fourTimes(batch, LIMITS.batch.softMax) }
    default:
      comparison satisfies never
      return null
  }
}

function fourTimes(value: number, max: number): number {
  return value * 4 <= max ? value * 4 : Math.max(1, Math.round(value / 4))
}
