// Where does a run get its data? Here, whatever kind the experiment names: one door for shipped images and synthetic sets.
//
// Three named streams of the seed: `data` (training rows and their order), `data/test` and `data/function` (the hidden
// teacher or the class centres). So more training rows leave the test set and the function to be learnt as they were.
import type { Dataset, SplitArrays } from '../core/dataset.ts'
import type { DataSettings } from '../core/experiment.ts'
import { namedStream } from '../numerics/streams.ts'
import { loadImageDataset } from './imageDataset.ts'
import { drawMixtureCentres, mixtureRows, MIXTURE_CLASSES, type ClassifiedRows } from './mixture.ts'
import { oneHot } from './oneHot.ts'
import { lineRows, pointRow } from './pointAndLine.ts'
import { drawTeacher, teacherRows, type RegressionRows } from './teacher.ts'
import type { AssetSource } from './verifiedAssets.ts'

/** What `loadDataset` needs beside the settings; synthetic sets never call `readAsset`. */
export interface DatasetSource extends AssetSource {
  readonly seed: number
}

/**
 * The data set of an experiment: equal settings and seed give equal arrays, on every machine.
 *
 * Images honour `side` and `scaling`, synthetic sets `inputs`, `outputs` and `noise`; the point ignores every count but a
 * test count of 0. Test rows come from the same distribution as training rows and are never among them (except the point).
 *
 * @throws {FaultError} `dataMissing` or `dataCorrupt`, naming the file; the signal's reason when aborted.
 */
export async function loadDataset(settings: DataSettings, source: DatasetSource): Promise<Dataset> {
  const train = namedStream(source.seed, 'data')
  const test = namedStream(source.seed, 'data/test')
  const hidden = namedStream(source.seed, 'data/function')
  const { trainCount, testCount, inputs, noise } = settings
  switch (settings.kind) {
    case 'fashionMnist':
    case 'digits':
      return await loadImageDataset(settings.kind, settings, { train, test }, source)
    case 'teacher': {
      const teacher = drawTeacher(inputs, settings.outputs, hidden)
      return regression(
        'Teacher network',
        inputs,
        settings.outputs,
        await teacherRows(teacher, trainCount, noise, train, source.signal),
        await teacherRows(teacher, testCount, noise, test, source.signal),
      )
    }
    case 'line':
      return regression('Line y = 2x + 1/2', 1, 1, lineRows(trainCount, noise, train), lineRows(testCount, noise, test))
    case 'point':
      return regression(
        'Point (1, 1)',
        1,
        1,
        pointRow(),
        testCount > 0 ? pointRow() : { inputs: new Float32Array(0), targets: new Float32Array(0) },
      )
    case 'mixture': {
      const centres = drawMixtureCentres(inputs, hidden)
      return classification('Gaussian mixture', inputs, mixtureRows(centres, trainCount, train), mixtureRows(centres, testCount, test))
    }
    default:
      return settings.kind satisfies never
  }
}

function regression(name: string, inputWidth: number, outputWidth: number, train: RegressionRows, test: RegressionRows): Dataset {
  const split = (rows: RegressionRows): SplitArrays => ({
    count: rows.inputs.length / inputWidth,
    inputs: rows.inputs,
    targets: rows.targets,
    labels: null,
  })
  return { name, inputWidth, outputWidth, task: 'regression', train: split(train), test: split(test), classNames: null, imageShape: null }
}

function classification(name: string, inputWidth: number, train: ClassifiedRows, test: ClassifiedRows): Dataset {
  const split = (rows: ClassifiedRows): SplitArrays => ({
    count: rows.labels.length,
    inputs: rows.inputs,
    targets: oneHot(rows.labels, MIXTURE_CLASSES),
    labels: rows.labels,
  })
  const classNames = Array.from({ length: MIXTURE_CLASSES }, (_, k) => `Cloud ${k}`)
  return {
    name,
    inputWidth,
    outputWidth: MIXTURE_CLASSES,
    task: 'classification',
    train: split(train),
    test: split(test),
    classNames,
    imageShape: null,
  }
}
