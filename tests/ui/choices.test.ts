// Does every choice of the controls lead to an experiment that no rule has to repair, and to a network that is another one?
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DEFAULT_CNN, DEFAULT_EXPERIMENT, DEFAULT_MLP } from '../../src/core/defaults.ts'
import { activationSchema, dataSchema, initSchema, lossSchema, optimizerSchema, type Experiment } from '../../src/core/experiment.ts'
import { isWeighted, parameterCount } from '../../src/core/networkSpec.ts'
import { parseExperiment } from '../../src/core/parseExperiment.ts'
import { LESSONS } from '../../src/lessons/catalogue.ts'
import { decodeLink } from '../../src/share/decodeLink.ts'
import { encodeLink } from '../../src/share/encodeLink.ts'
import { lessonPreset } from '../../src/share/presets.ts'
import { withField } from '../../src/store/fieldPath.ts'
import { comparisonOf, differenceFor, isComparable } from '../../src/ui/controls/comparison.ts'
import { dataFields, fieldsForData, fieldsForTargets, fitsModel, lossObstacle, fieldsForLoss } from '../../src/ui/controls/dataChoice.ts'
import { allowedDepth, fieldsForFamily, hasDepth } from '../../src/ui/controls/familyChoice.ts'
import { withModelKind } from '../../src/ui/controls/modelSwitch.ts'
import { networkOf, solvedWidth } from '../../src/ui/controls/networkOf.ts'
import { equivalentTauWords } from '../../src/ui/controls/tauMarks.ts'
import {
  ACTIVATION_CHOICES,
  COMPARISON_CHOICES,
  DATA_CHOICES,
  FAMILY_CHOICES,
  LOSS_CHOICES,
  MODEL_CHOICES,
  OPTIMIZER_CHOICES,
  SCHEME_CHOICES,
} from '../../src/ui/controls/words.ts'
import { anyExperiment } from '../core/anyExperiment.ts'

const written = (experiment: Experiment, fields: Readonly<Record<string, unknown>>): unknown =>
  Object.entries(fields).reduce<unknown>((now, [path, value]) => withField(now as Experiment, path, value), experiment)
const applied = (experiment: Experiment, fields: Readonly<Record<string, unknown>>): Experiment => {
  const { experiment: next, notices } = parseExperiment(written(experiment, fields), experiment)
  expect(notices).toEqual([])
  return next
}
const BASES = [DEFAULT_EXPERIMENT, DEFAULT_MLP, DEFAULT_CNN]
const values = (choices: readonly { readonly value: string }[]) => choices.map(({ value }) => value).sort()

describe('the lists of choices', () => {
  test('offer everything that the schema knows, and nothing else', () => {
    expect(values(ACTIVATION_CHOICES)).toEqual([...activationSchema.options].sort())
    expect(values(SCHEME_CHOICES)).toEqual([...initSchema.entries.scheme.options].sort())
    expect(values(OPTIMIZER_CHOICES)).toEqual([...optimizerSchema.entries.kind.options].sort())
    expect(values(LOSS_CHOICES)).toEqual([...lossSchema.entries.kind.options].sort())
    expect([...values(DATA_CHOICES), 'file'].sort()).toEqual([...dataSchema.entries.kind.options].sort())
  })
})

describe('withModelKind', () => {
  test('leads from each model to each other without a notice, and to the same seed', () => {
    for (const base of BASES) {
      for (const { value } of MODEL_CHOICES) {
        const { experiment, notices } = parseExperiment(withModelKind({ ...base, seed: 41 }, value))
        expect(notices).toEqual([])
        expect(experiment.model.kind).toBe(value)
        expect(experiment.seed).toBe(41)
      }
    }
  })
})

describe('withModelKind of own files', () => {
  const file = { name: 'mine', sha256: 'a'.repeat(64), channels: 1, height: 8, width: 8, classes: 3 }
  const own: Experiment = { ...DEFAULT_MLP, data: { ...DEFAULT_MLP.data, kind: 'file', file, trainCount: 99 } }

  test('keeps them where the model can learn them, and their name where it cannot', () => {
    expect(withModelKind(own, 'cnn')).toMatchObject({ model: { kind: 'cnn' }, data: own.data, loss: own.loss })
    const chain = withModelKind(own, 'chain')
    expect([chain.data.kind, chain.data.file, parseExperiment(chain).notices]).toEqual(['point', file, []])
  })
})

describe('fieldsForFamily', () => {
  test('switches targets and loss together with images that are given back, and back again', () => {
    const images = applied(DEFAULT_CNN, fieldsForFamily('imageToImage', DEFAULT_CNN))
    expect([images.data.targets, images.loss.kind]).toEqual(['inputs', 'squaredError'])
    const plain = applied(images, fieldsForFamily('plain', images))
    expect([plain.data.targets, plain.loss.kind]).toEqual(['labels', 'softmaxCrossEntropy'])
  })
  test('needs no notice from any convolutional network', () => {
    fc.assert(
      fc.property(anyExperiment, fc.constantFrom(...FAMILY_CHOICES), (any, { value }) => {
        // An image-to-image arm B decides for both arms.
        fc.pre(any.model.kind === 'cnn' && any.versus === null)
        expect(applied(any, fieldsForFamily(value, any)).model.family).toBe(value)
      }),
      { seed: 5, numRuns: 300 },
    )
  })
})

describe('allowedDepth', () => {
  const cnn = DEFAULT_CNN.model
  test('is any depth but of families that come in blocks', () => {
    expect(allowedDepth(DEFAULT_MLP.model, 7)).toBe(7)
    expect(allowedDepth({ ...cnn, family: 'plain', depth: 5 }, 8)).toBe(8)
    expect(allowedDepth({ ...cnn, family: 'wide', depth: 10 }, 3)).toBe(10)
  })
  test('moves with one key press, and each depth makes another network', () => {
    for (const family of ['wide', 'stripped'] as const) {
      const at = (depth: number) => ({ ...cnn, family, depth })
      let depth = allowedDepth(at(5), 1)
      let count = 0
      for (let press = 0; press < 4; press++) {
        const model = at(depth)
        const layers = networkOf({ ...DEFAULT_CNN, model }, 'A').layers.filter(isWeighted).length
        expect(layers).toBeGreaterThan(count)
        count = layers
        expect(allowedDepth(model, depth)).toBe(depth)
        const next = allowedDepth(model, depth + 1)
        expect(next).toBeGreaterThan(depth)
        expect(allowedDepth(at(next), next - 1)).toBe(depth)
        depth = next
      }
    }
  })
})

describe('fieldsForData', () => {
  test('needs no notice, whatever was there before', () => {
    fc.assert(
      fc.property(anyExperiment, fc.constantFrom(...DATA_CHOICES), (any, { value }) => {
        // A chain as arm B, or an image-to-image arm B, decides for both arms.
        fc.pre(any.versus === null && fitsModel(value, any.model.kind))
        const next = applied(any, fieldsForData(value, any))
        expect(next.data.kind).toBe(value)
        expect(lossObstacle(next.loss.kind, next.data)).toBeNull()
      }),
      { seed: 5, numRuns: 400 },
    )
  })
  test('brings the size that belongs to a set, and leaves a size that a hand has set', () => {
    const orthogonal = applied(DEFAULT_MLP, fieldsForData('orthogonal', DEFAULT_MLP))
    expect(orthogonal.data.trainCount).toBeLessThanOrEqual(orthogonal.data.inputs)
    expect(orthogonal.loss.kind).toBe('logistic')
    expect(applied(orthogonal, fieldsForData('fashionMnist', orthogonal)).data).toEqual(DEFAULT_MLP.data)
    const own: Experiment = { ...DEFAULT_MLP, data: { ...DEFAULT_MLP.data, trainCount: 777 } }
    expect(applied(own, fieldsForData('sphere', own)).data.trainCount).toBe(777)
  })
  test('lets targets go to the inputs and back without a notice, where the kind knows them', () => {
    for (const { value } of DATA_CHOICES.filter((choice) => dataFields(choice.value).targets)) {
      const labels = applied(DEFAULT_MLP, fieldsForData(value, DEFAULT_MLP))
      const inputs = applied(labels, fieldsForTargets('inputs', labels.data))
      expect(inputs.data.targets).toBe('inputs')
      expect(applied(inputs, fieldsForTargets('labels', inputs.data))).toEqual(labels)
    }
  })
})

describe('differenceFor', () => {
  test('makes an arm B that the page names as what was asked for, and that a link carries', () => {
    const lessons = LESSONS.map((lesson) => lesson.experiment)
    const families = FAMILY_CHOICES.map(({ value }) => applied(DEFAULT_CNN, fieldsForFamily(value, DEFAULT_CNN)))
    for (const base of [...BASES, ...lessons, ...families]) {
      for (const { value } of COMPARISON_CHOICES.filter((choice) => isComparable(choice.value, base))) {
        const next = applied(base, { versus: differenceFor(value, base) })
        expect(comparisonOf(next.versus)).toBe(value)
        const { hash, fits } = encodeLink(next, 'race.1', lessonPreset)
        expect(fits).toBe(true)
        expect(decodeLink(hash, lessonPreset).experiment).toEqual(next)
      }
    }
  })
  test('of two depths is another network in each family that has depths', () => {
    for (const { value } of FAMILY_CHOICES) {
      const base = applied(DEFAULT_CNN, fieldsForFamily(value, DEFAULT_CNN))
      if (!hasDepth(base.model)) continue
      const next = applied(base, { versus: differenceFor('depth', base) })
      expect(networkOf(next, 'B').layers.length).not.toBe(networkOf(next, 'A').layers.length)
    }
  })
})

describe('solvedWidth', () => {
  test('keeps the number of weights while the depth moves', () => {
    const budget = parameterCount(networkOf(DEFAULT_MLP, 'A'))
    for (const depth of [2, 3, 8, 20]) {
      const equal = applied(DEFAULT_MLP, { 'model.parameterBudget': budget, 'model.depth': depth })
      const { width, parameters } = solvedWidth(equal, 'A')
      // One unit more or less changes the count by at most (inputs + outputs + 2 (depth) width), far below a tenth here.
      expect(Math.abs(parameters / budget - 1)).toBeLessThan(0.05)
      expect(parameters).toBe(parameterCount(networkOf({ ...equal, model: { ...equal.model, parameterBudget: null, width } }, 'A')))
    }
  })
})

describe('equivalentTauWords', () => {
  const words = (experiment: Experiment) => equivalentTauWords(experiment, networkOf(experiment, 'A').layers)
  const scheme = (base: Experiment, name: Experiment['init']['scheme']): Experiment => ({ ...base, init: { ...base.init, scheme: name } })
  test('is one number where all layers agree, and empty where tau is given as such', () => {
    expect(words(scheme(DEFAULT_MLP, 'heNormal'))).toBe('τ ≙ 2.45')
    expect(words(scheme(DEFAULT_CNN, 'lecunNormal'))).toBe('τ ≙ 1.73')
    expect(words(scheme(DEFAULT_MLP, 'uniform'))).toBe('')
  })
  test('names places in a dense network and kinds in a convolutional one where they differ', () => {
    // Fan-ins 196, 64, 64 and fan-outs 64, 64, 10: sqrt(6 fanIn / (fanIn + fanOut)).
    expect(words(scheme(DEFAULT_MLP, 'glorotUniform'))).toBe('τ ≙ 2.13 first, 1.73 hidden, 2.28 last')
    // 9 to 144, 144 to 144 and 16 to 10.
    expect(words(scheme(DEFAULT_CNN, 'glorotUniform'))).toBe('τ ≙ 0.594–1.73 conv, 1.92 dense')
  })
})

describe('fieldsForLoss', () => {
  const file = { name: 'a.csv', sha256: 'a'.repeat(64), channels: 1, height: 3, width: 1, classes: 2 }
  const data = { ...DEFAULT_MLP.data, kind: 'file' as const, file, targets: 'labels' as const }
  test('makes one output of two classes for the logistic loss, and two again for cross-entropy', () => {
    const logistic = fieldsForLoss('logistic', data)
    expect(logistic).toEqual({ 'data.targets': 'signs', 'loss.kind': 'logistic' })
    const back = fieldsForLoss('softmaxCrossEntropy', { ...data, targets: 'signs' })
    expect(back).toEqual({ 'data.targets': 'labels', 'loss.kind': 'softmaxCrossEntropy' })
    for (const kind of ['logistic', 'softmaxCrossEntropy', 'squaredError'] as const) expect(lossObstacle(kind, data)).toBeNull()
    // The squared error fits both.
    expect(fieldsForLoss('squaredError', { ...data, targets: 'signs' })).toEqual({ 'loss.kind': 'squaredError' })
  })
  test('leaves other data as they are', () => {
    const three = { ...data, file: { ...file, classes: 3 } }
    expect(fieldsForLoss('logistic', three)).toEqual({ 'loss.kind': 'logistic' })
    expect(lossObstacle('logistic', three)).toBe('needs targets ±1')
    expect(lossObstacle('logistic', { ...data, targets: 'inputs' })).toBe('needs targets ±1')
  })
})
