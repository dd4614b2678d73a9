// Is a field that nobody reads told? Each title finishes the sentence "unreadFields ...".
import { expect, test } from 'vitest'
import type { Problem } from '../../src/core/snapshot.ts'
import { chooseTrainer } from '../../src/runtime/chooseTrainer.ts'
import { measureProblem } from '../../src/runtime/problem/measureProblem.ts'
import { parseProblem } from '../../src/runtime/problem/parseProblem.ts'
import { unreadFields } from '../../src/runtime/problem/unreadFields.ts'
import { snapshotOf } from '../../src/runtime/snapshot.ts'
import { PROBLEMS } from './problems.ts'

const names = (problem: unknown, convention?: string): string[] => unreadFields(problem, convention).map(({ name }) => name)

test.each(PROBLEMS)('unreadFields finds nothing in what we write: %s', async (_, given) => {
  const create = async (options: Parameters<Parameters<typeof measureProblem>[1]>[0]) =>
    await chooseTrainer({ ...options, modelKind: 'mlp', engine: 'float64', allowGpu: false })
  const { problem } = snapshotOf(await measureProblem(parseProblem(given), create, ['loss']))
  const written = JSON.parse(JSON.stringify(problem)) as Problem
  expect(names(written, problem.optimizer?.convention)).toEqual([])
  expect(names(given, problem.optimizer?.convention)).toEqual([])
})

test('unreadFields names each place, in every part of a problem', () => {
  expect(
    names({
      wieghts2: [],
      model: { kind: 'mlp', layer_norm: true, skip: { span: 1, scle: 2 } },
      loss: { kind: 'mse', scale: 2 },
      weights: [{ type: 'dense', bias: [1], W: { shape: [1, 1], data: [1], order: 'F' } }, 3],
      optimizer: { kind: 'sgd', learningRate: 1, state: { step: 3 } },
    }),
  ).toEqual([
    'problem.wieghts2',
    'problem.model.layer_norm',
    'problem.model.skip.scle',
    'problem.loss.scale',
    'problem.weights[0].bias',
    'problem.weights[0].W.order',
    'problem.optimizer.learningRate',
    'problem.optimizer.state.step',
  ])
})

test('unreadFields counts those beyond twenty', () => {
  const many = Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`extra${i}`, i]))
  const found = unreadFields(many)
  expect(found).toHaveLength(21)
  expect(found[20].why).toContain('5 more fields')
})

test('unreadFields tells that an update was described in other words than ours, whatever the blanks', () => {
  const told = (optimizer: unknown) => unreadFields({ optimizer }, 'v = momentum v + g; w -= lr v')
  expect(told({ kind: 'momentum', convention: 'v = momentum v + g;  w -= lr v ' })).toEqual([])
  expect(told({ kind: 'momentum', convention: 'v = momentum v + (1 - momentum) g; w -= lr v' })).toEqual([
    { name: 'problem.optimizer.convention', why: 'other words than ours: measured was v = momentum v + g; w -= lr v' },
  ])
  expect(names({ optimizer: { kind: 'sgd', convention: 'w += lr g' } })).toEqual(['problem.optimizer.convention'])
})
