// How do samples of the user's own become rows to train on? Split, take prefixes, scale.
//
// Columns of a table have units of their own, so `standardised` scales vectors column by column (a picture keeps one pair
// for all pixels), and numbers to be predicted as well: prices in thousands would end any run at its first step.
import type { Dataset, SplitArrays } from '../../core/dataset.ts'
import type { DataSettings, OwnFile } from '../../core/experiment.ts'
import { FaultError } from '../../core/faults.ts'
import type { RandomStream } from '../../core/random.ts'
import { corrupt } from '../dataFaults.ts'
import { oneHot } from '../oneHot.ts'
import { inputScale, standardise } from '../standardise.ts'
import type { OwnSamples } from './ownSamples.ts'
import { splitRows } from './ownSplits.ts'

type FloatSplit = SplitArrays & { readonly inputs: Float32Array; readonly targets: Float32Array }

/**
 * The data set of own files as the settings ask for it; counts above what the files hold mean all of them.
 *
 * Every class gives the same number of rows as long as it has them. Scale and shift come from the training rows alone.
 *
 * @param streams one stream for the order of training rows, another for what tests.
 * @throws {FaultError} `dataMissing` when the files are not here, `dataCorrupt` when they are others than the settings say,
 *   `unsupported` when labels are asked for and there are none.
 */
export function ownDataset(
  settings: DataSettings,
  samples: OwnSamples | null,
  streams: { readonly train: RandomStream; readonly test: RandomStream },
): Dataset {
  const wanted = settings.file
  if (wanted === null || samples === null || samples.file.sha256 !== wanted.sha256) throw absent(wanted)
  const { channels, height, width, classes, outputs = 1 } = samples.file
  const isOther = channels !== wanted.channels || height !== wanted.height || width !== wanted.width
  if (isOther || classes !== wanted.classes || outputs !== (wanted.outputs ?? 1)) {
    throw corrupt(wanted.name, 'holds samples of another shape or other classes than the experiment says')
  }
  if (settings.targets === 'signs' && classes !== 2) {
    const detail = `The data file ${wanted.name} has not two classes, so they cannot be one number of -1 and 1: set targets to the labels.`
    throw new FaultError({ type: 'unsupported', detail })
  }
  if (samples.targets.type === 'none' && settings.targets === 'labels') {
    // The file is good; it is the setting that asks for what it has not.
    const detail = `The data file ${wanted.name} has no labels, so its samples can only be their own targets: set targets to the inputs.`
    throw new FaultError({ type: 'unsupported', detail })
  }
  const labels = samples.targets.type === 'classes' ? samples.targets.labels : null
  const rows = splitRows(samples.count, labels, streams)
  const isSigned = settings.targets === 'signs'
  const train = takeRows(samples, rows.train.slice(0, settings.trainCount), isSigned)
  const test = takeRows(samples, rows.test.slice(0, settings.testCount), isSigned)
  // One column of samples is a vector, as everywhere.
  const isVector = width === 1
  if (settings.scaling === 'standardised') scaleBoth(train, test, isVector ? height * channels : 1, outputs)
  return {
    name: wanted.name,
    inputWidth: channels * height * width,
    outputWidth: isSigned ? 1 : classes > 0 ? classes : outputs,
    task: labels === null ? 'regression' : 'classification',
    train,
    test,
    classNames: samples.targets.type === 'classes' ? samples.targets.names : null,
    imageShape: isVector ? null : [channels, height, width],
  }
}

/** The fault of files that a run needs and that nobody has chosen yet. */
function absent(wanted: OwnFile | null): FaultError {
  const file = wanted?.name ?? 'of your own'
  const digest = wanted === null ? '' : ` (SHA-256 ${wanted.sha256.slice(0, 8)}…)`
  const detail = `This run needs the file ${file}${digest}, which stays on the machine of its owner: choose it to go on.`
  return new FaultError({ type: 'dataMissing', file, detail })
}

function takeRows({ file, values, unit, targets }: OwnSamples, rows: readonly number[], isSigned: boolean): FloatSplit {
  const width = file.channels * file.height * file.width
  const inputs = new Float32Array(rows.length * width)
  for (const [i, row] of rows.entries()) {
    for (let k = 0; k < width; k++) inputs[i * width + k] = values[row * width + k] / unit
  }
  const count = rows.length
  switch (targets.type) {
    case 'classes': {
      const labels = Int32Array.from(rows, (row) => targets.labels[row])
      // The second class is the positive one, as the sign of an output says classes 0 and 1.
      if (isSigned) return { count, inputs, targets: Float32Array.from(labels, (label) => 2 * label - 1), labels }
      return { count, inputs, targets: oneHot(labels, targets.names.length), labels }
    }
    case 'numbers': {
      const own = new Float32Array(count * targets.width)
      for (const [i, row] of rows.entries())
        own.set(targets.values.subarray(row * targets.width, (row + 1) * targets.width), i * targets.width)
      return { count, inputs, targets: own, labels: null }
    }
    case 'none':
      return { count, inputs, targets: new Float32Array(count), labels: null }
    default:
      return targets satisfies never
  }
}

function scaleBoth(train: FloatSplit, test: FloatSplit, columns: number, outputs: number): void {
  scaleColumns(train.inputs, test.inputs, columns)
  if (train.labels === null) scaleColumns(train.targets, test.targets, outputs)
}

/** Each column of [rows, columns] by its own mean and deviation over the training rows. */
function scaleColumns(train: Float32Array, test: Float32Array, columns: number): void {
  for (let column = 0; column < columns; column++) {
    const values = strided(train, columns, column)
    const scale = inputScale(values)
    for (const target of [train, test]) {
      const scaled = strided(target, columns, column)
      standardise(scaled, scale)
      for (let row = 0; row < scaled.length; row++) target[row * columns + column] = scaled[row]
    }
  }
}

function strided(values: Float32Array, columns: number, column: number): Float32Array {
  if (columns === 1) return values
  return Float32Array.from({ length: values.length / columns }, (_, row) => values[row * columns + column])
}
