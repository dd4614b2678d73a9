// How are matrices multiplied? One direct kernel for every orientation and every epilogue that the passes need.
//
// tfjs' own matMul compiles a heavy shader for each orientation and shape class (about a second each on SwiftShader) and
// runs 4 to 15 times slower there than this loop; its split-K variant is not even repeatable. A thread owns a 4 x 4 block
// of the result and adds in the order of k: no workgroup memory, no atomics, the same bits on every run.
import { dispose, reshape, type Rank, type Tensor, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core'
import { ShapeFault } from '../../core/faults.ts'
import { runKernel, type Kernel, type Place } from './kernel.ts'

export interface ProductOptions {
  readonly transposeA?: boolean
  readonly transposeB?: boolean
  /** Factor of the product, 1. */
  readonly scale?: number
  /** [lanes or 1, 1, n], added to every row times biasScale. */
  readonly bias?: Tensor3D | null
  readonly biasScale?: number
  /** [lanes, m, n], added to the result as it is. */
  readonly addTo?: Tensor3D
  /** The result is symmetric: only blocks that touch its upper half are written, the rest is left as the buffer was. */
  readonly upper?: boolean
  /** Written there, and the tensor of that place is answered. */
  readonly into?: Place
}

const UNIFORMS = {
  m: 'i32',
  n: 'i32',
  inner: 'i32',
  lanes: 'i32',
  aLane: 'i32',
  aRow: 'i32',
  aColumn: 'i32',
  bLane: 'i32',
  bRow: 'i32',
  bColumn: 'i32',
  biasLane: 'i32',
  to: 'i32',
  scale: 'f32',
  biasScale: 'f32',
} as const

/** scale * A B (+ biasScale * bias) (+ addTo), lane by lane; an operand with one lane serves all. */
export function product(a: Tensor3D, b: Tensor3D, options: ProductOptions = {}): Tensor3D {
  const { transposeA = false, transposeB = false, scale = 1, bias = null, biasScale = 1, addTo, upper = false, into } = options
  const [m, inner] = transposeA ? [a.shape[2], a.shape[1]] : [a.shape[1], a.shape[2]]
  const [innerOfB, n] = transposeB ? [b.shape[2], b.shape[1]] : [b.shape[1], b.shape[2]]
  if (inner !== innerOfB) throw new ShapeFault(`product: inner sizes ${inner} and ${innerOfB}`)
  const lanes = Math.max(a.shape[0], b.shape[0])
  const inputs: Tensor[] = [a, b]
  if (bias !== null) inputs.push(bias)
  if (addTo !== undefined) inputs.push(addTo)
  const uniforms = {
    m,
    n,
    inner,
    lanes,
    aLane: laneStride(a),
    aRow: transposeA ? 1 : inner,
    aColumn: transposeA ? m : 1,
    bLane: laneStride(b),
    bRow: transposeB ? 1 : n,
    bColumn: transposeB ? inner : 1,
    biasLane: bias === null ? 0 : laneStride(bias),
    to: into?.offset ?? 0,
    scale,
    biasScale,
  }
  const threads = lanes * Math.ceil(m / 4) * Math.ceil(n / 4)
  return runKernel(kernelOf(bias !== null, addTo !== undefined, upper), inputs, [lanes, m, n], uniforms, into?.tensor, threads) as Tensor3D
}

/** Upper half of sum + factor G G^T for `rows` rows of G; see `upper`. */
export function addProducts(gradients: Tensor3D, rows: number, sum: Tensor2D, factor: number): Tensor2D {
  const flat = reshape<Rank.R3>(gradients, [1, rows, gradients.size / rows])
  const base = reshape<Rank.R3>(sum, [1, rows, rows])
  const products = product(flat, flat, { transposeB: true, scale: factor, addTo: base, upper: true })
  const total = reshape<Rank.R2>(products, [rows, rows])
  dispose([flat, base, products])
  return total
}

function laneStride(tensor: Tensor3D): number {
  return tensor.shape[0] === 1 ? 0 : tensor.shape[1] * tensor.shape[2]
}

const BLOCK = [0, 1, 2, 3] as const

function kernelOf(withBias: boolean, withBase: boolean, upper: boolean): Kernel<keyof typeof UNIFORMS> {
  const inputs = ['A', 'B', ...(withBias ? ['V'] : []), ...(withBase ? ['Base'] : [])]
  const bias = withBias ? ' + uniforms.biasScale * V[lane * uniforms.biasLane + column]' : ''
  const base = withBase ? ' + Base[at]' : ''
  return {
    name: `product${withBias ? '_bias' : ''}${withBase ? '_base' : ''}${upper ? '_upper' : ''}`,
    shape: 'blocks',
    inputs,
    uniforms: UNIFORMS,
    body: `
      let blockColumns = (uniforms.n + 3) / 4;
      let blockRows = (uniforms.m + 3) / 4;
      let lane = index / (blockRows * blockColumns);
      if (lane >= uniforms.lanes) { return; }
      let block = index % (blockRows * blockColumns);
      let row0 = (block / blockColumns) * 4;
      let column0 = (block % blockColumns) * 4;
${upper ? '      if (column0 + 3 < row0) { return; }\n' : ''}      // Past the edge the last row or column is computed again and not written.
      let steps = vec4<i32>(0, 1, 2, 3);
      let rows = min(row0 + steps, vec4<i32>(uniforms.m - 1)) * uniforms.aRow + lane * uniforms.aLane;
      let columns = min(column0 + steps, vec4<i32>(uniforms.n - 1)) * uniforms.bColumn + lane * uniforms.bLane;
      ${BLOCK.map((i) => `var c${i} = vec4<f32>(0.0);`).join(' ')}
      for (var k = 0; k < uniforms.inner; k = k + 1) {
        let a = rows + k * uniforms.aColumn;
        let b = columns + k * uniforms.bRow;
        let right = vec4<f32>(B[b.x], B[b.y], B[b.z], B[b.w]);
        ${BLOCK.map((i) => `c${i} = c${i} + A[a[${i}]] * right;`).join(' ')}
      }
      // Written out, without an array: indexing one costs a software adapter more than all the products.
      for (var j = 0; j < 4; j = j + 1) {
        let column = column0 + j;
        if (column >= uniforms.n) { break; }
        var at = (lane * uniforms.m + row0) * uniforms.n + column;
        ${BLOCK.map((i) => `if (row0 + ${i} < uniforms.m) { result[uniforms.to + at] = uniforms.scale * c${i}[j]${bias}${base}; } at = at + uniforms.n;`).join('\n        ')}
      }`,
  }
}
