// What does a problem file have to say, and what is refused in one line? Each title finishes the sentence "parseProblem ...".
import { expect, test } from 'vitest'
import { DomainFault } from '../../src/core/faults.ts'
import { parseProblem } from '../../src/runtime/problem/parseProblem.ts'
import { networkWidths, parameterCount } from '../../src/core/networkSpec.ts'
import { conv, dense, norm, PROBLEMS, rows, tensor } from './problems.ts'

const MODEL = { kind: 'cnn', activation: 'relu', outputActivation: 'linear', paddingMode: 'zero', inputShape: [1, 4, 4] }
const FLATTEN = { type: 'flatten', order: 'CHW' }
const PROBLEM = {
  model: MODEL,
  loss: { kind: 'mse', reduction: 'halfMean' },
  weights: [conv(2, 1, 3), FLATTEN, dense(1, 32)],
  inputs: rows(2, 16),
  targets: [1, 2],
}
const BATCH_NORM = { ...MODEL, batchNorm: true, bnMode: 'eval' }
const normed = (change: object) => ({ model: BATCH_NORM, weights: [conv(2, 1, 3, { ...norm(2), ...change }), FLATTEN, dense(1, 32)] })
const first = (layer: object) => ({ weights: [layer, FLATTEN, dense(1, 32)] })
const SKIP = { span: 1, first: 1, placement: 'postAct' }

test('parseProblem follows shapes through convolutions, pools and a flatten', () => {
  const { spec, entries } = parseProblem({
    ...PROBLEM,
    weights: [conv(2, 1, 3, { stride: 2 }), { type: 'maxPool', size: 2, stride: 1 }, FLATTEN, dense(3, 2), dense(1, 3)],
  })
  expect(spec.layers.map(({ kind }) => kind)).toEqual(['conv', 'pool', 'dense', 'dense'])
  expect(spec.layers[1]).toMatchObject({ channels: 2, height: 2, width: 2 })
  expect(entries).toEqual([0, 1, 'flatten', 2, 3])
})

test('parseProblem gives skips to whole blocks whose ends have one shape, and to no other', () => {
  const layers = [dense(4, 3), dense(4, 4), dense(4, 4), dense(5, 4), dense(5, 5), dense(5, 5), dense(1, 5)]
  const model = { kind: 'mlp', activation: 'relu', outputActivation: 'linear' }
  const fromOf = (skip: object) => {
    const { spec } = parseProblem({ ...PROBLEM, inputs: rows(2, 3), weights: layers, model: { ...model, skip } })
    return spec.layers.map((layer) => (layer.kind === 'pool' ? undefined : layer.skip?.from))
  }
  const none = undefined
  expect(fromOf(SKIP)).toEqual([none, 1, 2, none, 4, 5, none])
  // Blocks 0-1 and 2-3 change the width; 4-5 does not. The last layer is in no block.
  expect(fromOf({ ...SKIP, span: 2, first: 0 })).toEqual([none, none, none, none, none, 4, none])
  // From hidden layer 1 on the second block changes the width, and the third is not whole.
  expect(fromOf({ ...SKIP, span: 2, first: 1 })).toEqual([none, none, 1, none, none, none, none])
})

test.each([
  ['an image that reaches a dense layer', { weights: [conv(2, 1, 3), dense(1, 32)] }, 'weights[1].type: an image reaches a dense layer'],
  ['a flatten of a vector', { weights: [FLATTEN, FLATTEN, dense(1, 16)] }, 'weights[1]: nothing to flatten'],
  [
    'a flatten in another order',
    { weights: [conv(2, 1, 3), { type: 'flatten', order: 'HWC' }, dense(1, 32)] },
    'weights[1].order: not supported',
  ],
  [
    'a vector that reaches a convolution',
    { weights: [FLATTEN, dense(4, 16), conv(1, 4, 1)] },
    'weights[2].type: a vector reaches a convolution',
  ],
  ['a pool at the end', { weights: [conv(2, 1, 3), { type: 'globalAvgPool' }] }, 'weights[1]: a pool at the end'],
  ['no weights at all', { weights: [FLATTEN] }, 'weights: no layer'],
  ['an even filter', first(conv(2, 1, 2, { padding: 1 })), 'weights[0].W.shape: an even filter'],
  ['a filter that is not square', first({ ...conv(2, 1, 3), W: tensor([2, 1, 3, 1]) }), 'weights[0].W.shape: wrong shape'],
  ['a filter of other channels', first(conv(2, 3, 3)), 'weights[0].W.shape: does not fit the layer before, got 3, expected 1 channels'],
  ['a filter that finds no room', first(conv(2, 1, 7, { padding: 1 })), 'weights[0].W.shape: a filter wider than the padded image'],
  ['a convolution without a stride', first(conv(2, 1, 3, { stride: undefined })), 'weights[0].stride'],
  ['a convolution without padding', first(conv(2, 1, 3, { padding: undefined })), 'weights[0].padding'],
  ['a padding of no mode', { model: { ...MODEL, paddingMode: undefined } }, 'weights[0].paddingMode: missing'],
  ['a padding that is reflected', first(conv(2, 1, 3, { paddingMode: 'reflect' })), 'weights[0].paddingMode: unknown value'],
  [
    'circular padding wider than the image',
    first(conv(2, 1, 3, { padding: 5, paddingMode: 'circular' })),
    'weights[0].padding: wider than the image',
  ],
  [
    'a pool larger than the image',
    { weights: [{ type: 'maxPool', size: 5, stride: 1 }, FLATTEN, dense(1, 1)] },
    'weights[0].size: out of range',
  ],
  ['a convolution in an MLP', { model: { ...MODEL, kind: 'mlp' } }, 'weights[0].type: not a layer of a model of kind mlp'],
  ['a CNN without the shape of its inputs', { model: { ...MODEL, inputShape: undefined } }, 'inputShape: missing'],
  ['inputs of another size', { inputs: rows(2, 15) }, 'problem.inputs[0]: wrong number of entries'],
  ['batch norm of no mode', { model: { ...MODEL, batchNorm: true } }, 'problem.model.bnMode'],
  ['two norms', { model: { ...BATCH_NORM, layerNorm: true } }, 'problem.model.layerNorm: a second norm'],
  ['batch norm without gamma', normed({ gamma: undefined }), 'weights[0].gamma: missing'],
  ['evaluation mode without statistics', normed({ runningVar: undefined }), 'weights[0].runningVar: missing'],
  ['a negative variance', normed({ runningVar: { shape: [2], data: [1, -1] } }), 'weights[0].runningVar.data[1]: out of range'],
  ['a norm that the model does not have', first(conv(2, 1, 3, norm(2))), 'weights[0].gamma: not supported'],
  ['a skip of no span', { model: { ...MODEL, skip: { ...SKIP, span: 0 } } }, 'problem.model.skip.span: out of range'],
  [
    'a skip of no placement',
    { model: { ...MODEL, skip: { ...SKIP, placement: 'before' } } },
    'problem.model.skip.placement: unknown value',
  ],
  [
    'two factors',
    { model: { ...MODEL, parameterization: 'ntk' }, ...first(conv(2, 1, 3, { scale: 2 })) },
    'weights[0].scale: a second factor',
  ],
  ['an unknown activation', first(conv(2, 1, 3, { activation: 'maxout' })), 'weights[0].activation: unknown activation'],
  [
    'a logistic target that is no sign',
    { loss: { kind: 'logistic', reduction: 'mean' }, targets: [1, 0] },
    'problem.targets[1]: not a sign',
  ],
  ['nothing that trains', { weights: [FLATTEN, dense(1, 16, { trainable: false })] }, 'problem.weights: nothing trains'],
  ['later weights of another stride', { weights2: [conv(2, 1, 3, { stride: 2 }), FLATTEN, dense(1, 8)] }, 'problem.weights2: other shapes'],
  ['noise in an optimizer without', { optimizer: { kind: 'sgd', lr: 1, noiseStd: 0.1 } }, 'problem.optimizer.noiseStd: not supported'],
  [
    'noise of another length',
    { optimizer: { kind: 'perturbedGD', lr: 1, noiseStd: 0.1, noise: [1] } },
    'problem.optimizer.noise: wrong number of entries',
  ],
])('parseProblem refuses %s', (_, change, words) => {
  const problem = { ...PROBLEM, ...change }
  expect(() => parseProblem(problem)).toThrow(DomainFault)
  expect(() => parseProblem(problem)).toThrow(words)
  expect(() => parseProblem(problem)).toThrow(/^[^\n]+: [^\n]+, got [^\n]+, expected [^\n]+$/u)
})

/** Every place in a JSON value, as the keys that lead there; long lists of numbers are entered at their first entry only. */
function placesOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path]
  const keys = Object.keys(value)
  const entered = Array.isArray(value) && keys.length > 8 ? keys.slice(0, 1) : keys
  return [path, ...entered.flatMap((key) => placesOf((value as Readonly<Record<string, unknown>>)[key], [...path, key]))]
}

function withChange(value: unknown, [key, ...rest]: readonly string[], to: unknown): unknown {
  if (key === undefined) return to
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }
  const inside = (copy as Record<string, unknown>)[key]
  ;(copy as Record<string, unknown>)[key] = withChange(inside, rest, to)
  return copy
}

const ODD = [undefined, null, true, false, -1, 0, 0.5, 3, 1e9, NaN, 'x', 'linear', [], [1], {}, { shape: [1], data: [1] }]

test.each(PROBLEMS)('parseProblem reads or refuses every change of %s, and never stumbles', (_, problem) => {
  let [read, refused] = [0, 0]
  const stumbles: string[] = []
  for (const place of placesOf(problem))
    for (const to of ODD) {
      const outcome = outcomeOf(withChange(problem, place, to))
      if (outcome === 'read') read++
      else if (outcome === 'refused') refused++
      else stumbles.push(`${place.join('.')} = ${JSON.stringify(to)}: ${outcome}`)
    }
  expect(stumbles).toEqual([])
  expect(read).toBeGreaterThan(50)
  expect(refused).toBeGreaterThan(500)
})

/** 'read' with shapes that fit, 'refused' in one line, or what went wrong. */
function outcomeOf(problem: unknown): string {
  try {
    const { spec, weights, dataset } = parseProblem(problem)
    const { count, inputs } = dataset.train
    return weights.length === parameterCount(spec) && inputs.length === count * networkWidths(spec).inputWidth ? 'read' : 'other shapes'
  } catch (error) {
    if (!(error instanceof DomainFault)) return String(error)
    return /^[^\n]+: [^\n]+, got [^\n]+, expected [^\n]+$/u.test(error.message) ? 'refused' : error.message
  }
}

test.each([
  ['an update count between two', { kind: 'adam', lr: 1, state: { t: 1.5 } }, 'state.t: not an integer'],
  ['a mean of squares below 0', { kind: 'rmsprop', lr: 1, state: { v: [0, -1] } }, 'state.v[1]: out of range'],
  ['a mean of squares below 0 of adam', { kind: 'adam', lr: 1, state: { v: [-1e-300, 0], m: [-1, 0] } }, 'state.v[0]: out of range'],
  ['a first mean that never moves', { kind: 'adam', lr: 1, beta1: 1 }, 'beta1: a mean that never moves'],
  ['a second mean that never moves', { kind: 'adam', lr: 1, beta2: 1 }, 'beta2: a mean that never moves'],
])('parseProblem refuses %s', (_, optimizer, words) => {
  const chain = {
    model: { kind: 'chain', activation: 'linear', outputActivation: 'linear', inputShape: [1, 1, 1] },
    loss: { kind: 'mse', reduction: 'halfMean' },
    weights: [1, 2],
    inputs: [[1]],
    targets: [1],
  }
  expect(() => parseProblem({ ...chain, optimizer })).toThrow(words)
  expect(() => parseProblem({ ...chain, optimizer: { kind: 'momentum', lr: 1, state: { t: 2, v: [-1, 0] } } })).not.toThrow()
})
