// What are the choices called on the page? The names of the experiment schema in the words of a lecture.
import type { Activation, DataSettings, InitSettings, LossSettings, ModelSettings, OptimizerSettings } from '../../core/experiment.ts'
import type { Choice } from './choices.tsx'

export const MODEL_CHOICES: readonly Choice<ModelSettings['kind']>[] = [
  { value: 'chain', label: 'Chain' },
  { value: 'mlp', label: 'MLP' },
  { value: 'cnn', label: 'CNN' },
]

export const FAMILY_CHOICES: readonly Choice<ModelSettings['family']>[] = [
  { value: 'plain', label: 'Plain stack' },
  { value: 'imageToImage', label: 'Image to image' },
  { value: 'wide', label: 'Wide, 3 groups' },
  { value: 'stripped', label: 'Stripped ResNet' },
  { value: 'lenet', label: 'LeNet' },
]

export const NORM_CHOICES: readonly Choice<ModelSettings['norm']>[] = [
  { value: 'none', label: 'No norm' },
  { value: 'batch', label: 'Batch norm' },
  { value: 'layer', label: 'Layer norm' },
]

/** Spans as text, because a native select knows nothing else. */
export const SKIP_CHOICES: readonly Choice<'0' | '1' | '2' | '3'>[] = [
  { value: '0', label: 'No skips' },
  { value: '1', label: 'Skip 1' },
  { value: '2', label: 'Skip 2' },
  { value: '3', label: 'Skip 3' },
]

export const PLACEMENT_CHOICES: readonly Choice<ModelSettings['skipPlacement']>[] = [
  { value: 'postAct', label: 'After the activation' },
  { value: 'preAct', label: 'Before the activation' },
]

export const OUTPUT_WEIGHT_CHOICES: readonly Choice<ModelSettings['outputWeights']>[] = [
  { value: 'trained', label: 'Trained' },
  { value: 'signs', label: 'Fixed, ±1/√width' },
]

export const KERNEL_CHOICES: readonly Choice<'1' | '3' | '5'>[] = [
  { value: '1', label: '1 × 1' },
  { value: '3', label: '3 × 3' },
  { value: '5', label: '5 × 5' },
]

export const PADDING_CHOICES: readonly Choice<ModelSettings['padding']>[] = [
  { value: 'zero', label: 'Zeros' },
  { value: 'circular', label: 'Circular' },
]

export const POOLING_CHOICES: readonly Choice<ModelSettings['pooling']>[] = [
  { value: 'average', label: 'Mean' },
  { value: 'max', label: 'Largest' },
]

export const SCHEME_CHOICES: readonly Choice<InitSettings['scheme']>[] = [
  { value: 'uniform', label: 'Uniform, scale τ' },
  { value: 'heUniform', label: 'He uniform' },
  { value: 'heNormal', label: 'He normal' },
  { value: 'glorotUniform', label: 'Xavier uniform' },
  { value: 'glorotNormal', label: 'Xavier normal' },
  { value: 'lecunUniform', label: 'LeCun uniform' },
  { value: 'lecunNormal', label: 'LeCun normal' },
  { value: 'orthogonal', label: 'Orthogonal' },
  { value: 'unitNormal', label: 'Normal, variance 1' },
  { value: 'constant', label: 'All equal to τ' },
  { value: 'kappaNormal', label: 'Normal, 1/(κ fan-in)' },
]

export const OPTIMIZER_CHOICES: readonly Choice<OptimizerSettings['kind']>[] = [
  { value: 'sgd', label: 'SGD' },
  { value: 'momentum', label: 'Momentum' },
  { value: 'nesterov', label: 'Nesterov' },
  { value: 'rmsprop', label: 'RMSprop' },
  { value: 'adam', label: 'Adam' },
  { value: 'perturbed', label: 'Perturbed GD' },
]

export const DATA_CHOICES: readonly Choice<DataSettings['kind']>[] = [
  { value: 'fashionMnist', label: 'Fashion-MNIST', group: 'Images' },
  { value: 'digits', label: 'Digits 8 × 8', group: 'Images' },
  { value: 'mixture', label: 'Gaussian mixture', group: 'Classes' },
  { value: 'sphere', label: 'Unit sphere, ±1', group: 'Classes' },
  { value: 'orthogonal', label: 'Orthogonal, ±1', group: 'Classes' },
  { value: 'teacher', label: 'Teacher network', group: 'Numbers' },
  { value: 'linearTeacher', label: 'Linear teacher', group: 'Numbers' },
  { value: 'gaussian', label: 'Noise targets', group: 'Numbers' },
  { value: 'point', label: 'One point (1, 1)', group: 'Numbers' },
  { value: 'line', label: 'Line 2x + ½', group: 'Numbers' },
]

export const ACTIVATION_CHOICES: readonly Choice<Activation>[] = [
  { value: 'relu', label: 'ReLU' },
  { value: 'tanh', label: 'tanh' },
  { value: 'identity', label: 'None (linear)' },
  { value: 'sigmoid', label: 'Sigmoid' },
  { value: 'gelu', label: 'GELU' },
  { value: 'swish', label: 'swish' },
  { value: 'elu', label: 'ELU' },
  { value: 'softplus', label: 'softplus' },
  { value: 'softsign', label: 'softsign' },
  { value: 'arctan', label: 'arctan' },
  { value: 'tanh3', label: '3 tanh' },
]

export const LOSS_CHOICES: readonly Choice<LossSettings['kind']>[] = [
  { value: 'softmaxCrossEntropy', label: 'Cross-entropy' },
  { value: 'squaredError', label: 'Half squared error' },
  { value: 'logistic', label: 'Logistic' },
]

export const ENGINE_CHOICES = [
  { value: 'auto', label: 'Automatic' },
  { value: 'fused', label: 'WebGPU, fused' },
  { value: 'network', label: 'WebGPU, tfjs' },
  { value: 'float64', label: 'CPU, float64' },
] as const satisfies readonly Choice<string>[]

/** What arm B can differ in; `off` is no arm B. */
export type Comparison =
  | 'off'
  | 'optimizer'
  | 'depth'
  | 'width'
  | 'tau'
  | 'scheme'
  | 'batch'
  | 'normSkip'
  | 'activation'
  | 'padding'
  | 'linearised'

export const COMPARISON_CHOICES: readonly Choice<Comparison>[] = [
  { value: 'off', label: 'One run' },
  { value: 'optimizer', label: 'Two optimizers' },
  { value: 'depth', label: 'Two depths' },
  { value: 'width', label: 'Two widths' },
  { value: 'tau', label: 'Two scales τ' },
  { value: 'scheme', label: 'Two initialisers' },
  { value: 'batch', label: 'Two batch sizes' },
  { value: 'normSkip', label: 'Norm and skips' },
  { value: 'activation', label: 'Two activations' },
  { value: 'padding', label: 'Two paddings' },
  { value: 'linearised', label: 'Its tangent' },
]

/** "RMSprop" for `rmsprop`. */
export function optimizerName(kind: OptimizerSettings['kind']): string {
  return nameOf(OPTIMIZER_CHOICES, kind)
}

/** The label of a value in a list of choices; the value itself where the list has none. */
export function nameOf<Value extends string>(choices: readonly Choice<Value>[], value: Value): string {
  return choices.find((choice) => choice.value === value)?.label ?? value
}
