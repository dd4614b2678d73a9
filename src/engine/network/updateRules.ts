// How do weights on the GPU move, given a gradient? Written by hand: tfjs' RMSProp has eps inside the root.
//
// The second moment is kept as its root u = sqrt(v), updated like a hypotenuse: g^2 of a vanishing gradient would be 0
// below |g| = 1e-19 in float32, its root is not. Outside it is v (squared in float64, exactly undone by the root).
// Seeds that diverged are frozen by a mask in the same kernel, so that freezing changes no bit of the others.
import type { Tensor, Tensor3D } from '@tensorflow/tfjs-core'
import type { OptimizerSettings } from '../../core/experiment.ts'
import { DomainFault } from '../../core/faults.ts'
import { runKernel, type Kernel, type Place } from './kernel.ts'

/** A weight tensor and its slots after an update; all new. */
export interface Updated {
  readonly weight: Tensor3D
  readonly slots: readonly Tensor3D[]
}

/** Slots of an optimizer, in the order of `TrainerCheckpoint`. */
export function slotCount(kind: OptimizerSettings['kind']): number {
  return { sgd: 0, perturbed: 0, momentum: 1, nesterov: 1, rmsprop: 1, adam: 2 }[kind]
}

/** Index of the slot that holds the root of the second moment, -1 where there is none. */
export function rootSlot(kind: OptimizerSettings['kind']): number {
  return { sgd: -1, perturbed: -1, momentum: -1, nesterov: -1, rmsprop: 0, adam: 1 }[kind]
}

const MASK = 'let alive = M[index / (uniforms.size / uniforms.lanes)] > 0.5;'

const SGD: Kernel<'lanes' | 'at' | 'lr'> = {
  name: 'sgd',
  shape: 'elementwise',
  inputs: ['W', 'G', 'M'],
  uniforms: { lanes: 'i32', at: 'i32', lr: 'f32' },
  body: `${MASK} result[index] = select(W[index], W[index] - uniforms.lr * G[uniforms.at + index], alive);`,
}

/** w -= lr (g + mu v). */
const NESTEROV: Kernel<'lanes' | 'at' | 'lr' | 'mu'> = {
  name: 'nesterov',
  shape: 'elementwise',
  inputs: ['W', 'G', 'V', 'M'],
  uniforms: { lanes: 'i32', at: 'i32', lr: 'f32', mu: 'f32' },
  body: `${MASK} result[index] = select(W[index], W[index] - uniforms.lr * (G[uniforms.at + index] + uniforms.mu * V[index]), alive);`,
}

/** w -= lr (g + deviation xi); xi is [lanes, P], the tensor's part begins at `offset` of each lane. */
const PERTURBED: Kernel<'lanes' | 'at' | 'lr' | 'deviation' | 'parameters' | 'offset'> = {
  name: 'perturbed',
  shape: 'elementwise',
  inputs: ['W', 'G', 'X', 'M'],
  uniforms: { lanes: 'i32', at: 'i32', lr: 'f32', deviation: 'f32', parameters: 'i32', offset: 'i32' },
  body: `
    let laneSize = uniforms.size / uniforms.lanes;
    let lane = index / laneSize;
    let noise = X[lane * uniforms.parameters + uniforms.offset + index % laneSize];
    result[index] = select(W[index], W[index] - uniforms.lr * (G[uniforms.at + index] + uniforms.deviation * noise), M[lane] > 0.5);`,
}

/** v = keep v + take g: momentum's v, Adam's m. */
const BLEND: Kernel<'lanes' | 'at' | 'keep' | 'take'> = {
  name: 'blend',
  shape: 'elementwise',
  inputs: ['V', 'G', 'M'],
  uniforms: { lanes: 'i32', at: 'i32', keep: 'f32', take: 'f32' },
  body: `${MASK} result[index] = select(V[index], uniforms.keep * V[index] + uniforms.take * G[uniforms.at + index], alive);`,
}

/** u = sqrt(decay u^2 + (1 - decay) g^2) without leaving the range of u and g. */
const ROOT: Kernel<'lanes' | 'at' | 'decay' | 'rest'> = {
  name: 'rootOfSecondMoment',
  shape: 'elementwise',
  inputs: ['U', 'G', 'M'],
  uniforms: { lanes: 'i32', at: 'i32', decay: 'f32', rest: 'f32' },
  body: `${MASK}
    let g = abs(G[uniforms.at + index]);
    let largest = max(U[index], g);
    let a = U[index] / largest;
    let b = g / largest;
    let next = largest * sqrt(uniforms.decay * a * a + uniforms.rest * b * b);
    result[index] = select(U[index], select(next, 0.0, largest == 0.0), alive);`,
}

/** w -= rate g / (u correction + eps); no step where the denominator is 0 (eps 0 and no gradient so far). */
const SCALED_STEP: Kernel<'lanes' | 'at' | 'rate' | 'correction' | 'eps'> = {
  name: 'scaledStep',
  shape: 'elementwise',
  inputs: ['W', 'G', 'U', 'M'],
  uniforms: { lanes: 'i32', at: 'i32', rate: 'f32', correction: 'f32', eps: 'f32' },
  body: `${MASK}
    let root = U[index] * uniforms.correction + uniforms.eps;
    let next = W[index] - uniforms.rate * (G[uniforms.at + index] / root);
    result[index] = select(W[index], select(next, W[index], root == 0.0), alive);`,
}

/** What an update needs beside weights, gradients and slots. */
export interface UpdateFacts {
  readonly optimizer: OptimizerSettings
  /** As resolved for float32. */
  readonly eps: number
  /** [lanes], 1 where the seed lives. */
  readonly mask: Tensor
  /** Updates done since the slots were empty, before this one. */
  readonly slotStep: number
  /** [lanes, P] N(0, 1) of this step; null where the optimizer adds none. */
  readonly noise: Tensor | null
}

/**
 * One update of one tensor [lanes, rows, columns].
 *
 * @param gradient as many numbers, from its place on.
 * @param offset of the tensor in the flat vector.
 */
export function update(facts: UpdateFacts, weight: Tensor3D, gradient: Place, slots: readonly Tensor3D[], offset: number): Updated {
  const { optimizer, eps, mask, slotStep, noise } = facts
  const lanes = weight.shape[0]
  const like = weight.shape
  const { tensor: g, offset: at } = gradient
  switch (optimizer.kind) {
    case 'sgd':
      return { weight: runKernel(SGD, [weight, g, mask], like, { lanes, at, lr: optimizer.lr }) as Tensor3D, slots: [] }
    case 'momentum': {
      const v = runKernel(BLEND, [slots[0], g, mask], like, { lanes, at, keep: optimizer.momentum, take: 1 }) as Tensor3D
      return { weight: runKernel(SGD, [weight, v, mask], like, { lanes, at: 0, lr: optimizer.lr }) as Tensor3D, slots: [v] }
    }
    case 'nesterov': {
      const v = runKernel(BLEND, [slots[0], g, mask], like, { lanes, at, keep: optimizer.momentum, take: 1 }) as Tensor3D
      const step = { lanes, at, lr: optimizer.lr, mu: optimizer.momentum }
      return { weight: runKernel(NESTEROV, [weight, g, v, mask], like, step) as Tensor3D, slots: [v] }
    }
    case 'perturbed': {
      if (noise === null) throw new DomainFault('update: no noise for this step, got null, expected N(0, 1) for every weight')
      const step = { lanes, at, lr: optimizer.lr, deviation: optimizer.noise, parameters: noise.size / lanes, offset }
      return { weight: runKernel(PERTURBED, [weight, g, noise, mask], like, step) as Tensor3D, slots: [] }
    }
    case 'rmsprop': {
      const u = secondMomentRoot(slots[0], gradient, mask, optimizer.decay)
      const step = { lanes, at, rate: optimizer.lr, correction: 1, eps }
      return { weight: runKernel(SCALED_STEP, [weight, g, u, mask], like, step) as Tensor3D, slots: [u] }
    }
    case 'adam': {
      const { beta1, beta2 } = optimizer
      const m = runKernel(BLEND, [slots[0], g, mask], like, { lanes, at, keep: beta1, take: 1 - beta1 }) as Tensor3D
      const u = secondMomentRoot(slots[1], gradient, mask, beta2)
      const t = slotStep + 1
      // The corrections are scalars: both are folded in float64, before they meet float32.
      const step = { lanes, at: 0, rate: optimizer.lr / (1 - beta1 ** t), correction: 1 / Math.sqrt(1 - beta2 ** t), eps }
      return { weight: runKernel(SCALED_STEP, [weight, m, u, mask], like, step) as Tensor3D, slots: [m, u] }
    }
    default:
      return optimizer.kind satisfies never
  }
}

function secondMomentRoot(root: Tensor3D, gradient: Place, mask: Tensor, decay: number): Tensor3D {
  const uniforms = { lanes: root.shape[0], at: gradient.offset, decay, rest: 1 - decay }
  return runKernel(ROOT, [root, gradient.tensor, mask], root.shape, uniforms) as Tensor3D
}
