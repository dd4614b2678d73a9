// Which JSON lets anybody check our numbers with other software?
//
// The field names are a public format (version 1): outsiders read and write it, so nothing here may be
// renamed. Numbers that JSON cannot hold are the strings "inf", "-inf" and "nan".
import type { Experiment } from './experiment.ts'

/** A number as JSON can carry it. */
export type JsonNumber = number | 'inf' | '-inf' | 'nan'

/** A dense array with its shape; `data` is row-major. */
export interface JsonTensor {
  readonly shape: readonly number[]
  readonly data: readonly JsonNumber[]
}

/** What weighted layers share; tensors that a layer does not have are absent. */
interface JsonWeighted {
  readonly b?: JsonTensor
  /** Of the norm, one entry a channel. */
  readonly gamma?: JsonTensor
  readonly beta?: JsonTensor
  /** Statistics of batch norm in evaluation mode. */
  readonly runningMean?: JsonTensor
  readonly runningVar?: JsonTensor
  readonly activation: string
  /** Factor of W h where it is not the one of the parameterization. */
  readonly scale?: number
  readonly trainable: boolean
}

/** W is [out, in]. */
export interface JsonDenseLayer extends JsonWeighted {
  readonly type: 'dense'
  readonly W: JsonTensor
}

/** W is [out, in, k, k]. */
export interface JsonConvLayer extends JsonWeighted {
  readonly type: 'conv'
  readonly W: JsonTensor
  readonly stride: number
  readonly padding: number
  readonly paddingMode: 'zero' | 'circular'
}

/** Without parameters; flatten is where an image becomes a vector, channel by channel. */
export type JsonPlainLayer =
  | { readonly type: 'avgPool' | 'maxPool'; readonly size: number; readonly stride: number }
  | { readonly type: 'globalAvgPool' }
  | { readonly type: 'flatten'; readonly order: 'CHW' }

export type JsonLayer = JsonDenseLayer | JsonConvLayer | JsonPlainLayer

/** Layers from input to output, or the flat list w_1 .. w_L of a chain. */
export type JsonWeights = readonly JsonLayer[] | readonly JsonNumber[]

/** Blocks of `span` hidden layers from hidden layer `first` on; a block whose ends differ in shape has no skip. */
export interface JsonSkip {
  readonly span: number
  readonly first: number
  readonly placement: 'postAct' | 'preAct'
  readonly scale: number
  readonly branchScale: number
}

export interface JsonOptimizer {
  /** Nesterov is momentum with `nesterov` true. */
  readonly kind: 'sgd' | 'momentum' | 'rmsprop' | 'adam' | 'perturbedGD'
  /** Of the update that `optimizerStep` makes. */
  readonly lr: number
  readonly momentum?: number
  readonly nesterov?: boolean
  readonly convention?: string
  readonly beta1?: number
  readonly beta2?: number
  readonly eps?: number
  readonly noiseStd?: number
  /** [P] standard normal numbers of this update; times noiseStd they are added to the gradient. */
  readonly noise?: readonly JsonNumber[]
  readonly placement?: 'gradient'
  /** Positions in `inputs` whose reduced gradient makes the one step of `optimizerStep`. */
  readonly batch: readonly number[]
  /** Flat slots [P] after t updates; a fresh optimizer has t = 0 and zeros. */
  readonly state: { readonly t: number; readonly v?: readonly JsonNumber[]; readonly m?: readonly JsonNumber[] }
}

export interface JsonModel {
  readonly kind: 'chain' | 'mlp' | 'cnn'
  /** Of hidden layers and of the last one; a layer's own `activation` goes before. */
  readonly activation: string
  readonly outputActivation: string
  readonly parameterization: 'standard' | 'ntk'
  readonly skip: false | JsonSkip
  readonly batchNorm: boolean
  readonly bnEps?: number
  /** train: statistics of the samples at hand; eval: those of the layers. */
  readonly bnMode?: 'train' | 'eval'
  /** Our own addition to the format: normalises over all entries of a sample, gamma and beta as for batch norm. */
  readonly layerNorm?: true
  readonly lnEps?: number
  readonly outputScale: 1
  readonly biasScale: number
  readonly denseLayout: 'out_in'
  readonly convLayout?: 'OIHW'
  readonly dataLayout?: 'NCHW'
  readonly paddingMode?: 'zero' | 'circular'
  /** [C, H, W]; vectors are [d, 1, 1]. */
  readonly inputShape: readonly [number, number, number]
}

export interface Problem {
  readonly model: JsonModel
  readonly loss: {
    readonly kind: 'mse' | 'softmaxCrossEntropy' | 'logistic'
    readonly reduction: 'halfMean' | 'halfSum' | 'mean' | 'sum'
  }
  /** At step 0. */
  readonly weights: JsonWeights
  /** At `step`, when that is not 0; then everything measured belongs to these. */
  readonly weights2?: JsonWeights
  /** [n][d] the probe set. */
  readonly inputs: readonly (readonly JsonNumber[])[]
  /** Class numbers, or rows of targets. */
  readonly targets: readonly (number | readonly JsonNumber[])[]
  readonly batches: readonly (readonly number[])[]
  readonly pairs: readonly (readonly [readonly number[], readonly number[]])[]
  readonly optimizer: JsonOptimizer
}

/** Names that `--only` knows, in the order in which they are written. */
export const MEASURED_FIELDS = [
  'loss',
  'outputs',
  'gradNorm',
  'perSample',
  'batchGradients',
  'kde',
  'hessian',
  'kernel',
  'drift',
  'plRatio',
  'optimizerStep',
  'outputHessianNorms',
] as const
export type MeasuredField = (typeof MEASURED_FIELDS)[number]

/** Rows of numbers. */
export type Matrix = readonly (readonly JsonNumber[])[]

export interface Measured {
  readonly loss?: JsonNumber
  readonly outputs?: Matrix
  readonly gradNorm?: {
    readonly global: JsonNumber
    readonly perLayer: Readonly<Record<string, JsonNumber>>
    readonly perLayerMeanAbs: Readonly<Record<string, JsonNumber>>
    readonly log10PerLayer: Readonly<Record<string, JsonNumber>>
  }
  readonly perSample?: {
    readonly gram: Matrix
    readonly cosine: Matrix
    readonly minCosine?: JsonNumber
    readonly eta?: JsonNumber
    readonly diversity: JsonNumber | null
    readonly batchSizeBound: JsonNumber | null
  }
  readonly batchGradients?: { readonly cosine: Matrix; readonly minCosine?: JsonNumber; readonly pairCosines: readonly JsonNumber[] }
  readonly kde?: {
    readonly samples: readonly JsonNumber[]
    readonly bandwidth: JsonNumber
    readonly grid: readonly JsonNumber[]
    readonly density: readonly JsonNumber[]
    readonly boundary: 'reflection at -1 and 1'
  }
  readonly hessian?: {
    readonly method: 'exact' | 'lanczos'
    readonly eigenvalues: readonly JsonNumber[] | null
    readonly density: {
      readonly grid: readonly JsonNumber[]
      readonly values: readonly JsonNumber[]
      readonly stderr: readonly JsonNumber[]
      readonly nodes: readonly JsonNumber[]
      readonly nodeWeights: readonly JsonNumber[]
      readonly probes: number
      readonly steps: number
      readonly broadening: JsonNumber
    } | null
    readonly lambdaMax: JsonNumber
    readonly lambdaMin: JsonNumber
    readonly trace: JsonNumber
    readonly frobenius: JsonNumber
    readonly numNegative: number | null
    readonly numNegativeTolerance: number
    readonly blockMeanAbs: Matrix | null
    readonly blockFrobenius: Matrix | null
    readonly asymmetry: JsonNumber
    readonly converged: boolean
    readonly stderr: {
      readonly lambdaMax: JsonNumber
      readonly lambdaMin: JsonNumber
      readonly trace: JsonNumber
      readonly frobenius: JsonNumber
    }
    readonly preconditionedEigenvalues?: readonly JsonNumber[]
  }
  readonly kernel?: {
    readonly matrix: Matrix
    readonly lambdaMin: JsonNumber
    readonly lambdaMax: JsonNumber
    readonly condition: JsonNumber
    readonly traceKernel: Matrix
  }
  readonly drift?: { readonly kernelRelFro?: JsonNumber; readonly weightDistance: JsonNumber }
  readonly plRatio?: JsonNumber
  readonly optimizerStep?: { readonly weights: readonly JsonNumber[]; readonly effectiveStep: readonly JsonNumber[] }
  readonly outputHessianNorms?: Matrix
}

export interface SnapshotEnvironment {
  readonly app: string
  readonly backend: 'cpu' | 'webgpu'
  readonly adapter: string | null
  readonly engine: 'chain' | 'float64' | 'network' | 'fused'
  readonly precision: 'float32' | 'float64'
}

export interface Snapshot {
  readonly format: 'snapshot'
  readonly version: 1
  /** null when an outsider's problem was measured. */
  readonly experiment: Experiment | null
  readonly environment: SnapshotEnvironment
  readonly arm: 'A' | 'B'
  readonly step: number
  readonly seed: number
  readonly seedIndex: number
  readonly problem: Problem
  readonly measured: Measured
  readonly omitted: readonly { readonly name: string; readonly why: string }[]
}

/** A number as JSON can carry it: non-finite ones by name. */
export function jsonNumber(value: number): JsonNumber {
  if (Number.isFinite(value)) return value
  return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf'
}

/** A row of numbers as JSON can carry it. */
export function jsonRow(values: ArrayLike<number>): readonly JsonNumber[] {
  return Array.from(values, jsonNumber)
}

/** [rows, columns] row-major numbers as nested lists. */
export function jsonMatrix(values: ArrayLike<number>, columns: number): Matrix {
  const rows: (readonly JsonNumber[])[] = []
  for (let start = 0; start < values.length; start += columns)
    rows.push(Array.from({ length: columns }, (_, j) => jsonNumber(values[start + j])))
  return rows
}
