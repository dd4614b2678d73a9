// On which problem do all engines compete? A square dense stack without biases on one batch, the same numbers for everybody.
//
// He-normal weights keep the signals of a relu stack alive, the learning rate is far too small to matter: what is timed
// is the step, not what it learns.
import { DEFAULT_OPTIMIZER } from '../../core/defaults.ts'
import type { Dataset } from '../../core/dataset.ts'
import type { OptimizerSettings } from '../../core/experiment.ts'
import type { NetworkSpec } from '../../core/networkSpec.ts'
import { namedStream } from '../../numerics/streams.ts'
import type { TrainerOptions } from '../../engine/trainer.ts'

export interface StackShape {
  readonly depth: number
  readonly width: number
  readonly batch: number
  readonly activation: 'relu' | 'tanh'
}

export interface StackProblem {
  readonly shape: StackShape
  readonly learningRate: number
  /** [batch, width] */
  readonly inputs: Float32Array
  readonly targets: Float32Array
  /** Per layer [in, out], as libraries multiply rows. */
  readonly matrices: readonly Float32Array[]
  readonly options: TrainerOptions
  /** The whole batch, as a trainer takes it. */
  readonly indices: Int32Array
}

const LEARNING_RATE = 1e-4
const SEED = 1

/** The problem of one shape; further seeds start from the same weights, since only their number matters. */
export function stackProblem(shape: StackShape, seeds = 1): StackProblem {
  const { depth, width, batch, activation } = shape
  const stream = namedStream(SEED, `bench/${depth} x ${width}`)
  const normals = (count: number, scale: number) => Float32Array.from({ length: count }, () => scale * stream.normal())
  const gain = Math.sqrt((activation === 'relu' ? 2 : 1) / width)
  const matrices = Array.from({ length: depth }, () => normals(width * width, gain))
  const inputs = normals(batch * width, 1)
  const targets = normals(batch * width, 1)
  const layers = matrices.map((_, layer) => ({
    kind: 'dense' as const,
    fanIn: width,
    fanOut: width,
    bias: false,
    activation: layer < depth - 1 ? activation : ('identity' as const),
    forwardScale: 1,
    biasScale: 1,
  }))
  const spec: NetworkSpec = { layers, loss: { kind: 'squaredError', reduction: 'mean' } }
  const rows = { count: batch, inputs, targets, labels: null }
  const dataset: Dataset = {
    name: 'bench',
    inputWidth: width,
    outputWidth: width,
    task: 'regression',
    train: rows,
    test: rows,
    classNames: null,
    imageShape: null,
  }
  const optimizer: OptimizerSettings = { ...DEFAULT_OPTIMIZER, kind: 'sgd', lr: LEARNING_RATE }
  const start = flatWeights(matrices, width)
  const initialWeights = Array.from({ length: seeds }, () => start)
  return {
    shape,
    learningRate: LEARNING_RATE,
    inputs,
    targets,
    matrices,
    options: { spec, dataset, probeCount: batch, optimizer, initialWeights, reason: 'bench' },
    indices: Int32Array.from({ length: batch }, (_, i) => i),
  }
}

/** [in, out] matrices as the flat vector of the engines: [out, in], layer by layer. */
export function flatWeights(matrices: readonly Float32Array[], width: number): Float64Array {
  const flat = new Float64Array(matrices.length * width * width)
  for (const [layer, matrix] of matrices.entries()) {
    for (let i = 0; i < width; i++) for (let o = 0; o < width; o++) flat[(layer * width + o) * width + i] = matrix[i * width + o]
  }
  return flat
}
