// What are the choices called on the page? The names of the experiment schema in the words of a lecture.
import type { Activation, DataSettings, InitSettings, LossSettings, ModelSettings, OptimizerSettings } from '../../core/experiment.ts'
import type { Choice } from './choices.tsx'

export const MODEL_CHOICES: readonly Choice<ModelSettings['kind']>[] = [
  { value: 'chain', label: 'Chain' },
  { value: 'mlp', label: 'MLP' },
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
]

export const OPTIMIZER_CHOICES: readonly Choice<OptimizerSettings['kind']>[] = [
  { value: 'sgd', label: 'SGD' },
  { value: 'momentum', label: 'Momentum' },
  { value: 'rmsprop', label: 'RMSprop' },
  { value: 'adam', label: 'Adam' },
]

export const DATA_CHOICES: readonly Choice<DataSettings['kind']>[] = [
  { value: 'point', label: 'One point (1, 1)' },
  { value: 'line', label: 'Line 2x + ½' },
  { value: 'fashionMnist', label: 'Fashion-MNIST' },
  { value: 'digits', label: 'Digits 8 × 8' },
  { value: 'mixture', label: 'Gaussian mixture' },
  { value: 'teacher', label: 'Teacher network' },
]

export const ACTIVATION_CHOICES: readonly Choice<Activation>[] = [
  { value: 'relu', label: 'ReLU' },
  { value: 'tanh', label: 'tanh' },
  { value: 'identity', label: 'None (linear)' },
  { value: 'swish', label: 'swish' },
  { value: 'tanh3', label: '3 tanh' },
]

export const LOSS_CHOICES: readonly Choice<LossSettings['kind']>[] = [
  { value: 'softmaxCrossEntropy', label: 'Cross-entropy' },
  { value: 'squaredError', label: 'Half squared error' },
]

export const ENGINE_CHOICES = [
  { value: 'auto', label: 'Automatic' },
  { value: 'fused', label: 'WebGPU, fused' },
  { value: 'network', label: 'WebGPU, tfjs' },
  { value: 'float64', label: 'CPU, float64' },
] as const satisfies readonly Choice<string>[]

/** What arm B can differ in; `off` is no arm B. */
export type Comparison = 'off' | 'optimizer' | 'depth' | 'width' | 'tau' | 'scheme' | 'batch' | 'linearised'

export const COMPARISON_CHOICES: readonly Choice<Comparison>[] = [
  { value: 'off', label: 'One run' },
  { value: 'optimizer', label: 'Two optimizers' },
  { value: 'depth', label: 'Two depths' },
  { value: 'width', label: 'Two widths' },
  { value: 'tau', label: 'Two scales τ' },
  { value: 'scheme', label: 'Two initialisers' },
  { value: 'batch', label: 'Two batch sizes' },
  { value: 'linearised', label: 'Its tangent' },
]

/** "RMSprop" for `rmsprop`. */
export function optimizerName(kind: OptimizerSettings['kind']): string {
  return OPTIMIZER_CHOICES.find((choice) => choice.value === kind)?.label ?? kind
}
