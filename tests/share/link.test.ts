// Does a link mean the same experiment for ever, and can no link break the page?
import { deflateSync, strToU8 } from 'fflate'
import * as fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { DEFAULT_EXPERIMENT, DEFAULT_MLP } from '../../src/core/defaults.ts'
import { experimentSchema, versusSchema, type Experiment } from '../../src/core/experiment.ts'
import { LESSONS } from '../../src/lessons/catalogue.ts'
import { decodeLink } from '../../src/share/decodeLink.ts'
import { encodeLink, LINK_LIMIT, readableLink } from '../../src/share/encodeLink.ts'
import { LINK_KEYS, numberText, VERSUS_KEYS, valueAt, valueOf } from '../../src/share/linkKeys.ts'
import { INFLATED_LIMIT, packed, unpacked } from '../../src/share/longLink.ts'
import { LINK_VERSION, migrated } from '../../src/share/migrations.ts'
import { lessonOfPreset, lessonPreset, type PresetLookup } from '../../src/share/presets.ts'
import { anyExperiment } from '../core/anyExperiment.ts'

const RUNS = { seed: 5, numRuns: 300 }

/** Two presets of our own, so that these tests do not move with the lessons. */
const presets: PresetLookup = (id) =>
  id === 'race.1' || id === 'race'
    ? { id: 'race.1', experiment: DEFAULT_EXPERIMENT }
    : id === 'images.2'
      ? { id, experiment: DEFAULT_MLP }
      : null

const decode = (hash: string) => decodeLink(hash, presets)
const encode = (experiment: Experiment, preset: string | null = 'race.1') => encodeLink(experiment, preset, presets).hash
const problems = (hash: string) => decode(hash).notices.map((notice) => `${notice.path} ${notice.problem}`)

describe('a link', () => {
  test('is readable and holds only what differs from its preset', () => {
    const experiment: Experiment = {
      ...DEFAULT_EXPERIMENT,
      model: { ...DEFAULT_EXPERIMENT.model, depth: 12 },
      optimizer: { ...DEFAULT_EXPERIMENT.optimizer, kind: 'rmsprop', lr: 0.001 },
      seed: 8,
      versus: { optimizer: { kind: 'rmsprop', lr: 0.002 } },
    }
    expect(encode(experiment)).toBe('#v=1&p=race.1&depth=12&opt=rmsprop&lr=1e-3&seed=8&vs=opt:rmsprop,lr:2e-3')
    expect(encode(DEFAULT_EXPERIMENT)).toBe('#v=1&p=race.1')
  })

  test('gives back exactly the experiment it was made of, from any preset', () => {
    fc.assert(
      fc.property(anyExperiment, fc.constantFrom('race.1', 'images.2', null, 'gone.9'), (experiment, preset) => {
        const decoded = decode(encode(experiment, preset))
        expect(decoded.experiment).toEqual(experiment)
        expect(decoded.notices).toEqual([])
        expect(decoded.presetId).toBe(preset === 'images.2' ? 'images.2' : 'race.1')
      }),
      RUNS,
    )
  })

  test('says how many numbers of a file are predicted, in the place of its classes', () => {
    const file = { name: 'm.csv', sha256: 'a'.repeat(64), channels: 1, height: 4, width: 1, classes: 0, outputs: 3 }
    const experiment: Experiment = {
      ...DEFAULT_MLP,
      data: { ...DEFAULT_MLP.data, kind: 'file', file },
      loss: { ...DEFAULT_MLP.loss, kind: 'squaredError' },
    }
    const link = encode(experiment)
    expect(link).toContain(`file=${'a'.repeat(64)}.1.4.1.n3.m.csv`)
    expect(decode(link).experiment.data.file).toEqual(file)
    // As links said it before: one number.
    expect(decode(link.replace('.n3.', '.0.')).experiment.data.file).toEqual({ ...file, outputs: undefined })
  })

  test('fits into 2000 characters for any experiment, mid-run changes included', () => {
    fc.assert(
      fc.property(anyExperiment, (experiment) => {
        const { hash, fits } = encodeLink(experiment, 'images.2', presets)
        expect(hash.length).toBeLessThan(LINK_LIMIT)
        expect(fits).toBe(true)
      }),
      RUNS,
    )
  })

  test('fits into 2000 characters with two hundred changes of the rate', () => {
    const changes = Array.from({ length: 200 }, (_, k) => ({
      step: 37 * (k + 1),
      arm: 'A' as const,
      optimizer: { ...DEFAULT_EXPERIMENT.optimizer, lr: Number((0.1 * 0.97 ** k).toPrecision(3)) },
    }))
    const experiment = { ...DEFAULT_EXPERIMENT, changes, steps: 10_000 }
    const { hash, fits } = encodeLink(experiment, 'race.1', presets)
    expect(hash.startsWith('#z=')).toBe(true)
    expect(fits).toBe(true)
    expect(decode(hash)).toEqual({ experiment, presetId: 'race.1', notices: [] })
  })

  test('says when a state does not fit, and still holds it', () => {
    const changes = Array.from({ length: 250 }, (_, k) => ({
      step: 1 + k * 3001,
      arm: 'A' as const,
      optimizer: { ...DEFAULT_EXPERIMENT.optimizer, lr: 1e-3 * (1 + Math.abs(Math.sin(k * k + 0.1))) },
    }))
    const { hash, fits } = encodeLink({ ...DEFAULT_EXPERIMENT, changes }, 'race.1', presets)
    expect(fits).toBe(false)
    expect(decode(hash).experiment.changes).toEqual(changes)
  })

  test('is under 200 characters for every shipped lesson and its twist, and comes back', () => {
    for (const lesson of LESSONS) {
      const id = `${lesson.id}.${lesson.revision}`
      for (const experiment of [lesson.experiment, lesson.twist.experiment]) {
        const { hash } = encodeLink(experiment, id, lessonPreset)
        expect(hash.length).toBeLessThan(200)
        expect(decodeLink(hash, lessonPreset)).toEqual({ experiment, presetId: id, notices: [] })
      }
    }
  })

  test('survives what mail programs do to it: escapes, a lost #, empty parts', () => {
    const { experiment } = decode('v=1&&p=race.1&vs=opt%3Aadam%2Clr%3A0.01&depth=%31%32&')
    expect([experiment.model.depth, experiment.versus]).toEqual([12, { optimizer: { kind: 'adam', lr: 0.01 } }])
  })

  test('accepts hand-written forms: no version, no preset, a lesson without revision, l for p', () => {
    expect(decode('depth=5').experiment.model.depth).toBe(5)
    expect(decode('l=race&depth=5')).toMatchObject({ presetId: 'race.1', notices: [] })
    expect(decode('')).toEqual({ experiment: DEFAULT_EXPERIMENT, presetId: null, notices: [] })
  })

  test('replaces arm B as a whole and can remove it', () => {
    expect(decode('p=race.1&vs=lr:0.5').experiment.versus).toEqual({ optimizer: { lr: 0.5 } })
    expect(decode('p=race.1&vs=none').experiment.versus).toBeNull()
  })

  test('writes changes as differences from the optimizer of their arm', () => {
    const experiment = decode('p=race.1&ch=120A,opt:adam,lr:1e-3;300B,lr:0.1').experiment
    expect(experiment.changes).toEqual([
      { step: 120, arm: 'A', optimizer: { ...DEFAULT_EXPERIMENT.optimizer, kind: 'adam', lr: 0.001 } },
      { step: 300, arm: 'B', optimizer: { ...DEFAULT_EXPERIMENT.optimizer, kind: 'rmsprop', eps: 1e-150, lr: 0.1 } },
    ])
    expect(encode(experiment)).toBe('#v=1&p=race.1&ch=120A,opt:adam,lr:1e-3;300B,lr:0.1')
  })
})

describe('a bad link', () => {
  test.each([
    ['an unknown key', 'depht=24', ['link.depht unknown']],
    ['a word where a number belongs', 'depth=deep', ['model.depth wrongType']],
    ['a number out of range', 'depth=99999&lr=-3', ['model.depth clamped', 'optimizer.lr clamped']],
    ['an unknown name', 'opt=lion', ['optimizer.kind unknown']],
    ['a half number', 'depth=2.5', ['model.depth rounded']],
    ['code instead of a number', 'depth=1%2B1', ['model.depth wrongType']],
    ['an unknown lesson', 'p=nowhere.1&depth=3', ['link.p unknown']],
    ['a version of the future', 'v=7&depth=3', ['link.v unknown']],
    ['a version that is none', 'v=one', ['link.v unknown']],
    ['a bad arm B', 'vs=opt:lion,colour:red', ['link.vs.colour unknown', 'versus.optimizer.kind unknown']],
    ['a bad change', 'ch=soon,lr:1;5A,lr:x', ['link.ch wrongType', 'changes.0.optimizer.lr wrongType']],
    ['a chain on images', 'data=fashionMnist', ['data.kind combination']],
    ['packed nonsense', 'z=!!!', ['z wrongType']],
    ['a packed part cut off', `z=${packed('v=1&p=race.1&depth=12&lr=1e-3&seed=9').slice(0, 20)}`, ['z wrongType']],
    [
      'names of the language',
      '__proto__=1&constructor=2&toString=3',
      ['link.__proto__ unknown', 'link.constructor unknown', 'link.toString unknown'],
    ],
  ])('%s is named and the rest is kept', (_what, hash, expected) => {
    expect(problems(`${hash}&seed=77`)).toEqual(expected)
    expect(decode(`${hash}&seed=77`).experiment.seed).toBe(77)
  })

  test('keeps the damage to the one field', () => {
    const { experiment } = decode('depth=deep&lr=0.03')
    expect(experiment).toEqual({ ...DEFAULT_EXPERIMENT, optimizer: { ...DEFAULT_EXPERIMENT.optimizer, lr: 0.03 } })
  })

  test('does not unpack a bomb', () => {
    const bomb = deflateSync(new Uint8Array(20_000_000), { level: 9 })
    const text = btoa(Array.from(bomb, (byte) => String.fromCharCode(byte)).join(''))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replace(/=+$/u, '')
    expect(unpacked(text)).toEqual({ ok: false, why: 'tooLarge' })
    expect(problems(`z=${text}`)).toEqual(['z wrongType'])
  })

  test('does not look at more than it must', () => {
    expect(unpacked('A'.repeat(70_000))).toEqual({ ok: false, why: 'tooLong' })
    expect(decode(Array.from({ length: 5000 }, (_, k) => `k${k}=1`).join('&')).notices.length).toBeLessThanOrEqual(40)
    expect(decode(`seed=3&${'x'.repeat(1e6)}`).experiment.seed).toBe(3)
  })

  test('never gives an invalid experiment nor throws, whatever stands in it', () => {
    const words = fc.constantFrom(...LINK_KEYS.map(({ key }) => key), 'v', 'p', 'l', 'vs', 'ch', 'z', '__proto__')
    const values = fc.oneof(
      fc.string(),
      fc.constantFrom('none', 'auto', '1e999', '-0', 'NaN', '5A,lr:1', 'opt:adam', '%', '%zz', '<b>', 'chain', 'mlp', 'fashionMnist'),
      fc.double().map(String),
    )
    const link = fc
      .array(fc.tuple(words, values), { maxLength: 12 })
      .map((pairs) => pairs.map(([key, value]) => `${key}=${value}`).join('&'))
    fc.assert(
      fc.property(
        fc.oneof(
          link,
          fc.string(),
          link.map((text) => `z=${packed(text)}`),
        ),
        (hash) => {
          const { experiment, notices } = decode(hash)
          expect(v.is(experimentSchema, experiment)).toBe(true)
          for (const notice of notices) expect(notice.text.length).toBeLessThan(400)
        },
      ),
      RUNS,
    )
  })
})

describe('the packed form', () => {
  test('gives back any text up to its limit', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 2000 }), (text) => {
        expect(unpacked(packed(text))).toEqual({ ok: true, text: new TextDecoder().decode(strToU8(text)) })
      }),
      { seed: 6, numRuns: 100 },
    )
    const long = 'a'.repeat(INFLATED_LIMIT)
    expect(unpacked(packed(long))).toEqual({ ok: true, text: long })
    expect(unpacked(packed(`${long}a`))).toEqual({ ok: false, why: 'tooLarge' })
  })

  test('lets what stands beside it win', () => {
    const hash = `z=${packed(readableLink({ ...DEFAULT_EXPERIMENT, seed: 5 }, 'race.1', presets))}&depth=9`
    const { experiment, notices } = decode(hash)
    expect([experiment.seed, experiment.model.depth, notices]).toEqual([5, 9, []])
  })
})

describe('the table of keys', () => {
  test('covers every field of an experiment but the four that have forms of their own', () => {
    const leaves = (tree: object, path: string): readonly string[] =>
      Object.entries(tree).flatMap(([key, value]) => {
        const at = path === '' ? key : `${path}.${key}`
        return typeof value === 'object' && value !== null ? leaves(value as object, at) : [at]
      })
    const { version: _version, versus: _versus, changes: _changes, ...rest } = DEFAULT_EXPERIMENT
    expect(LINK_KEYS.map(({ path }) => path).toSorted()).toEqual(leaves(rest, '').toSorted())
  })

  test('covers every field that arm B may change', () => {
    const part = (name: 'model' | 'init' | 'optimizer') => Object.keys(DEFAULT_EXPERIMENT[name]).map((key) => `${name}.${key}`)
    const whole = Object.keys(versusSchema.entries).flatMap((name) =>
      name === 'model' || name === 'init' || name === 'optimizer' ? part(name) : [name],
    )
    expect(VERSUS_KEYS.map(({ path }) => path).toSorted()).toEqual(whole.toSorted())
  })

  test('has each key once', () => {
    for (const keys of [LINK_KEYS, VERSUS_KEYS]) expect(new Set(keys.map(({ key }) => key)).size).toBe(keys.length)
  })

  test('writes numbers that read back bit for bit', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(valueOf('number', numberText(value))).toBe(value === 0 ? 0 : value)
      }),
      RUNS,
    )
    expect([numberText(0.001), numberText(100_000), numberText(0.1), numberText(1e-150)]).toEqual(['1e-3', '1e5', '0.1', '1e-150'])
  })

  test('reads nothing through inheritance', () => {
    expect(valueAt({}, 'constructor.name')).toBeUndefined()
  })
})

describe('migrations', () => {
  test('run from the version of the link to the newest, in order', () => {
    const steps = [
      (pairs: readonly (readonly [string, string])[]) => pairs.map(([key, value]) => [key, `${value}b`] as const),
      (pairs: readonly (readonly [string, string])[]) => pairs.map(([key, value]) => [key, `${value}c`] as const),
    ]
    expect(migrated([['x', 'a']], 1, steps)).toEqual([['x', 'abc']])
    expect(migrated([['x', 'a']], 2, steps)).toEqual([['x', 'ac']])
    expect(migrated([['x', 'a']], 3, steps)).toEqual([['x', 'a']])
  })

  test('are one fewer than versions', () => {
    expect(migrated([['x', 'a']], LINK_VERSION)).toEqual([['x', 'a']])
  })
})

describe('lessonPreset', () => {
  test('finds every lesson by name and revision and by name alone', () => {
    for (const { id, revision, experiment } of LESSONS) {
      expect(lessonPreset(`${id}.${revision}`)).toEqual({ id: `${id}.${revision}`, experiment })
      expect(lessonPreset(id)).not.toBeNull()
    }
    expect(lessonOfPreset('race.1')).toEqual({ id: 'race', revision: 1 })
  })

  test('finds nothing for other texts', () => {
    for (const id of ['', 'race.99', '__proto__', 'constructor.1', 'race.1.1', 'RACE', '../race']) expect(lessonPreset(id)).toBeNull()
    expect(lessonOfPreset(null)).toBeNull()
  })
})
