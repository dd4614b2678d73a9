// What does a pool do in each pass? Averages are linear; a maximum passes on what its winner gets, the first largest of a window.
//
// The winner is fixed within a derivative, as relu's gate is: the way back and the tangent use the winners of the input at
// hand, and the second derivative is 0. Every entry gathers from the windows that it lies in: no atomics.
import { clone, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core'
import { imageAfter, outputWidthOf, type PoolLayerSpec } from '../../core/networkSpec.ts'
import { runKernel, type Kernel } from './kernel.ts'
import type { LinearTensors } from './layerTensors.ts'
import type { LinearPasses } from './linearPasses.ts'

const UNIFORMS = {
  height: 'i32',
  width: 'i32',
  outHeight: 'i32',
  outWidth: 'i32',
  sizeY: 'i32',
  sizeX: 'i32',
  strideY: 'i32',
  strideX: 'i32',
  inputSize: 'i32',
} as const
type PoolKernel = Kernel<keyof typeof UNIFORMS>

const WINDOW = `
  let ox = index % uniforms.outWidth;
  let oy = (index / uniforms.outWidth) % uniforms.outHeight;
  let image = (index / (uniforms.outWidth * uniforms.outHeight)) * uniforms.height * uniforms.width;
  let corner = image + oy * uniforms.strideY * uniforms.width + ox * uniforms.strideX;`

/** Windows [first .. last] that hold an entry, in each direction. */
const COVERING = `
  let x = index % uniforms.width;
  let y = (index / uniforms.width) % uniforms.height;
  let plane = index / (uniforms.width * uniforms.height);
  let firstY = max(0, (y - uniforms.sizeY + uniforms.strideY) / uniforms.strideY);
  let firstX = max(0, (x - uniforms.sizeX + uniforms.strideX) / uniforms.strideX);
  let lastY = min(uniforms.outHeight - 1, y / uniforms.strideY);
  let lastX = min(uniforms.outWidth - 1, x / uniforms.strideX);`

/** Place of the first largest entry of the window at `corner`; P holds the inputs, one lane for all. */
const WINNER = `
fn winner(corner : i32) -> i32 {
  var best = corner;
  for (var dy = 0; dy < uniforms.sizeY; dy = dy + 1) {
    for (var dx = 0; dx < uniforms.sizeX; dx = dx + 1) {
      let at = corner + dy * uniforms.width + dx;
      if (P[at % uniforms.inputSize] > P[best % uniforms.inputSize]) { best = at; }
    }
  }
  return best;
}`

const AVERAGE: PoolKernel = {
  name: 'poolAverage',
  shape: 'elementwise',
  inputs: ['X'],
  uniforms: UNIFORMS,
  body: `${WINDOW}
    var sum = 0.0;
    for (var dy = 0; dy < uniforms.sizeY; dy = dy + 1) {
      for (var dx = 0; dx < uniforms.sizeX; dx = dx + 1) { sum = sum + X[corner + dy * uniforms.width + dx]; }
    }
    result[index] = sum / f32(uniforms.sizeY * uniforms.sizeX);`,
}

const AVERAGE_BACK: PoolKernel = {
  name: 'poolAverageBack',
  shape: 'elementwise',
  inputs: ['D'],
  uniforms: UNIFORMS,
  body: `${COVERING}
    var sum = 0.0;
    for (var oy = firstY; oy <= lastY; oy = oy + 1) {
      for (var ox = firstX; ox <= lastX; ox = ox + 1) { sum = sum + D[(plane * uniforms.outHeight + oy) * uniforms.outWidth + ox]; }
    }
    result[index] = sum / f32(uniforms.sizeY * uniforms.sizeX);`,
}

/** One window a plane, a thread to a row: no division for every entry. */
const GLOBAL_BACK: Kernel<'height' | 'width' | 'rows'> = {
  name: 'poolGlobalBack',
  shape: 'blocks',
  inputs: ['D'],
  uniforms: { height: 'i32', width: 'i32', rows: 'i32' },
  body: `
    if (index >= uniforms.rows) { return; }
    let value = D[index / uniforms.height] / f32(uniforms.height * uniforms.width);
    for (var x = 0; x < uniforms.width; x = x + 1) { result[index * uniforms.width + x] = value; }`,
}

/** X where the winner of P stands: the pool itself where X is P, its tangent otherwise. */
const MAXIMUM: PoolKernel = {
  name: 'poolMaximum',
  shape: 'elementwise',
  inputs: ['P', 'X'],
  uniforms: UNIFORMS,
  declarations: WINNER,
  body: `${WINDOW} result[index] = X[winner(corner)];`,
}

const MAXIMUM_BACK: PoolKernel = {
  name: 'poolMaximumBack',
  shape: 'elementwise',
  inputs: ['P', 'D'],
  uniforms: UNIFORMS,
  declarations: WINNER,
  body: `${COVERING}
    let image = plane * uniforms.height * uniforms.width;
    var sum = 0.0;
    for (var oy = firstY; oy <= lastY; oy = oy + 1) {
      for (var ox = firstX; ox <= lastX; ox = ox + 1) {
        let corner = image + oy * uniforms.strideY * uniforms.width + ox * uniforms.strideX;
        if (winner(corner) == index) { sum = sum + D[(plane * uniforms.outHeight + oy) * uniforms.outWidth + ox]; }
      }
    }
    result[index] = sum;`,
}

const NOTHING: LinearTensors = { weight: null, bias: null }

/** The passes of one pool. */
export function poolLayer(spec: PoolLayerSpec): LinearPasses {
  const { channels, height, width, pooling } = spec
  const [outHeight, outWidth] = imageAfter(spec)
  const global = pooling === 'globalAverage'
  const geometry = {
    height,
    width,
    outHeight,
    outWidth,
    sizeY: global ? height : spec.size,
    sizeX: global ? width : spec.size,
    strideY: global ? height : spec.stride,
    strideX: global ? width : spec.stride,
  }
  const outputs = outputWidthOf(spec)
  const down = (prepared: Tensor3D, x: Tensor3D): Tensor3D => {
    const shape = [x.shape[0], x.shape[1], outputs]
    const uniforms = { ...geometry, inputSize: prepared.size }
    return runKernel(pooling === 'max' ? MAXIMUM : AVERAGE, pooling === 'max' ? [prepared, x] : [x], shape, uniforms) as Tensor3D
  }
  const up = (prepared: Tensor3D, delta: Tensor3D): Tensor3D => {
    const shape = [delta.shape[0], delta.shape[1], channels * height * width]
    if (global) {
      const rows = shape[0] * shape[1] * channels * height
      return runKernel(GLOBAL_BACK, [delta], shape, { height, width, rows }, undefined, rows) as Tensor3D
    }
    const uniforms = { ...geometry, inputSize: prepared.size }
    const inputs = pooling === 'max' ? [prepared, delta] : [delta]
    return runKernel(pooling === 'max' ? MAXIMUM_BACK : AVERAGE_BACK, inputs, shape, uniforms) as Tensor3D
  }
  return {
    prepare: (input) => clone(input),
    forward: (_layer, input) => down(input, input),
    backward: (_layer, input, delta) => up(input, delta),
    gradient: () => NOTHING,
    gradientInto: () => undefined,
    tangent: (_layer, _direction, input, inputTangent) => (inputTangent === null ? null : down(input, inputTangent)),
    backwardTangent: (_layer, _direction, input, _delta, deltaTangent) => up(input, deltaTangent),
    gradientTangent: () => NOTHING,
    sampleGradients: () => NOTHING,
    addGramShare: (_input, _delta, sum: Tensor2D) => clone(sum),
  }
}
