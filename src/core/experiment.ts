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

export const activationSchema = v.picklist([
  'identity',
  'relu',
  'tanh',
  'tanh3',
  'swish',
  'sigmoid',
  'softsign',
  'arctan',
  'softplus',
  'gelu',
  'elu',
])
/** tanh3 is 3 tanh, swish z sigmoid(z), gelu z Phi(z) with the exact normal law, elu exp(z) - 1 below 0. All work in hidden and output layers. */
export type Activation = v.InferOutput<typeof activationSchema>

export const modelSchema = v.strictObject({
  kind: v.picklist(['chain', 'mlp', 'cnn']),
  /** Which convolutional network; others ignore it. `networkSpec` lays them out. */
  family: v.picklist(['plain', 'imageToImage', 'wide', 'stripped', 'lenet']),
  /** L, the number of weight matrices (chain: of weights; convolutions count as one each). */
  depth: counted(LIMITS.depth),
  /** Blocks of two convolutions in each of the four stages of the stripped family, '3-4-6-3', each 1 .. 99; the depth is then 2 blocks + 2. null: as the depth says. Others ignore it. */
  blocks: v.nullable(v.pipe(v.string(), v.regex(/^[1-9]\d?(?:-[1-9]\d?){3}$/u, 'four numbers from 1 to 99, such as 3-4-6-3'))),
  /** m, units of a hidden layer (channels of a convolution); a chain ignores it and has 1. */
  width: counted(LIMITS.width),
  /** Equal-parameter mode of an MLP: the width follows from the depth so that about this many parameters result; null: `width` as given. */
  parameterBudget: v.nullable(counted(LIMITS.parameterBudget)),
  activation: activationSchema,
  outputActivation: activationSchema,
  bias: v.boolean(),
  /** ntk: N(0,1) weights, 1/sqrt(fanIn) in the forward pass. */
  parameterization: v.picklist(['standard', 'ntk']),
  /** signs: the output weights of an MLP are -1 or 1 over the root of its width and never train, as in the theory of shallow tangent kernels; no output bias. Others ignore it. */
  outputWeights: v.picklist(['trained', 'signs']),
  /** Between the linear map and the activation of every layer but the last. */
  norm: v.picklist(['none', 'batch', 'layer']),
  /** Hidden layers that one skip connection spans; 0: none. */
  skipSpan: counted(LIMITS.skipSpan),
  /** postAct: h = branch act(z) + input. preAct: h = act(branch z + input). */
  skipPlacement: v.picklist(['postAct', 'preAct']),
  /** Factor of the branch of a skip; null: 1/sqrt(number of blocks), as Fixup-like initialisers do. */
  branchScale: v.nullable(ranged(LIMITS.branchScale)),
  /** Side of the filters of convolutions. */
  kernel: v.picklist([1, 3, 5]),
  padding: v.picklist(['zero', 'circular']),
  /** How convolutional families shrink images where they pool. */
  pooling: v.picklist(['average', 'max']),
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
    'kappaNormal',
  ]),
  /** Scale of `uniform`: weights ~ U[-tau/sqrt(fanIn), tau/sqrt(fanIn)]. `constant`: every weight is tau. Others ignore it. */
  tau: ranged(LIMITS.tau),
  /** Factor of `orthogonal`; kappa of `kappaNormal`: N(0, 1/(kappa fanIn)), the first layer N(0, 1/fanIn). Others ignore it. */
  gain: ranged(LIMITS.gain),
})
export type InitSettings = v.InferOutput<typeof initSchema>

/** A file that never leaves its owner's machine: a link says which one it needs, and shapes are known before it is there. */
export const ownFileSchema = v.strictObject({
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(LIMITS.fileName.max)),
  /** 64 lower-case hexadecimal digits. */
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/u)),
  channels: counted(LIMITS.fileChannels),
  height: counted(LIMITS.fileSide),
  width: counted(LIMITS.fileSide),
  /** Number of classes; 0 for regression. */
  classes: counted(LIMITS.fileClasses),
  /** The last so many columns are numbers to be predicted. Absent: one, or what the file itself says. */
  outputs: v.optional(counted(LIMITS.fileTargets)),
})
export type OwnFile = v.InferOutput<typeof ownFileSchema>

export const dataSchema = v.strictObject({
  kind: v.picklist([
    'fashionMnist',
    'digits',
    'teacher',
    'mixture',
    'point',
    'line',
    'linearTeacher',
    'gaussian',
    'sphere',
    'orthogonal',
    'file',
  ]),
  /** Side of an image: 7, 14 by average pooling, 32 by a zero margin; digits are 8 x 8 and files keep theirs whatever it says. */
  side: v.picklist([7, 14, 28, 32]),
  /** labels: what the set says. inputs: every sample is its own target (image to image, autoencoder). signs: two classes of a file as one number, -1 or 1. */
  targets: v.picklist(['labels', 'inputs', 'signs']),
  /** Which file of the user's own `file` means; other kinds ignore it. */
  file: v.nullable(ownFileSchema),
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
  /** squaredError: 1/2 |f - y|^2 per sample; logistic: log(1 + exp(-y f)) for y = -1 or 1, summed over outputs. */
  kind: v.picklist(['squaredError', 'softmaxCrossEntropy', 'logistic']),
  /** How per-sample losses are reduced; curvature, kernels and step sizes change with it. */
  reduction: v.picklist(['mean', 'sum']),
})
export type LossSettings = v.InferOutput<typeof lossSchema>

export const optimizerSchema = v.strictObject({
  kind: v.picklist(['sgd', 'momentum', 'nesterov', 'rmsprop', 'adam', 'perturbed']),
  lr: ranged(LIMITS.lr),
  /** mu of `momentum`: v = mu v + g; w -= lr v, and of `nesterov`: w -= lr (g + mu v). */
  momentum: ranged(LIMITS.momentum),
  /** b of `rmsprop`: v = b v + (1-b) g^2. */
  decay: ranged(LIMITS.decay),
  beta1: ranged(LIMITS.beta1),
  beta2: ranged(LIMITS.beta2),
  /** Added OUTSIDE the root. null: 1e-150 for chains, 1e-16 in float64, 1e-8 in float32 (see `resolveEps`). */
  eps: v.nullable(ranged(LIMITS.eps)),
  /** s of `perturbed`: w -= lr (g + s xi), xi ~ N(0, 1) for every weight and step. */
  noise: ranged(LIMITS.noise),
  /** Step decay: every so many steps the rate is multiplied by `dropFactor`; 0: never. Counted from step 0 of the run. */
  dropEvery: counted(LIMITS.every),
  dropFactor: ranged(LIMITS.dropFactor),
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
  /** Whose gradient the norms by layer belong to: the probe set's, or that of the batch which the step takes next; the latter comes out of the step itself. */
  normsOf: v.picklist(['probe', 'step']),
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
  /** Mini-batch size; values above the training count mean the full batch (gradient descent). */
  batch: counted(LIMITS.batch),
  /** withoutReplacement: epoch by epoch; withReplacement: every sample of every batch independently. */
  sampling: v.picklist(['withoutReplacement', 'withReplacement']),
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
