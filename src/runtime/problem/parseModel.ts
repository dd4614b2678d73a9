// What does the `model` part of a problem file say about all layers?
import type { Activation } from '../../core/experiment.ts'
import type { ImageShape } from '../../core/dataset.ts'
import type { JsonModel, JsonSkip } from '../../core/snapshot.ts'
import { choiceAt, neutral, numberAt, numbersAt, objectAt, refuse, type Json } from '../../core/strictJson.ts'
import { activationAt } from './activationNames.ts'

export interface ParsedModel {
  readonly kind: JsonModel['kind']
  readonly activation: Activation
  readonly outputActivation: Activation
  readonly isNtk: boolean
  readonly biasScale: number
  /** Of every hidden layer; `frozen` where each brings statistics of its own. */
  readonly norm: { readonly kind: 'batch' | 'layer'; readonly eps: number; readonly frozen: boolean } | null
  readonly skip: JsonSkip | null
  /** null: each convolution says its own. */
  readonly paddingMode: 'zero' | 'circular' | null
  readonly inputShape: ImageShape | null
}

const WHERE = 'problem.model'

/** Reads `problem.model`. @throws {DomainFault} for what is unknown, contradictory or left to a guess. */
export function parseModel(value: unknown): ParsedModel {
  const model = objectAt(value, WHERE)
  const kind = choiceAt(model.kind, `${WHERE}.kind`, ['chain', 'mlp', 'cnn'])
  neutral(model, WHERE, 'outputScale', 1)
  neutral(model, WHERE, 'denseLayout', 'out_in')
  neutral(model, WHERE, 'convLayout', 'OIHW')
  neutral(model, WHERE, 'dataLayout', 'NCHW')
  const inputShape = model.inputShape === undefined ? null : inputShapeAt(model.inputShape)
  if (kind === 'cnn' && inputShape === null) refuse(`${WHERE}.inputShape`, 'missing', undefined, '[channels, height, width]')
  return {
    kind,
    activation: activationAt(model.activation ?? 'linear', `${WHERE}.activation`),
    outputActivation: activationAt(model.outputActivation ?? 'linear', `${WHERE}.outputActivation`),
    isNtk:
      model.parameterization !== undefined && choiceAt(model.parameterization, `${WHERE}.parameterization`, ['standard', 'ntk']) === 'ntk',
    biasScale: model.biasScale === undefined ? 1 : numberAt(model.biasScale, `${WHERE}.biasScale`),
    norm: normAt(model),
    skip: skipAt(model.skip),
    paddingMode:
      model.paddingMode === undefined
        ? null
        : choiceAt<'zero' | 'circular'>(model.paddingMode, `${WHERE}.paddingMode`, ['zero', 'circular']),
    inputShape,
  }
}

/** An integer within [min, max]. @throws {DomainFault} otherwise. */
export function integerAt(value: unknown, where: string, min: number, max: number): number {
  const number = numberAt(value, where, min, max)
  if (!Number.isInteger(number)) refuse(where, 'not an integer', value, 'an integer')
  return number
}

function inputShapeAt(value: unknown): ImageShape {
  const [channels, height, width] = Array.from(numbersAt(value, `${WHERE}.inputShape`, 3), (extent, i) =>
    integerAt(extent, `${WHERE}.inputShape[${i}]`, 1, 1e7),
  )
  return [channels, height, width]
}

function normAt(model: Json): ParsedModel['norm'] {
  const batch = flagAt(model.batchNorm, `${WHERE}.batchNorm`)
  const layer = flagAt(model.layerNorm, `${WHERE}.layerNorm`)
  if (batch && layer) refuse(`${WHERE}.layerNorm`, 'a second norm', true, 'either batchNorm or layerNorm')
  const epsAt = (field: string): number =>
    model[field] === undefined ? 1e-5 : numberAt(model[field], `${WHERE}.${field}`, Number.MIN_VALUE, Infinity)
  if (layer) return { kind: 'layer', eps: epsAt('lnEps'), frozen: false }
  if (!batch) return null
  const mode = choiceAt(model.bnMode, `${WHERE}.bnMode`, ['train', 'eval'])
  return { kind: 'batch', eps: epsAt('bnEps'), frozen: mode === 'eval' }
}

function flagAt(value: unknown, where: string): boolean {
  if (value === undefined) return false
  if (typeof value !== 'boolean') refuse(where, 'not a flag', value, 'true | false')
  return value
}

function skipAt(value: unknown): JsonSkip | null {
  if (value === undefined || value === null || value === false) return null
  const where = `${WHERE}.skip`
  const skip = objectAt(value, where)
  const scaleAt = (field: string): number => (skip[field] === undefined ? 1 : numberAt(skip[field], `${where}.${field}`))
  return {
    span: integerAt(skip.span, `${where}.span`, 1, 1e6),
    first: integerAt(skip.first, `${where}.first`, 0, 1e6),
    placement: choiceAt(skip.placement, `${where}.placement`, ['postAct', 'preAct']),
    scale: scaleAt('scale'),
    branchScale: scaleAt('branchScale'),
  }
}
