// What is the gradient of a bias? The delta summed over the rows and positions of each channel.
import type { Tensor3D } from '@tensorflow/tfjs-core'
import { runKernel, type Kernel, type Place } from './kernel.ts'
import { replaced } from './tensorSums.ts'

/** Few terms a sum: rows are added in blocks of 64, so that rounding grows with 64 + n/64 terms. */
const COLUMN_SUMS: Kernel<'width' | 'rows' | 'to' | 'scale'> = {
  name: 'columnSums',
  shape: 'elementwise',
  inputs: ['D'],
  uniforms: { width: 'i32', rows: 'i32', to: 'i32', scale: 'f32' },
  body: `
    let base = (index / uniforms.width) * uniforms.rows * uniforms.width + index % uniforms.width;
    var sum = 0.0;
    for (var first = 0; first < uniforms.rows; first = first + 64) {
      var part = 0.0;
      let end = min(first + 64, uniforms.rows);
      for (var row = first; row < end; row = row + 1) { part = part + D[base + row * uniforms.width]; }
      sum = sum + part;
    }
    result[uniforms.to + index] = uniforms.scale * sum;`,
}

/** Images: a thread to a row and channel; without a barrier, which costs a software adapter more than the sum. */
const ROW_SUMS: Kernel<'positions' | 'scale'> = {
  name: 'rowSums',
  shape: 'elementwise',
  inputs: ['D'],
  uniforms: { positions: 'i32', scale: 'f32' },
  body: `
    let base = index * uniforms.positions;
    var sum = 0.0;
    for (var first = 0; first < uniforms.positions; first = first + 64) {
      var part = 0.0;
      let end = min(first + 64, uniforms.positions);
      for (var i = first; i < end; i = i + 1) { part = part + D[base + i]; }
      sum = sum + part;
    }
    result[index] = uniforms.scale * sum;`,
}

/** [lanes, n, channels * positions] -> [lanes, 1, channels], times scale; `into` as for `product`. */
export function channelSums(delta: Tensor3D, positions: number, scale: number, into?: Place): Tensor3D {
  const [lanes, rows, width] = delta.shape
  const channels = width / positions
  const to = into?.offset ?? 0
  if (positions === 1) return runKernel(COLUMN_SUMS, [delta], [lanes, 1, width], { width, rows, to, scale }, into?.tensor) as Tensor3D
  const perRow = rowChannelSums(delta, positions, 1)
  const uniforms = { width: channels, rows, to, scale }
  return replaced(perRow, runKernel(COLUMN_SUMS, [perRow], [lanes, 1, channels], uniforms, into?.tensor) as Tensor3D)
}

/** [lanes, n, channels * positions] -> [1, lanes * n, channels]: the same for every row by itself. */
export function rowChannelSums(delta: Tensor3D, positions: number, scale: number): Tensor3D {
  const [lanes, rows, width] = delta.shape
  return runKernel(ROW_SUMS, [delta], [1, lanes * rows, width / positions], {
    positions,
    scale,
  }) as Tensor3D
}
