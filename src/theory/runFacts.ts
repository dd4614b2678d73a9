// What of a run do the closed forms need to know?
//
// A small plain object instead of the whole run: theory is asked before anything was trained (nothing measured yet) and again when
// samples arrive. Missing knowledge makes a hypothesis 'unknown', it never invents a value.
import type { DataMoments } from '../core/dataMoments.ts'
import type { Activation, Experiment, LossSettings, OptimizerSettings } from '../core/experiment.ts'
import { networkSpec, type DataShape } from '../core/resolve.ts'
import {
  channelsOf,
  fansOf,
  inputWidthOf,
  isDenseNetwork,
  isWeighted,
  trainedCount,
  type ConvLayerSpec,
  type NetworkSpec,
  type WeightedLayerSpec,
} from '../core/networkSpec.ts'
import { singleSampleMoments } from './linearGradientMoments.ts'
import { normalLaw, weightLaw } from './weightLaw.ts'
import type { WeightLaw } from './weightLaw.ts'

/** The tangent kernel as measured along a run. */
export interface MeasuredKernel {
  /** [k] ascending. */
  readonly steps: readonly number[]
  /** [k] bounds of |grad L|^2 / (2 L), in the reduction of the run. */
  readonly lower: readonly number[]
  readonly upper: readonly number[]
}

/** What a run has measured of its ball, at each kernel sample. */
export interface MeasuredBall {
  /** [k] ascending. */
  readonly steps: readonly number[]
  /** [k] largest sqrt(lambda_max(K)) so far. */
  readonly lipschitz: readonly number[]
  /** [k] |w - w_0|. */
  readonly distance: readonly number[]
  /** |F_0 - y| over samples and outputs; absent where the loss is no squared error or step 0 was not seen. */
  readonly residual?: number
  /** |K_0|_F. */
  readonly kernelNorm: number
  /** Rows of K: samples times outputs. */
  readonly rows: number
  /** Largest |H| of an output that was measured, its residual counted in; absent: not asked. */
  readonly curvature?: number
  /** Largest |x| of the network of one input and fixed output signs; absent for all others. */
  readonly reach?: number
}

/** One weighted layer as far as the size of its preactivations goes. */
export interface LayerFacts {
  readonly kind: 'dense' | 'conv'
  /** Outputs of a dense layer, channels of a convolution. */
  readonly units: number
  /** Weights into one unit. */
  readonly fanIn: number
  /** [height, width] of the input; 1 x 1 for dense layers. */
  readonly image: readonly [number, number]
  readonly kernel: number
  /** Zeros are added around the image, as many as keep its size; false: circular. null: the size changes. */
  readonly zeroPadded: boolean | null
  /** The input that a skip adds, as position among weighted layers (0: the network's input enters layer 0). */
  readonly skip: {
    readonly from: number
    readonly scale: number
    readonly branchScale: number
    readonly placement: 'postAct' | 'preAct'
  } | null
  readonly norm: 'batch' | 'layer' | null
  /** A pool stands between the layer before and this one. */
  readonly afterPool: boolean
}

/** What the run has measured so far; leave out what it has not. */
export interface MeasuredFacts {
  /** Step at which the measured twin of a start-time form was taken. */
  readonly step?: number
  /** Largest Hessian eigenvalue seen along the path. */
  readonly lambdaMax?: number
  /** The same of the preconditioned spectrum, newest: the preconditioner moves with the run. */
  readonly preconditionedLambdaMax?: number
  readonly kernel?: MeasuredKernel
  /** Reduced loss at step 0. */
  readonly initialLoss?: number
  /** Largest relative drift of the kernel so far. */
  readonly drift?: number
  /** |sum r_i x_i^T|_F / n at the start, for orthogonal linear networks. */
  readonly residualInputNorm?: number
  /** Loss on the whole training set at step 0. */
  readonly initialTrainLoss?: number
  /** Least and largest squared gradient of one output over the probe set: |x_i|^2 for least squares without bias. */
  readonly outputGradientSquare?: { readonly min: number; readonly max: number }
  /** Largest confusion bound eta of per-sample gradients seen along the path. */
  readonly confusion?: number
  /** Largest norm of the Hessian of one output, and the width it was measured at is the run's own. */
  readonly outputHessianNorm?: number
  readonly ball?: MeasuredBall
}

/** One arm of an experiment as theory sees it. */
export interface RunFacts {
  readonly kind: Experiment['model']['kind']
  /** Dense layers without norms and skips: the only networks that the closed forms speak of. */
  readonly plainDense: boolean
  /** The output weights are constants: forms over layers and over random output weights do not speak of it. */
  readonly fixedOutput: boolean
  /** [depth] in order. */
  readonly layers: readonly LayerFacts[]
  readonly depth: number
  /** [depth + 1] inputs, hidden widths, outputs. */
  readonly widths: readonly number[]
  /** [depth] law of the effective weights (those that multiply activations). */
  readonly laws: readonly WeightLaw[]
  /** [depth] factor from the gradient of effective weights to that of trained ones: 1/sqrt(fanIn) in the NTK parameterization. */
  readonly gradientScales: readonly number[]
  /** Of all weights, when they are all equal (initialiser `constant`), else null. */
  readonly constantWeight: number | null
  readonly bias: boolean
  readonly activation: Activation
  readonly outputActivation: Activation
  readonly loss: LossSettings
  readonly optimizer: OptimizerSettings
  readonly fullBatch: boolean
  readonly batch: number
  readonly trainCount: number
  readonly steps: number
  readonly parameterCount: number
  readonly dataKind: Experiment['data']['kind']
  /** Standard deviation of the noise on regression targets. */
  readonly noise: number
  /** Size of the probe set, on which gradients, Hessians and kernels are measured. */
  readonly probeCount: number
  /** The probe set covers the training set. */
  readonly probeIsTraining: boolean
  /** Of the probe set; null while the data are not loaded. */
  readonly data: DataMoments | null
  readonly measured: MeasuredFacts
}

/** The sizes of a data set; the rows are not needed. */
export interface CountedShape extends DataShape {
  readonly trainCount: number
}

/**
 * The facts of one resolved arm (see `armExperiment`).
 *
 * @param data moments of the probe set, see `dataMoments`; null is filled in for the point (1, 1).
 */
export function runFacts(arm: Experiment, shape: CountedShape, data: DataMoments | null, measured: MeasuredFacts = {}): RunFacts {
  const spec = networkSpec(arm, shape)
  const ntk = arm.model.kind !== 'chain' && arm.model.parameterization === 'ntk'
  const trainCount = arm.data.kind === 'point' ? 1 : shape.trainCount
  const probeCount = Math.min(trainCount, arm.diagnostics.probeCount)
  const weighted = spec.layers.filter(isWeighted)
  return {
    kind: arm.model.kind,
    plainDense: isPlainDense(spec),
    fixedOutput: spec.fixedOutput === true,
    layers: layerFacts(spec),
    depth: weighted.length,
    widths: [...weighted.map(inputWidthOf), shape.outputWidth],
    laws: weighted.map(fansOf).map(({ fanIn, fanOut }, k) => (ntk ? normalLaw(1 / fanIn) : weightLaw(arm.init, fanIn, fanOut, k === 0))),
    gradientScales: weighted.map(fansOf).map(({ fanIn }) => (ntk ? 1 / Math.sqrt(fanIn) : 1)),
    constantWeight: arm.init.scheme === 'constant' && !ntk ? arm.init.tau : null,
    bias: weighted.some((layer) => layer.bias),
    activation: arm.model.kind === 'chain' ? 'identity' : arm.model.activation,
    outputActivation: arm.model.kind === 'chain' ? 'identity' : arm.model.outputActivation,
    loss: arm.loss,
    optimizer: arm.optimizer,
    fullBatch: arm.batch >= trainCount,
    batch: Math.min(arm.batch, trainCount),
    trainCount,
    steps: arm.steps,
    parameterCount: trainedCount(spec),
    dataKind: arm.data.kind,
    noise: arm.data.noise,
    probeCount,
    probeIsTraining: probeCount === trainCount,
    data: data ?? (arm.data.kind === 'point' ? singleSampleMoments(1, 1) : null),
    measured,
  }
}

function layerFacts(spec: NetworkSpec): readonly LayerFacts[] {
  const positions = spec.layers.flatMap((layer, position) => (isWeighted(layer) ? [position] : []))
  return positions.map((position, index): LayerFacts => {
    const layer = spec.layers[position] as WeightedLayerSpec
    const { norm, skip } = layer
    const from = skip === undefined ? -1 : positions.indexOf(skip.from)
    return {
      kind: layer.kind,
      units: channelsOf(layer),
      fanIn: fansOf(layer).fanIn,
      image: layer.kind === 'conv' ? [layer.height, layer.width] : [1, 1],
      kernel: layer.kind === 'conv' ? layer.kernel : 1,
      zeroPadded: layer.kind === 'dense' ? false : keepsSize(layer) ? layer.paddingMode === 'zero' : null,
      skip: skip === undefined || from < 0 ? null : { from, scale: skip.scale, branchScale: skip.branchScale, placement: skip.placement },
      norm: norm?.kind ?? null,
      afterPool: position > 0 && index > 0 && positions[index - 1] !== position - 1,
    }
  })
}

function keepsSize({ stride, padding, kernel }: ConvLayerSpec): boolean {
  return stride === 1 && 2 * padding === kernel - 1
}

function isPlainDense(spec: NetworkSpec): boolean {
  return isDenseNetwork(spec) && spec.layers.every(({ norm, skip }) => norm === undefined && skip === undefined)
}
