// What does arm B change, and what does it start with when somebody asks to compare?
import type { ArmDifference, Experiment } from '../../core/experiment.ts'
import { LIMITS } from '../../core/limits.ts'
import { allowedDepth, hasBlocks, hasDepth } from './familyChoice.ts'
import type { Comparison } from './words.ts'

/** The first thing in which arm B differs, in the order in which the page lists them. */
export function comparisonOf(versus: ArmDifference | null): Comparison {
  if (versus === null) return 'off'
  const { model, init } = versus
  if (versus.linearised === true) return 'linearised'
  if (model?.depth !== undefined) return 'depth'
  if (model?.width !== undefined) return 'width'
  if (model?.norm !== undefined || model?.skipSpan !== undefined) return 'normSkip'
  if (model?.activation !== undefined) return 'activation'
  if (model?.padding !== undefined) return 'padding'
  if (init?.scheme !== undefined) return 'scheme'
  if (init?.tau !== undefined) return 'tau'
  if (versus.batch !== undefined) return 'batch'
  return 'optimizer'
}

/** True where the two arms would differ in something that this model reads. */
export function isComparable(comparison: Comparison, { model, init }: Experiment): boolean {
  const chain = model.kind === 'chain'
  switch (comparison) {
    case 'off':
    case 'optimizer':
    case 'linearised':
      return true
    case 'depth':
      return hasDepth(model) && !(hasBlocks(model) && model.blocks !== null)
    case 'width':
      return !chain && model.parameterBudget === null && (model.kind !== 'cnn' || model.family !== 'lenet')
    case 'padding':
      return model.kind === 'cnn' && model.kernel > 1
    case 'tau':
      return init.scheme === 'uniform' || init.scheme === 'constant'
    case 'scheme':
    case 'batch':
    case 'normSkip':
    case 'activation':
      return !chain
    default:
      return comparison satisfies never
  }
}

/** A difference worth looking at: four times, the other family, never equal to arm A. */
export function differenceFor(comparison: Comparison, experiment: Experiment): ArmDifference | null {
  const { model, init, optimizer, batch } = experiment
  const chain = model.kind === 'chain'
  switch (comparison) {
    case 'off':
      return null
    case 'optimizer':
      return optimizer.kind === 'rmsprop' || optimizer.kind === 'adam'
        ? { optimizer: { kind: 'sgd', lr: 0.1 } }
        : { optimizer: { kind: 'rmsprop', lr: chain ? 0.002 : 0.001 } }
    case 'depth':
      return { model: { depth: otherDepth(model) } }
    case 'width':
      return { model: { width: fourTimes(model.width, model.kind === 'cnn' ? WIDEST_CNN : LIMITS.width.softMax) } }
    case 'normSkip':
      return model.norm === 'none' && model.skipSpan === 0
        ? { model: { norm: 'batch', skipSpan: 2 } }
        : { model: { norm: 'none', skipSpan: 0 } }
    case 'activation':
      return { model: { activation: model.activation === 'tanh' ? 'relu' : 'tanh' } }
    case 'padding':
      return { model: { padding: model.padding === 'zero' ? 'circular' : 'zero' } }
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

/** A convolution costs its weights at every pixel: beyond these a comparison is no longer live. */
const DEEPEST_CNN = 24
const WIDEST_CNN = 32

function otherDepth(model: Experiment['model']): number {
  if (model.kind !== 'cnn') return fourTimes(model.depth, LIMITS.depth.softMax)
  const grouped = model.family === 'wide' || model.family === 'stripped'
  return grouped ? allowedDepth(model, 2 * model.depth) : Math.max(2, fourTimes(model.depth, DEEPEST_CNN))
}

function fourTimes(value: number, max: number): number {
  return value * 4 <= max ? value * 4 : Math.max(1, Math.round(value / 4))
}
