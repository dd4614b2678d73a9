// How do tensors add up, scaled, one lane serving many? And the pieces of a large set: each disposed as it goes in.
import { type Tensor, type Tensor3D } from '@tensorflow/tfjs-core'
import { runKernel, type Kernel } from './kernel.ts'

const SCALED: Kernel<'factor'> = {
  name: 'scaled',
  shape: 'elementwise',
  inputs: ['X'],
  uniforms: { factor: 'f32' },
  body: 'result[index] = uniforms.factor * X[index];',
}

const COMBINED: Kernel<'xSize' | 'ySize' | 'xFactor' | 'yFactor'> = {
  name: 'combined',
  shape: 'elementwise',
  inputs: ['X', 'Y'],
  uniforms: { xSize: 'i32', ySize: 'i32', xFactor: 'f32', yFactor: 'f32' },
  body: 'result[index] = uniforms.xFactor * X[index % uniforms.xSize] + uniforms.yFactor * Y[index % uniforms.ySize];',
}

/** factor * x; disposes x where it is `spent`. */
export function scaled(x: Tensor3D, factor: number, spent = false): Tensor3D {
  const result = runKernel(SCALED, [x], x.shape, { factor }) as Tensor3D
  if (spent) x.dispose()
  return result
}

/** xFactor x + yFactor y; one of them may have a single lane. */
export function combined(x: Tensor3D, y: Tensor3D, xFactor = 1, yFactor = 1): Tensor3D {
  const shape = x.size >= y.size ? x.shape : y.shape
  return runKernel(COMBINED, [x, y], shape, { xSize: x.size, ySize: y.size, xFactor, yFactor }) as Tensor3D
}

/** The fresh one, after the old one has gone. */
export function replaced<T extends Tensor>(old: Tensor, fresh: T): T {
  old.dispose()
  return fresh
}

/** sum + part, entry by entry; both are disposed. A null sum takes the part as it is. */
export function sumInto(sum: readonly Tensor3D[] | null, part: Tensor3D[]): Tensor3D[] {
  if (sum === null) return part
  return sum.map((old, index) => {
    const next = combined(old, part[index])
    old.dispose()
    part[index].dispose()
    return next
  })
}
