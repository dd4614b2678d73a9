// Does every door let only valid experiments in? The schema itself is the judge; inputs are random and hostile.
import * as fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { dataShape } from '../../src/core/footprint.ts'
import { DEFAULT_EXPERIMENT, DEFAULT_MLP } from '../../src/core/defaults.ts'
import { experimentSchema, type Experiment } from '../../src/core/experiment.ts'
import { DomainFault } from '../../src/core/faults.ts'
import { LIMITS } from '../../src/core/limits.ts'
import { NOTICE_LIMIT, parseExperiment, validateExperiment } from '../../src/core/parseExperiment.ts'
import { anyExperiment } from './anyExperiment.ts'

const RUNS = { seed: 20_240, numRuns: 400 }
const problems = (input: unknown, base?: Experiment) =>
  parseExperiment(input, base).notices.map((notice) => `${notice.path} ${notice.problem}`)

/** A valid experiment with one random part overwritten by random JSON: reaches deeper than pure noise. */
const damagedExperiment = fc
  .tuple(
    anyExperiment,
    fc.constantFrom('model', 'init', 'data', 'optimizer', 'diagnostics', 'changes', 'versus', 'batch', 'seeds'),
    fc.jsonValue(),
    fc.string(),
  )
  .map(([experiment, part, junk, key]) => ({
    ...experiment,
    [part]: typeof junk === 'object' ? { ...((experiment as never)[part] as object), ...(junk as object) } : junk,
    [key]: junk,
  }))

/** Paths of the leaves of `given` that are not the same in `used`; list items may move, so lists count as one leaf. */
function differences(given: unknown, used: unknown, path: string): readonly string[] {
  if (typeof given !== 'object' || given === null || typeof used !== 'object' || used === null) return Object.is(given, used) ? [] : [path]
  if (Array.isArray(given) || Array.isArray(used)) return JSON.stringify(given) === JSON.stringify(used) ? [] : [path]
  const entries = used as Readonly<Record<string, unknown>>
  return Object.entries(given).flatMap(([key, value]) =>
    differences(value, Object.hasOwn(entries, key) ? entries[key] : undefined, path === '' ? key : `${path}.${key}`),
  )
}

describe('parseExperiment', () => {
  test('returns the defaults for nothing and for an empty object', () => {
    expect(parseExperiment(undefined)).toEqual({ experiment: DEFAULT_EXPERIMENT, notices: [] })
    expect(parseExperiment({})).toEqual({ experiment: DEFAULT_EXPERIMENT, notices: [] })
    expect(parseExperiment({}, DEFAULT_MLP)).toEqual({ experiment: DEFAULT_MLP, notices: [] })
  })

  test('gives a valid experiment for any JSON', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), damagedExperiment, fc.anything()), (input) => {
        const { experiment } = parseExperiment(input)
        expect(v.is(experimentSchema, experiment)).toBe(true)
      }),
      RUNS,
    )
  })

  test('gives an experiment that it then leaves alone', () => {
    fc.assert(
      fc.property(fc.oneof(damagedExperiment, fc.jsonValue()), (input) => {
        const { experiment } = parseExperiment(input)
        expect(parseExperiment(experiment)).toEqual({ experiment, notices: [] })
      }),
      RUNS,
    )
  })

  test('hands a valid experiment back equal, whatever the base', () => {
    fc.assert(
      fc.property(anyExperiment, anyExperiment, (input, base) => {
        expect(parseExperiment(input, base)).toEqual({ experiment: input, notices: [] })
      }),
      RUNS,
    )
  })

  test('changes nothing silently: each given field that comes out different lies under a notice', () => {
    fc.assert(
      fc.property(damagedExperiment, (input) => {
        const { experiment, notices } = parseExperiment(input)
        const told = (path: string) => notices.some((notice) => path === notice.path || path.startsWith(`${notice.path}.`))
        const silent = notices.length > NOTICE_LIMIT ? [] : differences(input, experiment, '').filter((path) => !told(path))
        expect(silent).toEqual([])
      }),
      RUNS,
    )
  })

  test('clamps each number at the limit it missed and says so', () => {
    const { experiment, notices } = parseExperiment({ model: { depth: 1e9 }, optimizer: { lr: -1 }, batch: Infinity })
    expect(experiment.model.depth).toBe(LIMITS.depth.max)
    expect(experiment.optimizer.lr).toBe(LIMITS.lr.min)
    expect(experiment.batch).toBe(LIMITS.batch.max)
    expect(notices.map((notice) => notice.problem)).toEqual(['clamped', 'clamped', 'clamped'])
    expect(notices[0].text).toBe('model.depth 1000000000 is above the largest allowed value 2000; 2000 is used.')
  })

  test('rounds counts and keeps the fraction of everything else', () => {
    const { experiment, notices } = parseExperiment({ steps: 99.6, init: { tau: 1.25 } })
    expect([experiment.steps, experiment.init.tau]).toEqual([100, 1.25])
    expect(notices.map((notice) => notice.problem)).toEqual(['rounded'])
  })

  test('keeps the rest of a part when one field of it is bad', () => {
    const { experiment, notices } = parseExperiment({ optimizer: { kind: 'lion', lr: 0.03 } })
    expect(experiment.optimizer).toEqual({ ...DEFAULT_EXPERIMENT.optimizer, lr: 0.03 })
    expect(notices).toHaveLength(1)
    expect(notices[0]).toMatchObject({ path: 'optimizer.kind', problem: 'unknown', given: '"lion"', used: '"sgd"' })
  })

  test('reports unknown keys, the dangerous ones included, and takes nothing from them', () => {
    const input: unknown = JSON.parse(
      '{"__proto__": {"steps": 3}, "constructor": 1, "model": {"__proto__": {"depth": 2}, "colour": "red"}}',
    )
    expect(problems(input)).toEqual(['model.__proto__ unknown', 'model.colour unknown', '__proto__ unknown', 'constructor unknown'])
    expect(parseExperiment(input).experiment).toEqual(DEFAULT_EXPERIMENT)
    expect(({} as { steps?: number }).steps).toBeUndefined()
  })

  test('ignores inherited fields', () => {
    expect(parseExperiment(Object.create({ steps: 3 })).experiment.steps).toBe(DEFAULT_EXPERIMENT.steps)
  })

  test('survives depth, length and objects that throw', () => {
    const deep: unknown = JSON.parse(`${'{"model":'.repeat(5000)}1${'}'.repeat(5000)}`)
    const throwing = Object.defineProperty({}, 'model', {
      enumerable: true,
      get: () => {
        throw new Error('no')
      },
    })
    const revoked = Proxy.revocable({}, {})
    revoked.revoke()
    for (const input of [deep, throwing, revoked.proxy, { model: { kind: 'x'.repeat(1e6) } }, { ['k'.repeat(1e6)]: 1 }]) {
      const { experiment, notices } = parseExperiment(input)
      expect(experiment).toEqual(DEFAULT_EXPERIMENT)
      expect(notices.length).toBeGreaterThan(0)
      for (const notice of notices) expect(notice.text.length).toBeLessThan(300)
    }
  })

  test('keeps the list of notices short', () => {
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, k) => [`key${k}`, k]))
    const { notices } = parseExperiment(many)
    expect(notices).toHaveLength(NOTICE_LIMIT + 1)
    expect(notices.at(-1)?.text).toBe(`${1000 - NOTICE_LIMIT} more problems are not listed.`)
  })

  test('moves a chain to one-dimensional data and off the softmax', () => {
    const { experiment, notices } = parseExperiment({ model: { kind: 'chain' } }, DEFAULT_MLP)
    expect([experiment.data.kind, experiment.loss.kind]).toEqual(['point', 'squaredError'])
    expect(notices.map((notice) => notice.path)).toEqual(['data.kind', 'loss.kind'])
  })

  test('does not let arm B be a chain on images', () => {
    const { experiment, notices } = parseExperiment({ versus: { model: { kind: 'chain', depth: 5 } } }, DEFAULT_MLP)
    expect(experiment.versus).toEqual({ model: { depth: 5 } })
    expect(notices.map((notice) => notice.path)).toEqual(['versus.model.kind'])
  })

  test("keeps a linearised arm B, with arm A's network and start and its own optimizer", () => {
    expect(problems({ versus: { linearised: true } })).toEqual([])
    const versus = { linearised: true, model: { depth: 5 }, init: { tau: 2 }, optimizer: { lr: 0.5 } }
    const { experiment, notices } = parseExperiment({ versus })
    expect(experiment.versus).toEqual({ linearised: true, optimizer: { lr: 0.5 } })
    expect(notices.map((notice) => notice.path)).toEqual(['versus.model', 'versus.init'])
    expect(problems({ versus: { linearised: 'yes', batch: 1 } })).toEqual(['versus.linearised wrongType'])
    expect(problems({ versus: { linearised: false } })).toEqual(['versus combination'])
  })

  test('allows images with squared error', () => {
    expect(problems({ loss: { kind: 'squaredError' } }, DEFAULT_MLP)).toEqual([])
  })

  test('turns a difference without a difference into no arm B, and drops the changes of arm B with it', () => {
    const change = { step: 10, arm: 'B', optimizer: { lr: 0.5 } }
    const { experiment, notices } = parseExperiment({ versus: { optimizer: { lr: 0.1 }, batch: 128 }, changes: [change] })
    expect([experiment.versus, experiment.changes]).toEqual([null, []])
    expect(notices.map((notice) => notice.path)).toEqual(['versus', 'changes'])
  })

  test('drops parts of a difference that say nothing, in silence', () => {
    const { experiment, notices } = parseExperiment({ versus: { model: {}, optimizer: { lr: 0.5 } } })
    expect([experiment.versus, notices]).toEqual([{ optimizer: { lr: 0.5 } }, []])
  })

  test('completes a change from the optimizer of the same input and drops one without a step', () => {
    const { experiment, notices } = parseExperiment({
      optimizer: { kind: 'adam' },
      changes: [{ step: 5, optimizer: { lr: 0.01 } }, { arm: 'A' }, 7],
    })
    expect(experiment.changes).toEqual([{ step: 5, arm: 'A', optimizer: { ...DEFAULT_EXPERIMENT.optimizer, kind: 'adam', lr: 0.01 } }])
    expect(notices.map((notice) => notice.path)).toEqual(['changes.1', 'changes.2'])
  })

  test('puts changes in the order of their steps, the later of two at one step winning', () => {
    const at = (step: number, lr: number) => ({ step, optimizer: { lr } })
    const { experiment, notices } = parseExperiment({ changes: [at(9, 0.1), at(3, 0.2), at(9, 0.3)] })
    expect(experiment.changes.map((change) => [change.step, change.optimizer.lr])).toEqual([
      [3, 0.2],
      [9, 0.3],
    ])
    expect(notices.map((notice) => notice.problem)).toEqual(['combination'])
  })
})

describe('validateExperiment', () => {
  const refusal = (input: unknown): string => {
    try {
      validateExperiment(input)
    } catch (error) {
      expect(error).toBeInstanceOf(DomainFault)
      return (error as DomainFault).message
    }
    return 'accepted'
  }

  test('lets every valid experiment pass unchanged', () => {
    fc.assert(
      fc.property(anyExperiment, (experiment) => {
        expect(validateExperiment(experiment)).toEqual(experiment)
      }),
      RUNS,
    )
  })

  test('refuses exactly what parseExperiment would touch', () => {
    fc.assert(
      fc.property(damagedExperiment, (input) => {
        expect(refusal(input) === 'accepted').toBe(parseExperiment(input).notices.length === 0)
      }),
      RUNS,
    )
  })

  test('names path, problem, value and bound on one line', () => {
    expect(refusal({ model: { depth: 0 } })).toBe('model.depth: out of range, got 0, expected a whole number from 1 to 2000')
    expect(refusal({ steps: 1.5 })).toBe('steps: not a whole number, got 1.5, expected a whole number from 1 to 1000000')
    expect(refusal({ optimizer: { lr: '0.1' } })).toBe('optimizer.lr: wrong type, got "0.1", expected a number from 1e-8 to 100')
    expect(refusal({ engine: 'gpu' })).toBe('engine: unknown, got "gpu", expected one of auto, network, fused, float64')
    expect(refusal({ version: 2 })).toBe('version: unknown, got 2, expected 1')
    expect(refusal({ model: { kind: 'chain' }, data: { kind: 'digits' } })).toContain(
      'data.kind: does not fit the other settings, got digits',
    )
    for (const input of [null, 'x\ny', 3, [], undefined])
      expect(refusal(input)).toMatch(/^experiment: [^\n]+, got [^\n]+, expected an object$/u)
  })
})

describe('rules between settings', () => {
  const FILE = { name: 'mine.csv', sha256: 'a'.repeat(64), channels: 1, height: 4, width: 4, classes: 3 }
  const used = (input: unknown) => {
    const { experiment, notices } = parseExperiment(input, DEFAULT_MLP)
    return { data: experiment.data, loss: experiment.loss.kind, paths: notices.map(({ path }) => path) }
  }

  test('image to image takes its inputs as targets, and then no cross-entropy', () => {
    const { data, loss, paths } = used({ model: { kind: 'cnn', family: 'imageToImage' } })
    expect([data.targets, loss, paths]).toEqual(['inputs', 'squaredError', ['data.targets', 'loss.kind']])
    expect(used({ versus: { model: { kind: 'cnn', family: 'imageToImage' } } }).data.targets).toBe('inputs')
  })
  test('the logistic loss stays on signs only', () => {
    expect(used({ data: { kind: 'sphere' }, loss: { kind: 'logistic' } })).toMatchObject({ loss: 'logistic', paths: [] })
    expect(used({ loss: { kind: 'logistic' } })).toMatchObject({ loss: 'squaredError', paths: ['loss.kind'] })
    expect(used({ data: { kind: 'sphere', targets: 'inputs' }, loss: { kind: 'logistic' } }).loss).toBe('squaredError')
  })
  test('two classes of a file may be signs, nothing else may', () => {
    const two = { kind: 'file', file: { ...FILE, classes: 2 }, targets: 'signs' } as const
    expect(used({ data: two, loss: { kind: 'logistic' } })).toMatchObject({ loss: 'logistic', paths: [] })
    expect(used({ data: two, loss: { kind: 'squaredError' } })).toMatchObject({ loss: 'squaredError', paths: [] })
    // Two outputs are what cross-entropy needs, and signs are one.
    expect(used({ data: two, loss: { kind: 'softmaxCrossEntropy' } })).toMatchObject({ loss: 'squaredError', paths: ['loss.kind'] })
    expect(used({ data: { ...two, targets: 'labels' }, loss: { kind: 'logistic' } })).toMatchObject({ loss: 'squaredError' })
    const three = used({ data: { ...two, file: FILE }, loss: { kind: 'logistic' } })
    expect([three.data.targets, three.paths]).toEqual(['labels', ['data.targets', 'loss.kind']])
    expect(used({ data: { targets: 'signs' } }).data.targets).toBe('labels')
  })
  test('a file has classes or numbers to predict, and as many outputs', () => {
    const numbers = used({ data: { kind: 'file', file: { ...FILE, classes: 0, outputs: 3 } }, loss: { kind: 'squaredError' } })
    expect([dataShape(numbers.data).outputWidth, numbers.paths]).toEqual([3, []])
    const both = used({ data: { kind: 'file', file: { ...FILE, outputs: 3 } } })
    expect([both.data.file, dataShape(both.data).outputWidth, both.paths]).toEqual([FILE, 3, ['data.file.outputs']])
    expect(dataShape({ ...numbers.data, file: { ...FILE, classes: 2 }, targets: 'signs' }).outputWidth).toBe(1)
  })
  test('no more points are orthogonal than there are dimensions; training points come first', () => {
    const counts = (trainCount: number, testCount: number) => {
      const { data, paths } = used({ data: { kind: 'orthogonal', inputs: 20, trainCount, testCount }, loss: { kind: 'squaredError' } })
      return [data.trainCount, data.testCount, ...paths]
    }
    expect(counts(15, 5)).toEqual([15, 5])
    expect(counts(15, 9)).toEqual([15, 5, 'data.testCount'])
    expect(counts(90, 9)).toEqual([20, 0, 'data.trainCount', 'data.testCount'])
  })
  test('a file has classes where it says so', () => {
    expect(used({ data: { kind: 'file', file: FILE } })).toMatchObject({ loss: 'softmaxCrossEntropy', paths: [] })
    expect(used({ data: { kind: 'file', file: { ...FILE, classes: 0 } } })).toMatchObject({ loss: 'squaredError', paths: ['loss.kind'] })
  })
  test.each([
    ['no file', null],
    ['a digest that is none', { ...FILE, sha256: 'xyz' }],
    ['a file without a size', { name: 'a', sha256: FILE.sha256 }],
    ['an empty name', { ...FILE, name: '' }],
    ['a name of 10 000 letters', { ...FILE, name: 'x'.repeat(10_000) }],
  ])('falls back to the shipped images for %s, and says so', (_, file) => {
    const { data, paths } = used({ data: { kind: 'file', file } })
    expect([data.kind, data.file]).toEqual(['fashionMnist', null])
    expect(paths).toContain('data.kind')
  })
})
