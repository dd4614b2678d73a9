// How do raw rows become the two splits of a data set, whatever made them?
import type { Dataset, SplitArrays } from '../core/dataset.ts'
import { oneHot } from './oneHot.ts'
import type { ClassifiedRows } from './mixture.ts'
import type { SignedRows } from './spherePoints.ts'
import type { RegressionRows } from './teacher.ts'

/** A regression set of vectors. */
export function regressionSet(name: string, inputWidth: number, outputWidth: number, train: RegressionRows, test: RegressionRows): Dataset {
  const split = (rows: RegressionRows): SplitArrays => ({
    count: rows.inputs.length / inputWidth,
    inputs: rows.inputs,
    targets: rows.targets,
    labels: null,
  })
  return { name, inputWidth, outputWidth, task: 'regression', train: split(train), test: split(test), classNames: null, imageShape: null }
}

/** A set of vectors with one output for each class. */
export function classifiedSet(
  name: string,
  inputWidth: number,
  classNames: readonly string[],
  train: ClassifiedRows,
  test: ClassifiedRows,
): Dataset {
  const split = (rows: ClassifiedRows): SplitArrays => ({
    count: rows.labels.length,
    inputs: rows.inputs,
    targets: oneHot(rows.labels, classNames.length),
    labels: rows.labels,
  })
  return {
    name,
    inputWidth,
    outputWidth: classNames.length,
    task: 'classification',
    train: split(train),
    test: split(test),
    classNames,
    imageShape: null,
  }
}

/** A set of vectors with one output whose sign is the class: targets -1 and 1, labels 0 and 1. */
export function signedSet(name: string, inputWidth: number, train: SignedRows, test: SignedRows): Dataset {
  const split = (rows: SignedRows): SplitArrays => ({
    count: rows.labels.length,
    inputs: rows.inputs,
    targets: Float32Array.from(rows.labels, (label) => 2 * label - 1),
    labels: rows.labels,
  })
  return {
    name,
    inputWidth,
    outputWidth: 1,
    task: 'classification',
    train: split(train),
    test: split(test),
    classNames: ['−1', '+1'],
    imageShape: null,
  }
}

/** The same inputs, each its own target: image to image, or an autoencoder. Labels are gone, because outputs are no classes. */
export function withInputsAsTargets(data: Dataset): Dataset {
  const split = (rows: SplitArrays): SplitArrays => ({ ...rows, targets: rows.inputs, labels: null })
  return {
    ...data,
    outputWidth: data.inputWidth,
    task: 'regression',
    train: split(data.train),
    test: split(data.test),
    classNames: null,
  }
}
