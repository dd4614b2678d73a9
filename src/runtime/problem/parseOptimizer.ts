// Which update does a problem file describe? One step of it is measured, so its slots and its noise are part of the problem.
import { DEFAULT_OPTIMIZER } from '../../core/defaults.ts'
import type { OptimizerSettings } from '../../core/experiment.ts'
import { choiceAt, listAt, neutral, numberAt, numbersAt, objectAt, refuse, type Json } from '../../core/strictJson.ts'
import { integerAt } from './parseModel.ts'

/** Optimizer slots [P] as a problem file may give them, in the order of the engines (momentum, nesterov, rmsprop: v; adam: m, v). */
export interface OptimizerState {
  readonly updates: number
  readonly slots: readonly Float64Array[]
}

export interface ProblemOptimizer {
  /** Without decay: `lr` is the rate of the one step. */
  readonly optimizer: OptimizerSettings
  readonly optimizerState: OptimizerState
  readonly optimizerBatch: Int32Array
  /** [P] the normal numbers that perturbed descent adds in this step; null where nobody says. */
  readonly noise: Float64Array | null
}

/** SGD at the default rate on all samples, where a problem names none; `lr` never drops. */
const PLAIN: OptimizerSettings = { ...DEFAULT_OPTIMIZER, noise: 0, dropEvery: 0, dropFactor: 1 }

/** Sample positions below `count`, at least one. @throws {DomainFault} otherwise. */
export function indicesAt(value: unknown, where: string, count: number): Int32Array {
  const list = listAt(value, where)
  if (list.length === 0) refuse(where, 'empty', 0, 'at least one sample')
  return Int32Array.from(list, (entry, i) => integerAt(entry, `${where}[${i}]`, 0, count - 1))
}

/** Reads `problem.optimizer`. @throws {DomainFault} for what is unknown or out of range. */
export function parseOptimizer(value: unknown, parameters: number, count: number): ProblemOptimizer {
  const all = Int32Array.from({ length: count }, (_, i) => i)
  if (value === undefined) return { optimizer: PLAIN, optimizerState: { updates: 0, slots: [] }, optimizerBatch: all, noise: null }
  const where = 'problem.optimizer'
  const given = objectAt(value, where)
  const named = choiceAt(given.kind, `${where}.kind`, ['sgd', 'momentum', 'rmsprop', 'adam', 'perturbedGD'])
  const isNesterov = named === 'momentum' && given.nesterov === true
  if (!isNesterov) neutral(given, where, 'nesterov', false)
  if (named !== 'perturbedGD') neutral(given, where, 'noiseStd', 0)
  neutral(given, where, 'placement', 'gradient')
  const kind = named === 'perturbedGD' ? 'perturbed' : isNesterov ? 'nesterov' : named
  const number = (field: string, fallback: number, min: number, max: number): number =>
    given[field] === undefined ? fallback : numberAt(given[field], `${where}.${field}`, min, max)
  const optimizer: OptimizerSettings = {
    ...PLAIN,
    kind,
    lr: numberAt(given.lr, `${where}.lr`, 0, Infinity),
    momentum: number('momentum', PLAIN.momentum, 0, 1),
    decay: kind === 'rmsprop' ? number('beta2', PLAIN.decay, 0, 1) : PLAIN.decay,
    beta1: kind === 'adam' ? correctedAt(given, where, 'beta1', PLAIN.beta1) : PLAIN.beta1,
    beta2: kind === 'adam' ? correctedAt(given, where, 'beta2', PLAIN.beta2) : PLAIN.beta2,
    eps: given.eps === undefined ? null : numberAt(given.eps, `${where}.eps`, 0, Infinity),
    noise: kind === 'perturbed' ? numberAt(given.noiseStd, `${where}.noiseStd`, 0, Infinity) : 0,
  }
  const state = given.state === undefined ? {} : objectAt(given.state, `${where}.state`)
  const slot = (field: string): Float64Array =>
    state[field] === undefined ? new Float64Array(parameters) : numbersAt(state[field], `${where}.state.${field}`, parameters)
  const updates = state.t === undefined ? 0 : integerAt(state.t, `${where}.state.t`, 0, Number.MAX_SAFE_INTEGER)
  const slots = slotNames(kind).map((name) => {
    const values = slot(name)
    // Means of squares; the square root of a negative one would be nobody's step.
    if (isOfSquares(kind, name)) values.forEach((value, i) => numberAt(value, `${where}.state.${name}[${i}]`, 0, Infinity))
    return values
  })
  return {
    optimizer,
    optimizerState: { updates, slots },
    optimizerBatch: given.batch === undefined ? all : indicesAt(given.batch, `${where}.batch`, count),
    noise: kind !== 'perturbed' || given.noise === undefined ? null : numbersAt(given.noise, `${where}.noise`, parameters),
  }
}

/** A mean's weight, within [0, 1): its bias is corrected by 1 - beta^t, which may not be 0. */
function correctedAt(given: Json, where: string, field: string, fallback: number): number {
  if (given[field] === undefined) return fallback
  const value = numberAt(given[field], `${where}.${field}`, 0, 1)
  if (value === 1) refuse(`${where}.${field}`, 'a mean that never moves', value, 'below 1')
  return value
}

function isOfSquares(kind: OptimizerSettings['kind'], slot: 'v' | 'm'): boolean {
  return slot === 'v' && (kind === 'rmsprop' || kind === 'adam')
}

/** Slots of an optimizer in the order of the engines. */
export function slotNames(kind: OptimizerSettings['kind']): readonly ('v' | 'm')[] {
  switch (kind) {
    case 'sgd':
    case 'perturbed':
      return []
    case 'momentum':
    case 'nesterov':
    case 'rmsprop':
      return ['v']
    case 'adam':
      return ['m', 'v']
    default:
      return kind satisfies never
  }
}
