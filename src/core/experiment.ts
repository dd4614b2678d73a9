// What is one experiment? Plain data: the only source of a run, whoever wrote it (page, link, lesson, file, command line).
//
// Arm A is the experiment itself; arm B, where there is one, is a difference from A in `versus`, so that
// everything the arms share (seed, data, order) is shared by construction. Limits live in `limits.ts`,
// repair of bad input in `parseExperiment.ts`; here stands only the shape.
import * as v from 'valibot'
import { LIMITS } from './limits.ts'

const ranged = (limit: { readonly min: number; readonly max: number }) =>
  v.pipe(v.number(), v.finite(), v.minValue(limit.min), v.maxValue(limit.max))
const counted = (limit: { readonly min: number; readonly max: number }) =>
  v.pipe(v.number(), v.safeInteger(), v.minValue(limit.min), v.maxValue(limit.max))

export const activationSchema = v.picklist(['identity', 'relu', 'tanh', 'tanh3', 'swish'])
/** tanh3 is 3 tanh; swish is z sigmoid(z). Both exist for the outputs of the tangent-kernel theory and work in hidden layers too. */
export type Activation = v.InferOutput<typeof activationSchema>

export const modelSchema = v.strictObject({
  kind: v.picklist(['chain', 'mlp']),
  /** L, the number of weight matrices (chain: of weights). */
  depth: counted(LIMITS.depth),
  /** m, units of a hidden layer; a chain ignores it and has 1. */
  width: counted(LIMITS.width),
  activation: activationSchema,
  outputActivation: activationSchema,
  bias: v.boolean(),
  /** ntk: N(0,1) weights, 1/sqrt(fanIn) in the forward pass. */
  parameterization: v.picklist(['standard', 'ntk']),
})
export type ModelSettings = v.InferOutput<typeof modelSchema>

export const initSchema = v.strictObject({
  scheme: v.picklist([
    'uniform',
    'lecunNormal',
    'lecunUniform',
    'glorotNormal',
    'glorotUniform',
    'heNormal',
    'heUniform',
    'orthogonal',
    'unitNormal',
    'constant',
  ]),
  /** Scale of `uniform`: weights ~ U[-tau/sqrt(fanIn), tau/sqrt(fanIn)]. `constant`: every weight is tau. Others ignore it. */
  tau: ranged(LIMITS.tau),
})
export type InitSettings = v.InferOutput<typeof initSchema>

export const dataSchema = v.strictObject({
  kind: v.picklist(['fashionMnist', 'digits', 'teacher', 'mixture', 'point', 'line']),
  /** Side of an image after average pooling; digits are 8 x 8 whatever it says. */
  side: v.picklist([7, 14, 28]),
  trainCount: counted(LIMITS.trainCount),
  testCount: counted(LIMITS.testCount),
  /** Input dimension d of the synthetic sets; images ignore it. */
  inputs: counted(LIMITS.inputs),
  /** Output dimension of the teacher set; the others know their own. */
  outputs: counted(LIMITS.outputs),
  scaling: v.picklist(['unit', 'standardised']),
  /** Standard deviation of Gaussian noise added to regression targets. */
  noise: ranged(LIMITS.noise),
})
export type DataSettings = v.InferOutput<typeof dataSchema>

export const lossSchema = v.strictObject({
  /** squaredError: 1/2 |f - y|^2 per sample. */
  kind: v.picklist(['squaredError', 'softmaxCrossEntropy']),
  /** How per-sample losses are reduced; curvature, kernels and step sizes change with it. */
  reduction: v.picklist(['mean', 'sum']),
})
export type LossSettings = v.InferOutput<typeof lossSchema>

export const optimizerSchema = v.strictObject({
  kind: v.picklist(['sgd', 'momentum', 'rmsprop', 'adam']),
  lr: ranged(LIMITS.lr),
  /** mu of `momentum`: v = mu v + g; w -= lr v. */
  momentum: ranged(LIMITS.momentum),
  /** b of `rmsprop`: v = b v + (1-b) g^2. */
  decay: ranged(LIMITS.decay),
  beta1: ranged(LIMITS.beta1),
  beta2: ranged(LIMITS.beta2),
  /** Added OUTSIDE the root. null: 1e-150 for chains, 1e-16 in float64, 1e-8 in float32 (see `resolveEps`). */
  eps: v.nullable(ranged(LIMITS.eps)),
})
export type OptimizerSettings = v.InferOutput<typeof optimizerSchema>

export const diagnosticsSchema = v.strictObject({
  /** n of the probe set: the first n training samples, used by Hessian, kernel and per-sample Gram. */
  probeCount: counted(LIMITS.probeCount),
  /** P independent pairs of mini-batches for the cosines, and the batch size of each. */
  pairCount: counted(LIMITS.pairCount),
  pairBatch: counted(LIMITS.pairBatch),
  lanczosSteps: counted(LIMITS.lanczosSteps),
  lanczosProbes: counted(LIMITS.lanczosProbes),
  /** Measure every n steps; 0 switches the instrument off. */
  every: v.strictObject({
    evaluation: counted(LIMITS.every),
    gradientNorms: counted(LIMITS.every),
    cosines: counted(LIMITS.every),
    hessian: counted(LIMITS.every),
    kernel: counted(LIMITS.every),
  }),
  /** Largest share of the time that all instruments together may take. */
  budget: ranged(LIMITS.budget),
})
export type DiagnosticsSettings = v.InferOutput<typeof diagnosticsSchema>

export const changeSchema = v.strictObject({
  /** Applied before the update number `step` + 1. */
  step: counted(LIMITS.steps),
  arm: v.picklist(['A', 'B']),
  /** A new optimizer starts with empty slots; the same kind with another rate keeps them. */
  optimizer: optimizerSchema,
})
export type OptimizerChange = v.InferOutput<typeof changeSchema>

/** What arm B may change; everything else is shared with arm A. */
export const versusSchema = v.strictObject({
  model: v.optional(v.partial(modelSchema)),
  init: v.optional(v.partial(initSchema)),
  optimizer: v.optional(v.partial(optimizerSchema)),
  batch: v.optional(counted(LIMITS.batch)),
  /** Arm B is the first-order Taylor model of arm A's network at arm A's start; model and init are then arm A's. Absent: false. */
  linearised: v.optional(v.boolean()),
})
export type ArmDifference = v.InferOutput<typeof versusSchema>

export const experimentSchema = v.strictObject({
  version: v.literal(1),
  model: modelSchema,
  init: initSchema,
  data: dataSchema,
  loss: lossSchema,
  optimizer: optimizerSchema,
  /** Mini-batch size; values above the training count mean the full batch. Batches are drawn without replacement, epoch by epoch. */
  batch: counted(LIMITS.batch),
  /** The run ends here. */
  steps: counted(LIMITS.steps),
  seed: counted(LIMITS.seed),
  /** Size of the ensemble; seed index k shares data and order, and draws its own weights. Spectra, kernels and cosines follow index 0. */
  seeds: counted(LIMITS.seeds),
  engine: v.picklist(['auto', 'network', 'fused', 'float64']),
  diagnostics: diagnosticsSchema,
  changes: v.array(changeSchema),
  versus: v.nullable(versusSchema),
})
export type Experiment = v.InferOutput<typeof experimentSchema>

export type ArmName = 'A' | 'B'
