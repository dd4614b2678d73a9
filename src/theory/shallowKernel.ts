// What are kernel and Hessian of the one-hidden-layer network with fixed output signs, exactly?
//
// f(x) = m^-1/2 sum_i v_i sigma(w_i x), v_i = +-1 fixed, x a number: the Hessian is diagonal, so its norm is a maximum, and
// the kernel is a mean. A nonlinear output phi(f) multiplies the kernel by slopes and adds a dense rank-one piece to the Hessian.
import type { Activation } from '../core/experiment.ts'

/** The activations of the tangent-kernel theory. */
export type JetActivation = Extract<Activation, 'identity' | 'relu' | 'tanh' | 'tanh3' | 'swish'>

/** An activation's value and first two derivatives at z. */
export interface ActivationJet {
  readonly value: number
  readonly slope: number
  readonly curvature: number
}

/** Value, slope and curvature; relu has slope 0 at 0 and curvature 0. */
export function activationJet(activation: JetActivation, z: number): ActivationJet {
  switch (activation) {
    case 'identity':
      return { value: z, slope: 1, curvature: 0 }
    case 'relu':
      return z > 0 ? { value: z, slope: 1, curvature: 0 } : { value: 0, slope: 0, curvature: 0 }
    case 'tanh':
    case 'tanh3': {
      const scale = activation === 'tanh3' ? 3 : 1
      const t = Math.tanh(z)
      const slope = 1 - t * t
      return { value: scale * t, slope: scale * slope, curvature: -2 * scale * t * slope }
    }
    case 'swish': {
      const s = 1 / (1 + Math.exp(-z))
      const slope = s * (1 - s)
      return { value: z * s, slope: s + z * slope, curvature: 2 * slope + z * slope * (1 - 2 * s) }
    }
    default:
      return activation satisfies never
  }
}

/** |H|_2 of f at x: x^2 m^-1/2 max |v sigma''(w x)|. Falls like m^-1/2. Source: Liu et al. 2020, equation 25. */
export function shallowHessianNorm(x: number, weights: ArrayLike<number>, activation: JetActivation): number {
  let largest = 0
  for (let i = 0; i < weights.length; i++) largest = Math.max(largest, Math.abs(activationJet(activation, weights[i] * x).curvature))
  return (x * x * largest) / Math.sqrt(weights.length)
}

/** K(x, x') = x x' mean sigma'(w x) sigma'(w x'); relu and x = x', w symmetric: x^2/2 for m to infinity. Source: Liu et al. 2020, equation 26. */
export function shallowKernel(x: number, other: number, weights: ArrayLike<number>, activation: JetActivation): number {
  let sum = 0
  for (let i = 0; i < weights.length; i++) {
    sum += activationJet(activation, weights[i] * x).slope * activationJet(activation, weights[i] * other).slope
  }
  return (x * other * sum) / weights.length
}

/** Kernel under an output activation: phi'(f) phi'(f') K. Source: Liu et al. 2020, equation 35. */
export function outputKernel(kernel: number, output: JetActivation, f: number, other: number): number {
  return activationJet(output, f).slope * activationJet(output, other).slope * kernel
}

/**
 * Hessian of phi(f) from gradient and Hessian of f: phi'' g g^T + phi' H.
 *
 * Dense of order 1 even where H vanishes with width.
 * Source: Liu et al. 2020, equations 39 to 41, corrected.
 *
 * @param gradient [p].
 * @param hessian [p, p] row-major.
 */
export function outputHessian(gradient: Float64Array, hessian: Float64Array, output: JetActivation, f: number): Float64Array {
  const p = gradient.length
  const { slope, curvature } = activationJet(output, f)
  return Float64Array.from({ length: p * p }, (_, k) => curvature * gradient[Math.floor(k / p)] * gradient[k % p] + slope * hessian[k])
}
