// Is every condition ticked where it holds, crossed where it is broken, and judged rightly exactly at its boundary?
import { describe, expect, test } from 'vitest'
import { batchSumCurves } from '../../src/theory/batchSumCurves.ts'
import { theoryFor } from '../../src/theory/curvesFor.ts'
import { expectedBatchSizeBound, offeredTeacher } from '../../src/theory/diversityExpectation.ts'
import { shallowCurves } from '../../src/theory/shallowCurves.ts'
import { BALL, data, equal, factsOf, init, kind, linear, model, ntk, relu, verdictOf, type Case } from './reference/conditions.ts'
import { RUN_CONDITIONS } from './reference/runConditions.ts'
import { START_CONDITIONS } from './reference/startConditions.ts'

const CASES = [...START_CONDITIONS, ...RUN_CONDITIONS]
/** Nothing can break them: they are never decided, or by construction. */
const NEVER_BROKEN = new Set(['biases still 0', '|H| is bounded'])

describe('every condition', () => {
  test.each(CASES)('%s, %s: holds, is broken, and has its boundary', (id, text, holds, broken, boundary, verdict) => {
    expect(verdictOf(id, text, holds)).toBe(true)
    if (!NEVER_BROKEN.has(text)) expect(verdictOf(id, text, broken)).toBe(false)
    expect(verdictOf(id, text, boundary)).toBe(verdict)
  })

  test('many samples: from ten times n Delta on', () => {
    const bound = (n: number) => expectedBatchSizeBound(n, 8, [16, 16], offeredTeacher('teacher', 8, 0))
    const boundary = Array.from({ length: 256 }, (_, n) => n + 2).find((n) => n > 10 * bound(n))!
    for (const [n, holds] of [
      [boundary - 1, false],
      [boundary, true],
    ] as const)
      expect(verdictOf('diversity.lowerBoundByWidth', 'many samples', { arm: linear, facts: { probeCount: n } })).toBe(holds)
  })

  test('the lower bound of n Delta is for another teacher than those of this page', () => {
    const text = 'a teacher of the same shape'
    for (const kind of ['teacher', 'linearTeacher', 'gaussian'] as const)
      expect(verdictOf('diversity.lowerBoundByWidth', text, { arm: data(linear, { kind }) })).toBe(false)
    expect(verdictOf('diversity.lowerBoundByWidth', text, { arm: data(linear, { kind: 'file' }) })).toBe('unknown')
  })

  test('of a ball whose curvature was only measured: nobody knows', () => {
    const measured = { ball: { ...BALL, reach: 1, curvature: 1 } }
    expect(verdictOf('kernel.driftBound', 'outputs bend no more', { arm: model(ntk, { activation: 'tanh' }), measured })).toBe('unknown')
    expect(verdictOf('kernel.nearestSolution', 'outputs change no faster', { arm: ntk, measured })).toBe('unknown')
  })

  test('of a bent output: the closed bound of the shallow network does not speak of it', () => {
    const bent = model(ntk, { activation: 'tanh', outputWeights: 'signs', outputActivation: 'tanh' })
    const ids = theoryFor(factsOf({ arm: bent, measured: { ball: { ...BALL, reach: 1 } } })).map(({ id }) => id)
    expect(ids).not.toContain('kernel.driftBound')
    expect(ids).toContain('kernel.nearestSolution')
  })

  test('of the shallow network: its limit is for weights as drawn', () => {
    const network = { inputs: Float64Array.of(1), weights: Float64Array.of(0.5), signs: Float64Array.of(1) }
    for (const isStart of [true, false]) {
      const limit = shallowCurves(network, 'tanh', 'identity', isStart).find(({ id }) => id === 'kernel.shallowLimit')!
      expect(limit.hypotheses.at(-1)!.holds).toBe(isStart)
      expect(limit.hypotheses[0].holds).toBe(true)
    }
  })

  test('of batch sums: samples that share a norm break both, and drawing with replacement is never what was done', () => {
    const sums = { sizes: Float64Array.of(1), means: Float64Array.of(1), stderrs: Float64Array.of(0), draws: 1, meanSquare: 1 }
    for (const coupled of [true, false]) {
      const [without, again] = batchSumCurves(sums, 10, 0.5, coupled)
      expect(without.hypotheses.map(({ holds }) => holds)).toEqual([!coupled, true])
      expect(again.hypotheses.map(({ holds }) => holds)).toEqual([!coupled, false])
    }
  })

  test('has a case here', () => {
    const covered = new Set(CASES.map(([id, text]) => `${id}|${text}`))
    const texts = CASES.map(([, text]) => text)
    const others = [
      'a teacher of the same shape',
      'independent symmetric weights',
      'uniform weights',
      'linear network, normal weights',
      'equal weights 0 < w0 < 1',
      'gradient descent without momentum',
      'gradients have no common direction',
      'half squared error',
      'many samples',
      'inputs spread evenly',
      'zeros at the border',
      'eps far below',
      'outputs change no faster',
      'outputs bend no more',
      '|H| is bounded',
      'lr < 2/(N S)',
      'the sample points in no special direction',
    ]
    const arms: readonly Case[] = [
      ...CASES.flatMap(([, , holds, broken, boundary]) => [holds, broken, boundary]),
      { arm: kind(equal, 'rmsprop') },
      { arm: init(relu, { scheme: 'uniform' }) },
    ]
    const unknown = arms
      .flatMap((own) => theoryFor(factsOf(own)).flatMap(({ hypotheses }) => hypotheses.map(({ text }) => text)))
      .filter((text) => ![...texts, ...others].some((known) => text.startsWith(known)))
    expect([...new Set(unknown)]).toEqual([])
    expect(covered.size).toBeGreaterThan(40)
  })
})
