// splitRows, csvSamples, ownDataset (through loadDataset) and ownPreview
import { describe, expect, test } from 'vitest'
import { DEFAULT_MLP } from '../../../src/core/defaults.ts'
import type { DataSettings, Experiment } from '../../../src/core/experiment.ts'
import { parseExperiment } from '../../../src/core/parseExperiment.ts'
import { ownPreview } from '../../../src/data/ownFile/ownPreview.ts'
import type { OwnSamples } from '../../../src/data/ownFile/ownSamples.ts'
import { splitRows } from '../../../src/data/ownFile/ownSplits.ts'
import { readOwnFiles } from '../../../src/data/ownFile/readOwnFiles.ts'
import { loadDataset } from '../../../src/data/loadDataset.ts'
import { namedStream } from '../../../src/numerics/streams.ts'
import { createArm } from '../../../src/runtime/arm.ts'
import { chooseTrainer } from '../../../src/runtime/chooseTrainer.ts'
import { trainArms } from '../../../src/runtime/trainArms.ts'
import { faultOf } from '../faultOf.ts'
import { cifarBytes, cifarRecords, csvOf, file, idxBytes, npyBytes, same } from './buildFiles.ts'

const streams = (seed = 1) => ({ train: namedStream(seed, 'data'), test: namedStream(seed, 'data/test') })
const read = (name: string, bytes: Uint8Array | string) => readOwnFiles([file(name, bytes)])
const sumOf = (values: ArrayLike<number>) => Array.from(values).reduce((sum, x) => sum + x, 0)
const countsOf = (labels: ArrayLike<number>, classes: number) =>
  Array.from({ length: classes }, (_, k) => Array.from(labels).filter((label) => label === k).length)

async function load(samples: OwnSamples, change: Partial<DataSettings> = {}, seed = 1) {
  const settings: DataSettings = {
    kind: 'file',
    side: 28,
    targets: samples.targets.type === 'none' ? 'inputs' : 'labels',
    file: samples.file,
    trainCount: 10_000,
    testCount: 2000,
    inputs: 1,
    outputs: 1,
    scaling: 'unit',
    noise: 0,
    ...change,
  }
  return loadDataset(settings, { seed, ownFile: samples, readAsset: () => Promise.reject(new Error('asked for a file')) })
}

describe('splitRows', () => {
  const labels = Array.from({ length: 1000 }, (_, i) => (i < 900 ? 0 : i < 990 ? 1 : 2))

  test('uses each row once, a fifth of each class to test', () => {
    const { train, test: held } = splitRows(1000, labels, streams())
    expect([...train, ...held].toSorted((a, b) => a - b)).toEqual(labels.map((_, i) => i))
    expect(
      countsOf(
        held.map((row) => labels[row]),
        3,
      ),
    ).toEqual([180, 18, 2])
  })
  test('gives all classes alike as long as they last', () => {
    const { train } = splitRows(1000, labels, streams())
    const classes = train.map((row) => labels[row])
    expect(countsOf(classes.slice(0, 24), 3)).toEqual([8, 8, 8])
    expect(countsOf(classes.slice(0, 24 + 2 * 64), 3)).toEqual([72, 72, 8])
    expect(new Set(classes.slice(-500))).toEqual(new Set([0]))
  })
  test('is the same for the same seed and another one for another', () => {
    expect(splitRows(1000, labels, streams(3))).toEqual(splitRows(1000, labels, streams(3)))
    expect(splitRows(1000, labels, streams(3)).test).not.toEqual(splitRows(1000, labels, streams(4)).test)
    expect(splitRows(1000, labels, streams(3)).train).not.toEqual(splitRows(1000, labels, streams(4)).train)
  })
  test('splits rows without classes, and few of them', () => {
    const { train, test: held } = splitRows(7, null, streams())
    expect([train.length, held.length]).toEqual([6, 1])
    expect(splitRows(2, [0, 1], streams()).train).toHaveLength(2)
  })
})

describe('csvSamples of several targets', () => {
  const row = (i: number) => [i, i * 0.5, 10 - i, i * i]
  const words = (header = '') => header + Array.from({ length: 20 }, (_, i) => row(i).join(',')).join('\n')
  const readAs = (chosen: number | null, header = '') => readOwnFiles([file('m.csv', words(header))], null, 2 ** 20, chosen)

  test('takes as many last columns as were chosen, and the file says so', async () => {
    const { file: own, targets, notes, columnNames } = await readAs(2, 'a,b,c,d\n')
    expect(own).toMatchObject({ height: 2, classes: 0, outputs: 2 })
    expect(targets).toMatchObject({ type: 'numbers', width: 2, names: ['c', 'd'] })
    expect([...(targets as { values: Float32Array }).values.subarray(0, 4)]).toEqual([10, 0, 9, 1])
    expect([columnNames, notes]).toEqual([['a', 'b'], ['The last 2 columns are read as numbers to be predicted, as chosen.']])
    expect((await readAs(1)).file.outputs).toBe(1)
    // Classes of a table become numbers where somebody says so.
    const counted = await readOwnFiles([file('t.csv', csvOf(60))], null, 2 ** 20, 1)
    expect([counted.file.classes, counted.file.outputs]).toEqual([0, 1])
  })
  test('takes last columns whose names count up, without being told', async () => {
    for (const [header, count] of [
      ['a,b,y1,y2\n', 2],
      ['a,target_0,Target_1,target_2\n', 3],
      ['y1,y2,y3,y4\n', 1],
      ['a,b,y2,y3\n', 1],
      ['a,b,y1,z2\n', 1],
      ['a,y1,b,y2\n', 1],
    ] as const)
      expect((await readAs(null, header)).file.outputs ?? 1).toBe(count)
  })
  test('leaves at least one input, and never mixes words in', async () => {
    const why = async (chosen: number, text1 = words()) =>
      (await faultOf(() => readOwnFiles([file('m.csv', text1)], null, 2 ** 20, chosen))).detail
    expect(await why(4)).toBe('The data file m.csv has 4 columns, and 4 of them as targets leave no input.')
    expect(await why(1, 'cat,1\ndog,2\ncat,3\ndog,4')).toBe(
      'The data file m.csv has words in column 1: only numbers can be inputs, and numbers to be predicted.',
    )
  })
  test('loads rows of targets beside their inputs, each column scaled by its own', async () => {
    const own = await readAs(2)
    const plain = await load(own, { trainCount: 12 })
    expect([plain.inputWidth, plain.outputWidth, plain.train.targets.length]).toEqual([2, 2, 24])
    for (let i = 0; i < 12; i++) {
      const x = plain.train.inputs[2 * i]
      expect([plain.train.targets[2 * i], plain.train.targets[2 * i + 1]]).toEqual([10 - x, x * x])
    }
    const scaled = await load(own, { trainCount: 12, scaling: 'standardised' })
    for (const column of [0, 1]) {
      const values = Array.from({ length: 12 }, (_, i) => scaled.train.targets[2 * i + column])
      expect(sumOf(values) / 12).toBeCloseTo(0, 5)
      expect(sumOf(values.map((value) => value * value)) / 12).toBeCloseTo(1, 4)
    }
  })
  test('shows all targets of a row, their number and how many there may be', async () => {
    const preview = ownPreview(await readAs(3))
    expect([preview.targetColumns, preview.mostTargets]).toEqual([3, 3])
    expect(preview.shown[0].answer.split(' ')).toHaveLength(3)
  })
})

describe('csvSamples of words', () => {
  const iris = Array.from({ length: 30 }, (_, i) => `${i},${i / 2},${['setosa', 'versicolor', 'Alba'][i % 3]}`).join('\n')
  test('are classes in the order of the alphabet, named in the preview', async () => {
    const own = await read('iris.csv', iris)
    expect(own.targets).toMatchObject({ type: 'classes', names: ['Alba', 'setosa', 'versicolor'] })
    expect([...(own.targets as { labels: Uint8Array }).labels.subarray(0, 4)]).toEqual([1, 2, 0, 1])
    expect(own.file).toMatchObject({ height: 2, classes: 3 })
    const preview = ownPreview(own)
    expect([preview.classNames, preview.classCounts, preview.mostTargets]).toEqual([['Alba', 'setosa', 'versicolor'], [10, 10, 10], 0])
    expect(preview.notes).toEqual(['The last column is read as classes, because it holds words.'])
    const data = await load(own)
    expect([data.outputWidth, data.classNames]).toEqual([3, ['Alba', 'setosa', 'versicolor']])
  })
  test('that nearly every row has for itself, or all rows share, are refused', async () => {
    const why = async (line: (i: number) => string) =>
      (await faultOf(() => read('n.csv', Array.from({ length: 30 }, (_, i) => line(i)).join('\n')))).detail
    expect(await why((i) => `${i},name${i}`)).toBe('The data file n.csv has 30 different words in 30 rows, too many to be classes.')
    expect(await why((i) => `${i},same`)).toBe('The data file n.csv has the word "same" in every row, so there is nothing to tell apart.')
  })
})

describe('two classes as signs', () => {
  const words = Array.from({ length: 40 }, (_, i) => `${i},${i % 3},${i % 2 === 0 ? 'no' : 'yes'}`).join('\n')
  test('are one output of -1 and 1 with labels 0 and 1', async () => {
    const data = await load(await read('t.csv', words), { targets: 'signs' })
    expect([data.outputWidth, data.task, data.train.targets.length]).toEqual([1, 'classification', 32])
    data.train.labels!.forEach((label, i) => expect(data.train.targets[i]).toBe(label === 1 ? 1 : -1))
  })
  test('do not exist for three classes or for numbers', async () => {
    const own = await read('t.csv', csvOf(60))
    expect((await faultOf(() => load(own, { targets: 'signs' }))).detail).toContain('has not two classes')
  })
  test('train under the logistic loss', async () => {
    const samples = await read('t.csv', words)
    const experiment: Experiment = {
      ...DEFAULT_MLP,
      model: { ...DEFAULT_MLP.model, depth: 2, width: 4 },
      data: {
        ...DEFAULT_MLP.data,
        kind: 'file',
        file: samples.file,
        targets: 'signs',
        trainCount: 32,
        testCount: 8,
        scaling: 'standardised',
      },
      loss: { kind: 'logistic', reduction: 'mean' },
      steps: 30,
      engine: 'float64',
    }
    expect(parseExperiment(experiment).notices).toEqual([])
    const dataset = await load(samples, experiment.data)
    const arm = await createArm('A', experiment, dataset, { createTrainer: chooseTrainer }, false)
    const all = { indices: Int32Array.from({ length: 32 }, (_, i) => i), from: 'train' } as const
    const before = await arm.probes[0].loss(all)
    await trainArms([arm], 0, 30, () => performance.now())
    const after = await arm.probes[0].loss(all)
    expect(after.loss).toBeLessThan(before.loss)
    // One output decides by its sign.
    const right = Array.from(after.outputs, (f, i) => (f > 0 ? 1 : 0) === dataset.train.labels![i]).filter(Boolean).length
    expect(after.accuracy).toBe(right / 32)
  })
})

describe('csvSamples', () => {
  const targetsOf = async (words: string) => (await read('t.csv', words)).targets
  const lines = (rows: number, line: (i: number) => readonly (string | number)[], header = '') =>
    header + Array.from({ length: rows }, (_, i) => line(i).join(',')).join('\n')

  test.each([
    ['last without a header', lines(60, (i) => [i / 7, -i, i % 3]), ['0', '1', '2']],
    ['first without a header', lines(60, (i) => [i % 3, i / 7, -i / 3]), ['0', '1', '2']],
    ['first by its name, although the last looks like one', lines(60, (i) => [i % 4, i / 7, i % 2], 'Label,a,b\n'), ['0', '1', '2', '3']],
    ['last by its name', lines(60, (i) => [i % 4, i / 7, i % 2], 'a,b,y\n'), ['0', '1']],
    ['first where the last has gaps', lines(60, (i) => [i % 3, i / 7, (i % 3) * 50]), ['0', '1', '2']],
    ['minus one and one', lines(60, (i) => [i / 7, i % 2 === 0 ? -1 : 1]), ['-1', '1']],
    ['from 1', lines(60, (i) => [i / 7, 1 + (i % 4)]), ['1', '2', '3', '4']],
    ['few rows of a named class', lines(6, (i) => [i / 7, i % 3], 'a,class\n'), ['0', '1', '2']],
  ])('finds classes: %s', async (_what, words, names) => {
    const targets = await targetsOf(words)
    expect(targets).toMatchObject({ type: 'classes', names })
  })

  test.each([
    ['fractions', lines(40, (i) => [i, i / 3])],
    ['as many whole numbers as rows', lines(40, (i) => [i / 3, i])],
    ['ages', lines(300, (i) => [i / 3, 18 + (i % 70)])],
  ])('predicts numbers of the last column: %s', async (_what, words) => {
    expect((await targetsOf(words)).type).toBe('numbers')
  })

  test('keeps the other columns as inputs, with their names', async () => {
    const own = await read(
      't.csv',
      lines(60, (i) => [i % 3, i, -i], 'label,a,"b, c"\n'),
    )
    expect([...own.values]).toEqual(
      Array.from({ length: 60 }, (_, i) => [i, -i])
        .flat()
        .map((x) => x + 0),
    )
    expect(own.columnNames).toEqual(['a', 'b, c'])
    expect(own.notes).toEqual(['The first column ("label") is read as classes, because of its name.'])
  })

  test('reads tables of digits as pictures', async () => {
    const digits = await read(
      'digits.csv',
      lines(60, (i) => [...Array.from({ length: 64 }, (_, k) => (i + k) % 17), i % 10]),
    )
    expect([digits.file.height, digits.file.width, digits.unit, digits.values]).toEqual([8, 8, 16, expect.any(Uint8Array)])
    expect(digits.values[1]).toBe(1)
  })

  test('says what is wrong with a column that is named as labels', async () => {
    const said = async (words: string) => (await faultOf(() => read('t.csv', words))).detail
    expect(await said(lines(60, (i) => [i, i / 3], 'a,label\n'))).toBe('The data file t.csv holds labels that are no whole numbers.')
    expect(await said(lines(300, (i) => [i, i], 'a,label\n'))).toContain('more than 200 different labels')
  })
})

describe('loadDataset of own files', () => {
  test('gives pixels divided by 255, labels and one-hot rows that belong together', async () => {
    const records = cifarRecords(100, 1, (row, i) => (row * 31 + i) % 256)
    const data = await load(await read('b.bin', cifarBytes(records)))
    expect([data.imageShape, data.inputWidth, data.outputWidth, data.task]).toEqual([[3, 32, 32], 3072, 10, 'classification'])
    expect([data.train.count, data.test.count]).toEqual([80, 20])
    expect(countsOf(data.test.labels!, 10)).toEqual(same(10, 2))
    for (const split of [data.train, data.test]) {
      for (let i = 0; i < split.count; i++) {
        // The first pixel tells the record: 31 is odd, so that its multiples differ below 256.
        const row = records.findIndex(({ pixels }) => Math.fround(pixels[0] / 255) === split.inputs[i * 3072])
        expect(split.labels![i]).toBe(records[row].labels[0])
        expect(split.inputs[i * 3072 + 3071]).toBe(Math.fround(records[row].pixels[3071] / 255))
        expect(Array.from(split.targets.subarray(i * 10, i * 10 + 10)).indexOf(1)).toBe(split.labels![i])
      }
    }
  })

  test('draws by the seed, and keeps one split whatever the count of the other', async () => {
    const own = await read('t.csv', csvOf(300))
    const whole = await load(own)
    expect((await load(own, { trainCount: 30 })).test).toEqual(whole.test)
    expect((await load(own, { trainCount: 30 })).train.inputs).toEqual(whole.train.inputs.slice(0, 60))
    expect((await load(own, { testCount: 0 })).train).toEqual(whole.train)
    expect((await load(own, {}, 2)).train.inputs).not.toEqual(whole.train.inputs)
    expect(countsOf((await load(own, { trainCount: 30 })).train.labels!, 3)).toEqual([10, 10, 10])
  })

  test('gives vectors without the shape of an image', async () => {
    const data = await load(await read('t.csv', csvOf(60)))
    expect([data.imageShape, data.inputWidth, data.classNames]).toEqual([null, 2, ['0', '1', '2']])
  })

  test('standardises each column of a table, and numbers to be predicted, by the training rows', async () => {
    const own = await read(
      'p.csv',
      Array.from({ length: 200 }, (_, i) => `${1000 * Math.sin(i)},${i / 1e4},${2e5 + 3e4 * Math.cos(3 * i)}`).join('\n'),
    )
    const { train, test: held } = await load(own, { scaling: 'standardised' })
    for (const values of [train.targets, train.inputs.filter((_, i) => i % 2 === 0), train.inputs.filter((_, i) => i % 2 === 1)]) {
      const mean = sumOf(values) / values.length
      const square = sumOf(values.map((x) => x * x)) / values.length
      // 160 numbers of size 1 rounded to float32.
      expect(Math.abs(mean)).toBeLessThan(1e-6)
      expect(Math.abs(square - 1)).toBeLessThan(1e-5)
    }
    // The same shift and factor, so that test rows are not of mean 0 exactly.
    expect(Math.abs(sumOf(held.targets))).toBeGreaterThan(1e-3)
    expect([train.labels, (await load(own)).train.targets[0] > 1e5]).toEqual([null, true])
  })

  test('makes pictures without labels their own targets', async () => {
    const own = await read(
      'x',
      idxBytes(
        [20, 2, 2],
        Array.from({ length: 80 }, (_, i) => i),
      ),
    )
    const data = await load(own)
    expect([data.task, data.outputWidth, data.train.labels]).toEqual(['regression', 4, null])
    expect(data.train.targets).toEqual(data.train.inputs)
    expect((await faultOf(() => load(own, { targets: 'labels' }))).detail).toContain('has no labels')
  })

  test('says which file is missing', async () => {
    const own = await read('t.csv', csvOf(60))
    const other = await read('u.csv', csvOf(61))
    const settings = { targets: 'labels', file: own.file } as const
    const said = `This run needs the file t.csv (SHA-256 ${own.file.sha256.slice(0, 8)}…), which stays on the machine of its owner: choose it to go on.`
    for (const there of [other, null]) {
      const load1 = () =>
        loadDataset(
          { kind: 'file', side: 28, trainCount: 9, testCount: 9, inputs: 1, outputs: 1, scaling: 'unit', noise: 0, ...settings },
          { seed: 1, ownFile: there, readAsset: () => Promise.reject(new Error()) },
        )
      expect(await faultOf(load1)).toEqual({ type: 'dataMissing', file: 't.csv', detail: said })
    }
  })

  test('refuses a file whose shape is not the one that a link claims', async () => {
    const own = await read('t.csv', csvOf(60))
    expect((await faultOf(() => load(own, { file: { ...own.file, classes: 2 } }))).detail).toContain('another shape or other classes')
  })
})

describe('ownPreview', () => {
  test('shows 25 samples of all classes, each with its own answer', async () => {
    const preview = ownPreview(await read('b.bin', cifarBytes(cifarRecords(60, 1, (row) => row))))
    expect([preview.count, preview.trainable, preview.testable, preview.shown.length]).toEqual([60, 50, 10, 25])
    expect(preview.classCounts).toEqual(same(10, 6))
    expect(new Set(preview.shown.map(({ answer }) => answer)).size).toBe(10)
    if (preview.samples.type !== 'pictures') throw new Error('expected pictures')
    expect([preview.samples.height, preview.samples.width, preview.samples.pixels.length]).toEqual([32, 32, 25 * 32 * 32 * 4])
    for (const [k, { place }] of preview.shown.entries()) {
      // Every pixel of a record is its number.
      expect([...preview.samples.pixels.subarray(k * 4096, k * 4096 + 4)]).toEqual([place - 1, place - 1, place - 1, 255])
    }
  })
  test('keeps colours apart', async () => {
    const preview = ownPreview(await read('b.bin', cifarBytes(cifarRecords(10, 1, (_, i) => [10, 120, 250][Math.floor(i / 1024)]))))
    expect([...(preview.samples as { pixels: Uint8ClampedArray }).pixels.subarray(0, 4)]).toEqual([10, 120, 250, 255])
  })
  test('makes large pictures small', async () => {
    const preview = ownPreview(await read('x', idxBytes([2, 300, 200], same(120_000, 255))))
    expect(preview.samples).toMatchObject({ type: 'pictures', height: 64, width: 42 })
  })
  test('spreads numbers without a scale from black to white', async () => {
    const preview = ownPreview(await read('x.npy', npyBytes([2, 2, 2], [-5, 0, 5, 15, 0.1, 0.2, 0.3, 0.5])))
    const { pixels } = preview.samples as { pixels: Uint8ClampedArray }
    const first = preview.shown.findIndex(({ place }) => place === 1)
    expect([0, 4, 8, 12].map((at) => pixels[16 * first + at])).toEqual([0, 64, 128, 255])
  })
  test('shows six columns of a table and counts the others', async () => {
    const words = Array.from({ length: 40 }, (_, i) => [...Array.from({ length: 9 }, (__, k) => i + k / 8), i % 2].join(',')).join('\n')
    const preview = ownPreview(await read('t.csv', words))
    if (preview.samples.type !== 'table') throw new Error('expected a table')
    expect([preview.samples.columns.map(({ name }) => name), preview.samples.hidden]).toEqual([['x1', 'x2', 'x3', 'x4', 'x5', 'x6'], 3])
    for (const [k, { place }] of preview.shown.entries())
      expect(preview.samples.rows[k]).toEqual([0, 1, 2, 3, 4, 5].map((c) => place - 1 + c / 8))
  })
  test('gives the range of numbers to be predicted', async () => {
    const preview = ownPreview(await read('t.csv', '1,0.5\n2,1.5\n3,7\n'))
    expect(preview.targetRange).toEqual({ min: 0.5, mean: 3, max: 7 })
  })
})
