// A snapshot of a large network takes a minute on a CPU: does taking it back end it at the next look at the messages, whatever it measures?
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Probe, SampleSet } from '../../src/core/probe.ts'
import { createFloat64Trainer } from '../../src/engine/float64/float64Trainer.ts'
import { DEFAULT_OPTIMIZER } from '../../src/core/defaults.ts'
import type { ResolvedProblem } from '../../src/runtime/problem/parseProblem.ts'
import { measuredOptimizerStep } from '../../src/runtime/problem/measuredStep.ts'
import { trainableProbe } from '../../src/runtime/problem/trainableProbe.ts'
import { eventTurn } from '../../src/runtime/eventTurn.ts'
import { conv, withHead } from '../engine/reference/layers.ts'
import { optionsOf, randomDataset, randomWeights } from '../engine/reference/problems.ts'

afterEach(() => vi.restoreAllMocks())

/** A row is 12 million multiplications: more than a part. */
const SPEC = withHead([conv(1, 24, 16), conv(24, 192, 16), conv(192, 2, 16)])
const ROWS = 4
const trainer = () =>
  createFloat64Trainer({
    ...optionsOf(SPEC, randomDataset(ROWS, 256, 2, 'squaredError'), [randomWeights(SPEC, 'start', 0.05)]),
    batchRows: ROWS,
  })
const indices = Int32Array.from({ length: ROWS }, (_, i) => i)
const SET: SampleSet = { indices, from: 'train' }

/** Every look at the clock finds a second gone, so that every place to give way is a turn. */
function hurried(): void {
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000))
}

const MEASURES: readonly (readonly [string, (probe: Probe, signal: AbortSignal) => Promise<unknown>])[] = [
  ['gradient', (probe, signal) => probe.gradient(SET, signal)],
  ['perSampleGram', (probe, signal) => probe.perSampleGram(SET, signal)],
  ['batchGram', (probe, signal) => probe.batchGram([SET, SET], signal)],
  ['batchPairs', (probe, signal) => probe.batchPairs([[SET, SET]], signal)],
]

describe('what is taken back', () => {
  test.each(MEASURES)('ends a %s of the layers that train', { timeout: 30_000 }, async (_name, measure) => {
    const probe = trainableProbe(trainer().probe(0), [true, false, true, true])
    hurried()
    const stop = new AbortController()
    setTimeout(() => stop.abort(new Error('taken back')), 0)
    await expect(measure(probe, stop.signal)).rejects.toThrow('taken back')
  })
  test('ends the step of the optimizer within its single batch', { timeout: 30_000 }, async () => {
    const stop = new AbortController()
    let looks = 0
    const attention = {
      signal: stop.signal,
      progress: () => undefined,
      eigenvalues: () => Promise.reject(new Error('none are asked for')),
      async breathe() {
        if (++looks === 2) stop.abort(new Error('taken back'))
        await eventTurn()
      },
    }
    const own = trainer()
    hurried()
    const problem = { optimizerBatch: indices, trainable: [true, true, true, true] } as unknown as ResolvedProblem
    const optimizer = { ...DEFAULT_OPTIMIZER, kind: 'sgd' as const, eps: 0 }
    await expect(measuredOptimizerStep(problem, own, optimizer, attention)).rejects.toThrow('taken back')
    expect(looks).toBe(2)
  })
})
