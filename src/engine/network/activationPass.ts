// How does an activation act in each of the four passes? One dispatch each.
//
// z may be stored with an exponent (see rangePlan.ts): `inScale` brings it back to its true size where the activation
// is not homogeneous. Arrays with one lane serve all lanes of the others: they are read modulo their size.
import type { Tensor, Tensor3D } from '@tensorflow/tfjs-core'
import type { Activation } from '../../core/experiment.ts'
import { activationCode } from './activations.ts'
import { runKernel, type Kernel } from './kernel.ts'
import { powerOfTwo } from './rangePlan.ts'

/** h = act(z), stored with exponent `outExponent`; z is stored with `inExponent`. */
export function activate(activation: Activation, z: Tensor3D, inExponent: number, outExponent: number): Tensor3D {
  const relative = powerOfTwo(outExponent - inExponent)
  if (activationCode(activation).homogeneous) return runKernel(homogeneousKernel(activation), [z], z.shape, { relative }) as Tensor3D
  return runKernel(activateKernel(activation), [z], z.shape, {
    inScale: powerOfTwo(-inExponent),
    relative,
    absolute: powerOfTwo(outExponent),
  }) as Tensor3D
}

/** act'(z) u factor entry by entry; z may have one lane where u has many. */
export function timesSlope(activation: Activation, z: Tensor3D, inExponent: number, u: Tensor3D, factor: number): Tensor3D {
  return runKernel(slopeKernel(activation), [z, u], u.shape, {
    zSize: z.size,
    inScale: powerOfTwo(-inExponent),
    scale: factor,
  }) as Tensor3D
}

/**
 * Derivative of act'(z) u factor along a direction: (act'(z) uTangent + act''(z) zTangent u) factor.
 *
 * @param z, u one lane or as many as the tangents.
 */
export function timesSlopeTangent(
  activation: Activation,
  z: Tensor3D,
  zTangent: Tensor3D,
  u: Tensor3D,
  uTangent: Tensor3D,
  factor: number,
): Tensor3D {
  if (activationCode(activation).flat) return timesSlope(activation, z, 0, uTangent, factor)
  const inputs: Tensor[] = [z, zTangent, u, uTangent]
  const uniforms = { zSize: z.size, uSize: u.size, scale: factor }
  return runKernel(curvatureKernel(activation), inputs, uTangent.shape, uniforms) as Tensor3D
}

function homogeneousKernel(activation: Activation): Kernel<'relative'> {
  return {
    name: `activate_${activation}`,
    shape: 'elementwise',
    inputs: ['Z'],
    uniforms: { relative: 'f32' },
    declarations: activationCode(activation).declarations,
    body: 'result[index] = far(Z[index]) * uniforms.relative;',
  }
}

function activateKernel(activation: Activation): Kernel<'inScale' | 'relative' | 'absolute'> {
  return {
    name: `activate_${activation}`,
    shape: 'elementwise',
    inputs: ['Z'],
    uniforms: { inScale: 'f32', relative: 'f32', absolute: 'f32' },
    declarations: activationCode(activation).declarations,
    body: `
      let stored = Z[index];
      let z = stored * uniforms.inScale;
      if (abs(z) < ${activationCode(activation).throughZero ? '0.2' : '0.0'}) { result[index] = stored * gain(z) * uniforms.relative; }
      else { result[index] = far(z) * uniforms.absolute; }`,
  }
}

function slopeKernel(activation: Activation): Kernel<'zSize' | 'inScale' | 'scale'> {
  const code = activationCode(activation)
  return {
    name: `slope_${activation}`,
    shape: 'elementwise',
    inputs: ['Z', 'U'],
    uniforms: { zSize: 'i32', inScale: 'f32', scale: 'f32' },
    declarations: code.declarations,
    body: `
      let stored = Z[index % uniforms.zSize];
      let z = ${code.homogeneous ? 'stored' : 'stored * uniforms.inScale'};
      result[index] = slope(z) * U[index] * uniforms.scale;`,
  }
}

function curvatureKernel(activation: Activation): Kernel<'zSize' | 'uSize' | 'scale'> {
  return {
    name: `curvature_${activation}`,
    shape: 'elementwise',
    inputs: ['Z', 'T', 'U', 'V'],
    uniforms: { zSize: 'i32', uSize: 'i32', scale: 'f32' },
    declarations: activationCode(activation).declarations,
    body: `
      let z = Z[index % uniforms.zSize];
      result[index] = uniforms.scale * (slope(z) * V[index] + curvature(z) * T[index] * U[index % uniforms.uSize]);`,
  }
}
