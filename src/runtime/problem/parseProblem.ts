// Which network, data and optimizer does a problem file of an outsider describe?
//
// Strict on purpose: whatever we would have to guess is refused in one line that names the place, because
// a silently repaired problem would be measured as something that its author did not write.
import type { Dataset } from '../../core/dataset.ts'
import type { LossSettings } from '../../core/experiment.ts'
import { networkWidths, type LayerSpec, type NetworkSpec } from '../../core/networkSpec.ts'
import type { JsonModel, JsonSkip } from '../../core/snapshot.ts'
import { choiceAt, listAt, numberAt, numbersAt, objectAt, refuse, type Json } from '../../core/strictJson.ts'
import { parseLayers, type LayerEntry, type ParsedLayers } from './parseLayers.ts'
import { parseModel, type ParsedModel } from './parseModel.ts'
import { indicesAt, parseOptimizer, type ProblemOptimizer } from './parseOptimizer.ts'

export interface ResolvedProblem extends ProblemOptimizer {
  readonly kind: JsonModel['kind']
  /** Of `weights`. */
  readonly spec: NetworkSpec
  /** Of `startWeights`: the same object, except where frozen statistics have moved with the weights. */
  readonly startSpec: NetworkSpec
  /** How the list of layers is written. */
  readonly entries: readonly LayerEntry[]
  /** How the skips of `spec` are written; null where there are none. */
  readonly skip: JsonSkip | null
  /** Per weighted layer; what is measured is about the trainable ones. */
  readonly trainable: readonly boolean[]
  readonly dataset: Dataset
  /** [P] at step 0. */
  readonly startWeights: Float64Array
  /** [P] where everything is measured; the same object as `startWeights` at step 0. */
  readonly weights: Float64Array
  readonly batches: readonly Int32Array[]
  readonly pairs: readonly (readonly [Int32Array, Int32Array])[]
}

/**
 * Reads the `problem` part of a snapshot, exactly as written.
 *
 * @throws {DomainFault} with one line `<place>: <what>, got <value>, expected <bound>`.
 */
export function parseProblem(input: unknown): ResolvedProblem {
  const problem = objectAt(input, 'problem')
  const model = parseModel(problem.model)
  const loss = lossAt(problem.loss)
  const first = parseLayers(problem.weights, 'problem.weights', model)
  const later = problem.weights2 === undefined ? null : laterLayers(problem.weights2, first, model)
  const startSpec: NetworkSpec = { layers: first.layers, loss }
  const spec: NetworkSpec = later === null ? startSpec : { layers: later.layers, loss }
  const { inputWidth, outputWidth } = networkWidths(spec)
  if (!first.trainable.some(Boolean)) refuse('problem.weights', 'nothing trains', false, 'at least one trainable layer')
  const shape = model.inputShape
  if (shape !== null && shape[0] * shape[1] * shape[2] !== inputWidth)
    refuse('problem.model.inputShape', 'another size than the inputs', shape, `a product of ${inputWidth}`)
  const imageShape = shape !== null && shape[1] * shape[2] > 1 ? shape : null
  const dataset = datasetAt(problem, inputWidth, outputWidth, loss, imageShape)
  const count = dataset.train.count
  return {
    kind: model.kind === 'chain' && !(isProduct(spec) && first.trainable.every(Boolean)) ? 'mlp' : model.kind,
    spec,
    startSpec,
    entries: first.entries,
    skip: model.skip,
    trainable: first.trainable,
    dataset,
    startWeights: first.flat,
    weights: later === null ? first.flat : later.flat,
    batches: (problem.batches === undefined ? [] : listAt(problem.batches, 'problem.batches')).map((batch, i) =>
      indicesAt(batch, `problem.batches[${i}]`, count),
    ),
    pairs: (problem.pairs === undefined ? [] : listAt(problem.pairs, 'problem.pairs')).map((pair, i) => {
      const both = listAt(pair, `problem.pairs[${i}]`)
      if (both.length !== 2) refuse(`problem.pairs[${i}]`, 'not a pair', both.length, '2 batches')
      return [indicesAt(both[0], `problem.pairs[${i}][0]`, count), indicesAt(both[1], `problem.pairs[${i}][1]`, count)] as const
    }),
    ...parseOptimizer(problem.optimizer, first.flat.length, count),
  }
}

/** The layers at a later step: the same ones, with other numbers and statistics. */
function laterLayers(value: unknown, first: ParsedLayers, model: ParsedModel): ParsedLayers {
  const later = parseLayers(value, 'problem.weights2', model)
  const shapeOf = ({ layers, entries, trainable }: ParsedLayers): string =>
    JSON.stringify([layers.map(withoutStatistics), entries, trainable])
  if (shapeOf(later) !== shapeOf(first))
    refuse('problem.weights2', 'other shapes than problem.weights', later.layers.length, `${first.layers.length} layers of the same shapes`)
  return later
}

function withoutStatistics(layer: LayerSpec): unknown {
  return layer.kind === 'pool' || layer.norm === undefined ? layer : { ...layer, norm: layer.norm.kind }
}

/** The chain engine knows products of scalars only; any other scalar network is a narrow MLP. */
function isProduct({ layers, loss }: NetworkSpec): boolean {
  return (
    loss.kind === 'squaredError' &&
    layers.every(
      (layer) =>
        layer.kind === 'dense' &&
        layer.fanIn === 1 &&
        layer.fanOut === 1 &&
        !layer.bias &&
        layer.activation === 'identity' &&
        layer.forwardScale === 1 &&
        layer.norm === undefined &&
        layer.skip === undefined,
    )
  )
}

function lossAt(value: unknown): LossSettings {
  const loss = objectAt(value, 'problem.loss')
  const kind = choiceAt(loss.kind, 'problem.loss.kind', ['mse', 'softmaxCrossEntropy', 'logistic'])
  if (kind === 'mse') {
    const reduction = choiceAt(loss.reduction, 'problem.loss.reduction', ['halfMean', 'halfSum'])
    return { kind: 'squaredError', reduction: reduction === 'halfMean' ? 'mean' : 'sum' }
  }
  return { kind, reduction: choiceAt(loss.reduction, 'problem.loss.reduction', ['mean', 'sum']) }
}

/** The samples of a problem as a data set whose training split is the probe set, in float64. */
function datasetAt(problem: Json, inputWidth: number, outputWidth: number, loss: LossSettings, imageShape: Dataset['imageShape']): Dataset {
  const rows = listAt(problem.inputs, 'problem.inputs')
  const targetRows = listAt(problem.targets, 'problem.targets')
  const count = rows.length
  if (count === 0) refuse('problem.inputs', 'no sample', 0, 'at least 1')
  if (targetRows.length !== count) refuse('problem.targets', 'wrong number of rows', targetRows.length, `${count}`)
  const inputs = new Float64Array(count * inputWidth)
  const targets = new Float64Array(count * outputWidth)
  const labels = new Int32Array(count)
  // Shares of classes are targets too, and no labels.
  const hasLabels = loss.kind === 'softmaxCrossEntropy' && targetRows.every((target) => typeof target === 'number')
  for (let i = 0; i < count; i++) {
    const row = typeof rows[i] === 'number' && inputWidth === 1 ? [rows[i]] : rows[i]
    inputs.set(numbersAt(row, `problem.inputs[${i}]`, inputWidth), i * inputWidth)
    const target = targetRows[i]
    const where = `problem.targets[${i}]`
    if (typeof target === 'number' && isClassNumber(loss, outputWidth)) {
      const label = numberAt(target, where, 0, outputWidth - 1)
      if (!Number.isInteger(label)) refuse(where, 'not a class', target, `0 .. ${outputWidth - 1}`)
      targets[i * outputWidth + label] = 1
      labels[i] = label
    } else {
      const values = numbersAt(typeof target === 'number' ? [target] : target, where, outputWidth)
      if (loss.kind === 'logistic' && values.some((value) => Math.abs(value) !== 1))
        refuse(where, 'not a sign', target, '-1 or 1 for each output')
      targets.set(values, i * outputWidth)
    }
  }
  return {
    name: 'problem',
    inputWidth,
    outputWidth,
    task: loss.kind === 'softmaxCrossEntropy' ? 'classification' : 'regression',
    train: { count, inputs, targets, labels: hasLabels ? labels : null },
    test: { count: 0, inputs: new Float32Array(0), targets: new Float32Array(0), labels: null },
    classNames: null,
    imageShape,
  }
}

/** A single number means a class where there is more than one output, and always for softmax cross-entropy. */
function isClassNumber(loss: LossSettings, outputWidth: number): boolean {
  return loss.kind === 'softmaxCrossEntropy' || (loss.kind === 'squaredError' && outputWidth > 1)
}
