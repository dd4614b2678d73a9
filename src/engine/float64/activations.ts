// What does each activation do to a preactivation, and what are its first two derivatives?
//
// relu has derivative 0 at 0 and lets NaN through, so that an overflow is seen and not called 0.
// Derivatives near saturation come from exp(-2|z|) or the small tail: 1 - tanh^2 would be rounding noise there.
import type { Activation } from '../../core/experiment.ts'
import { normalDensity, normalDistribution } from './normalLaw.ts'

/** Value, first and second derivative of one activation, entry by entry. */
interface ScalarFunction {
  value(z: number): number
  slope(z: number): number
  curvature(z: number): number
}

const tanhSlope = (z: number): number => {
  const tail = Math.exp(-2 * Math.abs(z))
  return (4 * tail) / (1 + tail) ** 2
}

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))

const sigmoidSlope = (z: number): number => {
  const tail = Math.exp(-Math.abs(z))
  return tail / (1 + tail) ** 2
}

const arctanSlope = (z: number): number => 1 / (1 + z * z)

const FUNCTIONS: Record<Activation, ScalarFunction> = {
  identity: { value: (z) => z, slope: () => 1, curvature: () => 0 },
  relu: { value: (z) => (z < 0 ? 0 : z), slope: (z) => (z > 0 ? 1 : 0), curvature: () => 0 },
  tanh: { value: Math.tanh, slope: tanhSlope, curvature: (z) => -2 * Math.tanh(z) * tanhSlope(z) },
  tanh3: { value: (z) => 3 * Math.tanh(z), slope: (z) => 3 * tanhSlope(z), curvature: (z) => -6 * Math.tanh(z) * tanhSlope(z) },
  swish: {
    value: (z) => z * sigmoid(z),
    slope: (z) => sigmoid(z) * (1 + z * sigmoid(-z)),
    curvature: (z) => sigmoid(z) * sigmoid(-z) * (2 + z * (sigmoid(-z) - sigmoid(z))),
  },
  sigmoid: { value: sigmoid, slope: sigmoidSlope, curvature: (z) => -sigmoidSlope(z) * Math.tanh(z / 2) },
  // The slope has a kink at 0, where its derivative counts as 0.
  softsign: {
    value: (z) => z / (1 + Math.abs(z)),
    slope: (z) => 1 / (1 + Math.abs(z)) ** 2,
    curvature: (z) => (-2 * Math.sign(z)) / (1 + Math.abs(z)) ** 3,
  },
  arctan: { value: Math.atan, slope: arctanSlope, curvature: (z) => -2 * z * arctanSlope(z) * arctanSlope(z) },
  softplus: { value: (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))), slope: sigmoid, curvature: sigmoidSlope },
  gelu: {
    value: (z) => z * normalDistribution(z),
    slope: (z) => normalDistribution(z) + z * normalDensity(z),
    curvature: (z) => (2 - z * z) * normalDensity(z),
  },
  elu: {
    value: (z) => (z > 0 ? z : Math.expm1(z)),
    slope: (z) => (z > 0 ? 1 : Math.exp(z)),
    curvature: (z) => (z > 0 ? 0 : Math.exp(z)),
  },
}

/** into[i] = activation(z[i]) for the first `count` entries. */
export function fillActivation(activation: Activation, z: Float64Array, count: number, into: Float64Array): void {
  if (activation === 'identity') {
    for (let i = 0; i < count; i++) into[i] = z[i]
  } else if (activation === 'relu') {
    for (let i = 0; i < count; i++) into[i] = z[i] < 0 ? 0 : z[i]
  } else {
    const { value } = FUNCTIONS[activation]
    for (let i = 0; i < count; i++) into[i] = value(z[i])
  }
}

/** into[i] = derivative of the activation at z[i]. */
export function fillSlope(activation: Activation, z: Float64Array, count: number, into: Float64Array): void {
  if (activation === 'identity') into.fill(1, 0, count)
  else if (activation === 'relu') {
    for (let i = 0; i < count; i++) into[i] = z[i] > 0 ? 1 : 0
  } else {
    const { slope } = FUNCTIONS[activation]
    for (let i = 0; i < count; i++) into[i] = slope(z[i])
  }
}

/** into[i] = second derivative of the activation at z[i]; 0 for identity and relu. */
export function fillCurvature(activation: Activation, z: Float64Array, count: number, into: Float64Array): void {
  const { curvature } = FUNCTIONS[activation]
  for (let i = 0; i < count; i++) into[i] = curvature(z[i])
}
