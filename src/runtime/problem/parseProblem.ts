// Which network, data and optimizer does a problem file of an outsider describe?
//
// Strict on purpose: whatever we would have to guess is refused in one line that names the place, because
// a silently repaired problem would be measured as something that its author did not write.
import { choiceAt, listAt, neutral, numberAt, numbersAt, objectAt, refuse, type Json } from '../../core/strictJson.ts'
import type { Dataset } from '../../core/dataset.ts'
import type { Activation, Experiment, LossSettings, OptimizerSettings } from '../../core/experiment.ts'
import { DEFAULT_OPTIMIZER } from '../../core/defaults.ts'
import { parameterCount, type DenseLayerSpec, type NetworkSpec } from '../../core/networkSpec.ts'

/** Optimizer slots [P] as a problem file may give them, in the order of the engines (momentum, rmsprop: v; adam: m, v). */
export interface OptimizerState {
  readonly updates: number
  readonly slots: readonly Float64Array[]
}

export interface ResolvedProblem {
  readonly kind: Experiment['model']['kind']
  readonly spec: NetworkSpec
  readonly dataset: Dataset
  /** [P] at step 0. */
  readonly startWeights: Float64Array
  /** [P] where everything is measured; the same object as `startWeights` at step 0. */
  readonly weights: Float64Array
  readonly batches: readonly Int32Array[]
  readonly pairs: readonly (readonly [Int32Array, Int32Array])[]
  readonly optimizer: OptimizerSettings
  readonly optimizerState: OptimizerState
  readonly optimizerBatch: Int32Array
}

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  linear: 'identity',
  identity: 'identity',
  relu: 'relu',
  tanh: 'tanh',
  '3tanh': 'tanh3',
  tanh3: 'tanh3',
  swish: 'swish',
}

function activationAt(value: unknown, where: string): Activation {
  const name = value === undefined ? 'linear' : value
  const found = typeof name === 'string' && Object.hasOwn(ACTIVATIONS, name) ? ACTIVATIONS[name] : undefined
  return found ?? refuse(where, 'unknown activation', value, Object.keys(ACTIVATIONS).join(' | '))
}

function lossAt(value: unknown): LossSettings {
  const loss = objectAt(value, 'problem.loss')
  const kind = choiceAt(loss.kind, 'problem.loss.kind', ['mse', 'softmaxCrossEntropy'])
  if (kind === 'mse') {
    const reduction = choiceAt(loss.reduction, 'problem.loss.reduction', ['halfMean', 'halfSum'])
    return { kind: 'squaredError', reduction: reduction === 'halfMean' ? 'mean' : 'sum' }
  }
  return { kind, reduction: choiceAt(loss.reduction, 'problem.loss.reduction', ['mean', 'sum']) }
}

interface ParsedLayer {
  readonly fanIn: number
  readonly fanOut: number
  readonly weights: Float64Array
  readonly bias: Float64Array | null
}

function tensorAt(value: unknown, where: string): { readonly shape: readonly number[]; readonly data: Float64Array } {
  const tensor = objectAt(value, where)
  const shape = listAt(tensor.shape, `${where}.shape`).map((entry, i) => {
    const extent = numberAt(entry, `${where}.shape[${i}]`, 1, 1e7)
    if (!Number.isInteger(extent)) refuse(`${where}.shape[${i}]`, 'not an integer', entry, 'an integer')
    return extent
  })
  const size = shape.reduce((product, extent) => product * extent, 1)
  return { shape, data: numbersAt(tensor.data, `${where}.data`, size) }
}

function layerAt(value: unknown, where: string): ParsedLayer {
  if (typeof value === 'number') return { fanIn: 1, fanOut: 1, weights: Float64Array.of(numberAt(value, where)), bias: null }
  const layer = objectAt(value, where)
  choiceAt(layer.type, `${where}.type`, ['dense'])
  neutral(layer, where, 'trainable', true)
  for (const field of ['gamma', 'beta', 'scale']) neutral(layer, where, field, field === 'scale' ? 1 : null)
  const { shape, data } = tensorAt(layer.W, `${where}.W`)
  if (shape.length !== 2) refuse(`${where}.W.shape`, 'wrong rank', shape, '[out, in]')
  const [fanOut, fanIn] = shape
  if (layer.b === undefined || layer.b === null) return { fanIn, fanOut, weights: data, bias: null }
  const bias = tensorAt(layer.b, `${where}.b`)
  if (bias.data.length !== fanOut) refuse(`${where}.b.shape`, 'wrong size', bias.shape, `[${fanOut}]`)
  return { fanIn, fanOut, weights: data, bias: bias.data }
}

function layersAt(value: unknown, where: string): readonly ParsedLayer[] {
  const layers = listAt(value, where).map((layer, i) => layerAt(layer, `${where}[${i}]`))
  if (layers.length === 0) refuse(where, 'no layer', 0, 'at least 1')
  for (let i = 1; i < layers.length; i++) {
    if (layers[i].fanIn !== layers[i - 1].fanOut)
      refuse(`${where}[${i}].W.shape`, 'does not fit the layer before', layers[i].fanIn, `${layers[i - 1].fanOut} inputs`)
  }
  return layers
}

function flatten(layers: readonly ParsedLayer[], length: number): Float64Array {
  const flat = new Float64Array(length)
  let offset = 0
  for (const { weights, bias } of layers) {
    flat.set(weights, offset)
    offset += weights.length
    if (bias === null) continue
    flat.set(bias, offset)
    offset += bias.length
  }
  return flat
}

function indicesAt(value: unknown, where: string, count: number): Int32Array {
  const list = listAt(value, where)
  if (list.length === 0) refuse(where, 'empty', 0, 'at least one sample')
  return Int32Array.from(list, (entry, i) => {
    const index = numberAt(entry, `${where}[${i}]`, 0, count - 1)
    if (!Number.isInteger(index)) refuse(`${where}[${i}]`, 'not an integer', entry, 'a sample position')
    return index
  })
}

/** [C, H, W] of the inputs; vectors have none. */
function imageShapeAt(value: unknown, inputWidth: number): Dataset['imageShape'] {
  if (value === undefined) return null
  const [channels, height, width] = numbersAt(value, 'problem.model.inputShape', 3)
  if (channels * height * width !== inputWidth)
    refuse('problem.model.inputShape', 'another size than the inputs', value, `a product of ${inputWidth}`)
  return height * width > 1 ? [channels, height, width] : null
}

/** The samples of a problem as a data set whose training split is the probe set, in float64. */
function datasetAt(problem: Json, inputWidth: number, outputWidth: number, classes: boolean, imageShape: Dataset['imageShape']): Dataset {
  const rows = listAt(problem.inputs, 'problem.inputs')
  const targetRows = listAt(problem.targets, 'problem.targets')
  const count = rows.length
  if (count === 0) refuse('problem.inputs', 'no sample', 0, 'at least 1')
  if (targetRows.length !== count) refuse('problem.targets', 'wrong number of rows', targetRows.length, `${count}`)
  const inputs = new Float64Array(count * inputWidth)
  const targets = new Float64Array(count * outputWidth)
  const labels = classes ? new Int32Array(count) : null
  for (let i = 0; i < count; i++) {
    const row = typeof rows[i] === 'number' && inputWidth === 1 ? [rows[i]] : rows[i]
    inputs.set(numbersAt(row, `problem.inputs[${i}]`, inputWidth), i * inputWidth)
    const target = targetRows[i]
    if (typeof target === 'number' && (classes || outputWidth > 1)) {
      const label = numberAt(target, `problem.targets[${i}]`, 0, outputWidth - 1)
      if (!Number.isInteger(label)) refuse(`problem.targets[${i}]`, 'not a class', target, `0 .. ${outputWidth - 1}`)
      targets[i * outputWidth + label] = 1
      if (labels) labels[i] = label
    } else {
      const values = numbersAt(typeof target === 'number' ? [target] : target, `problem.targets[${i}]`, outputWidth)
      targets.set(values, i * outputWidth)
      if (labels) labels[i] = values.indexOf(Math.max(...values))
    }
  }
  const empty = { count: 0, inputs: new Float32Array(0), targets: new Float32Array(0), labels: null }
  return {
    name: 'problem',
    inputWidth,
    outputWidth,
    task: classes ? 'classification' : 'regression',
    train: { count, inputs, targets, labels },
    test: empty,
    classNames: null,
    imageShape,
  }
}

function optimizerAt(
  value: unknown,
  parameters: number,
  count: number,
): Pick<ResolvedProblem, 'optimizer' | 'optimizerState' | 'optimizerBatch'> {
  const all = Int32Array.from({ length: count }, (_, i) => i)
  if (value === undefined) return { optimizer: DEFAULT_OPTIMIZER, optimizerState: { updates: 0, slots: [] }, optimizerBatch: all }
  const where = 'problem.optimizer'
  const given = objectAt(value, where)
  const kind = choiceAt(given.kind, `${where}.kind`, ['sgd', 'momentum', 'rmsprop', 'adam'])
  neutral(given, where, 'nesterov', false)
  neutral(given, where, 'noiseStd', 0)
  const number = (field: string, fallback: number, min: number, max: number): number =>
    given[field] === undefined ? fallback : numberAt(given[field], `${where}.${field}`, min, max)
  const optimizer: OptimizerSettings = {
    kind,
    lr: numberAt(given.lr, `${where}.lr`, 0, Infinity),
    momentum: number('momentum', DEFAULT_OPTIMIZER.momentum, 0, 1),
    decay: kind === 'rmsprop' ? number('beta2', DEFAULT_OPTIMIZER.decay, 0, 1) : DEFAULT_OPTIMIZER.decay,
    beta1: number('beta1', DEFAULT_OPTIMIZER.beta1, 0, 1),
    beta2: kind === 'adam' ? number('beta2', DEFAULT_OPTIMIZER.beta2, 0, 1) : DEFAULT_OPTIMIZER.beta2,
    eps: given.eps === undefined ? null : numberAt(given.eps, `${where}.eps`, 0, Infinity),
    noise: 0,
    dropEvery: 0,
    dropFactor: 1,
  }
  const state = given.state === undefined ? {} : objectAt(given.state, `${where}.state`)
  const slot = (field: string): Float64Array =>
    state[field] === undefined ? new Float64Array(parameters) : numbersAt(state[field], `${where}.state.${field}`, parameters)
  const slots = kind === 'sgd' ? [] : kind === 'adam' ? [slot('m'), slot('v')] : [slot('v')]
  const updates = state.t === undefined ? 0 : numberAt(state.t, `${where}.state.t`, 0, Number.MAX_SAFE_INTEGER)
  const optimizerBatch = given.batch === undefined ? all : indicesAt(given.batch, `${where}.batch`, count)
  return { optimizer, optimizerState: { updates, slots }, optimizerBatch }
}

/**
 * Reads the `problem` part of a snapshot, exactly as written.
 *
 * @throws {DomainFault} with one line `<place>: <what>, got <value>, expected <bound>`.
 */
export function parseProblem(input: unknown): ResolvedProblem {
  const problem = objectAt(input, 'problem')
  const model = objectAt(problem.model, 'problem.model')
  const kind = choiceAt(model.kind, 'problem.model.kind', ['chain', 'mlp'])
  neutral(model, 'problem.model', 'skip', false)
  neutral(model, 'problem.model', 'batchNorm', false)
  neutral(model, 'problem.model', 'outputScale', 1)
  neutral(model, 'problem.model', 'denseLayout', 'out_in')
  const activation = activationAt(model.activation, 'problem.model.activation')
  const outputActivation = activationAt(model.outputActivation, 'problem.model.outputActivation')
  const ntk =
    model.parameterization !== undefined &&
    choiceAt(model.parameterization, 'problem.model.parameterization', ['standard', 'ntk']) === 'ntk'
  const biasScale = model.biasScale === undefined ? 1 : numberAt(model.biasScale, 'problem.model.biasScale')
  const loss = lossAt(problem.loss)

  const parsed = layersAt(problem.weights, 'problem.weights')
  const layers = parsed.map((layer, i): DenseLayerSpec => ({
    kind: 'dense',
    fanIn: layer.fanIn,
    fanOut: layer.fanOut,
    bias: layer.bias !== null,
    activation: i === parsed.length - 1 ? outputActivation : activation,
    forwardScale: ntk ? 1 / Math.sqrt(layer.fanIn) : 1,
    biasScale,
  }))
  const spec: NetworkSpec = { layers, loss }
  const parameters = parameterCount(spec)
  const startWeights = flatten(parsed, parameters)
  let weights = startWeights
  if (problem.weights2 !== undefined) {
    const later = layersAt(problem.weights2, 'problem.weights2')
    const same =
      later.length === parsed.length &&
      later.every(
        (layer, i) =>
          layer.fanIn === parsed[i].fanIn && layer.fanOut === parsed[i].fanOut && (layer.bias === null) === (parsed[i].bias === null),
      )
    if (!same) refuse('problem.weights2', 'other shapes than problem.weights', later.length, `${parsed.length} layers of the same shapes`)
    weights = flatten(later, parameters)
  }

  const classes = loss.kind === 'softmaxCrossEntropy'
  const imageShape = imageShapeAt(model.inputShape, layers[0].fanIn)
  const dataset = datasetAt(problem, layers[0].fanIn, layers[layers.length - 1].fanOut, classes, imageShape)
  const count = dataset.train.count
  const batches =
    problem.batches === undefined
      ? []
      : listAt(problem.batches, 'problem.batches').map((batch, i) => indicesAt(batch, `problem.batches[${i}]`, count))
  const pairs = (problem.pairs === undefined ? [] : listAt(problem.pairs, 'problem.pairs')).map((pair, i) => {
    const both = listAt(pair, `problem.pairs[${i}]`)
    if (both.length !== 2) refuse(`problem.pairs[${i}]`, 'not a pair', both.length, '2 batches')
    return [indicesAt(both[0], `problem.pairs[${i}][0]`, count), indicesAt(both[1], `problem.pairs[${i}][1]`, count)] as const
  })
  // The chain engine knows products of scalars only; any other scalar network is a narrow MLP.
  const product =
    kind === 'chain' &&
    layers.every(
      (layer) => layer.fanIn === 1 && layer.fanOut === 1 && !layer.bias && layer.activation === 'identity' && layer.forwardScale === 1,
    )
  return {
    kind: product && !classes ? 'chain' : 'mlp',
    spec,
    dataset,
    startWeights,
    weights,
    batches,
    pairs,
    ...optimizerAt(problem.optimizer, parameters, count),
  }
}
