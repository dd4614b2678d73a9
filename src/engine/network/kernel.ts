// How does one WGSL body become one dispatch on tensors?
//
// Every formula that tfjs spells as a chain of ops (a dispatch and 33-67 us of JavaScript each), or gets wrong near zero,
// is one body here, run through tfjs' own command encoder so that order and buffer pool stay its business.
// `result` and the inputs are flat arrays; `index` is the global invocation; scalars arrive as `uniforms.<name>`.
import { engine, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core'
import type { WebGPUBackend, WebGPUProgram } from '@tensorflow/tfjs-backend-webgpu'

const THREADS = 64

/** One WGSL program; `name` must be unique, it is the key of the pipeline cache. */
export interface Kernel<Uniform extends string = string> {
  readonly name: string
  /** Names of the input arrays, in order; each must be used in the code. */
  readonly inputs: readonly string[]
  readonly uniforms: Readonly<Record<Uniform, 'f32' | 'i32'>>
  /** Functions before the body. */
  readonly declarations?: string
  /** Body of `main(index: i32)`; element-wise ones are entered for index < size only. */
  readonly body: string
  /**
   * elementwise: one thread per entry of the result; reduction: one workgroup of 64 threads per entry, `entry`;
   * blocks: `threads` of the call, and the body guards itself.
   */
  readonly shape: 'elementwise' | 'reduction' | 'blocks'
}

/** A stretch of a tensor, from an entry on. */
export interface Place {
  readonly tensor: Tensor
  readonly offset: number
}

/** [size] numbers that nobody has written yet; the caller's to dispose. */
export function unwritten(size: number): Tensor {
  return engine().makeTensorFromTensorInfo((engine().backend as WebGPUBackend).makeTensorInfo([size], 'float32'))
}

/**
 * Runs a kernel; the caller disposes the result (or runs inside a tidy).
 *
 * @param output written in place instead of a new tensor; must not be among the inputs.
 * @param threads of a kernel in blocks; workgroups of a reduction that writes several numbers each.
 */
export function runKernel<Uniform extends string>(
  kernel: Kernel<Uniform>,
  inputs: readonly Tensor[],
  shape: readonly number[],
  uniforms: Readonly<Record<Uniform, number>>,
  output?: Tensor,
  threads?: number,
): Tensor {
  const backend = engine().backend as WebGPUBackend
  const names = Object.keys(kernel.uniforms) as Uniform[]
  const size = shape.reduce((product, extent) => product * extent, 1)
  const program: WebGPUProgram = {
    outputShape: [size],
    workgroupSize: [THREADS, 1, 1],
    dispatchLayout: { x: [0] },
    dispatch: [kernel.shape === 'reduction' ? (threads ?? size) : Math.ceil((threads ?? size) / THREADS), 1, 1],
    variableNames: [...kernel.inputs],
    shaderKey: `plateau_${kernel.name}`,
    uniforms: names.map((name) => `${name} : ${kernel.uniforms[name]}, `).join(''),
    size: true,
    getUserCode: () => wgsl(kernel),
  }
  const values = names.map((name) => ({ type: kernel.uniforms[name] === 'i32' ? 'int32' : 'float32', data: [uniforms[name]] }))
  const info = backend.runWebGPUProgram(program, inputs.map(flat), 'float32', values, output === undefined ? undefined : flat(output))
  return output ?? engine().makeTensorFromTensorInfo({ ...info, shape: [...shape] })
}

/** tfjs compiles a program anew for every combination of ranks and equal shapes; ours do not depend on shapes. */
function flat({ dataId, dtype, size }: Tensor): TensorInfo {
  return { dataId, dtype, shape: [size] }
}

function wgsl(kernel: Kernel): string {
  const bodies = {
    elementwise: `if (index < uniforms.size) { ${kernel.body} }`,
    reduction: `let entry = index / ${THREADS}; ${kernel.body}`,
    blocks: kernel.body,
  }
  return `${kernel.declarations ?? ''}\nfn main(index : i32) { ${bodies[kernel.shape]} }`
}

/**
 * WGSL of a fixed-order sum (or maximum) over the threads of a workgroup: `fn <name>(mine: f32) -> f32`.
 *
 * Every thread folds all 64 values in the same order after a single barrier: a tree would need six, and barriers are
 * what a software adapter pays for most. Between two calls of one function the caller puts a barrier.
 */
export function workgroupReduce(name: string, combine: (a: string, b: string) => string): string {
  return `
var<workgroup> ${name}Shared : array<f32, ${THREADS}>;
fn ${name}(mine : f32) -> f32 {
  ${name}Shared[localId.x] = mine;
  workgroupBarrier();
  var all = ${name}Shared[0];
  for (var i = 1u; i < ${THREADS}u; i = i + 1u) { all = ${combine('all', `${name}Shared[i]`)}; }
  return all;
}`
}

/** Like `workgroupReduce` with a sum, but only the first thread gets it: the others need not fold 64 values again. */
export function firstThreadSum(name: string): string {
  return `
var<workgroup> ${name}Shared : array<f32, ${THREADS}>;
fn ${name}(mine : f32) -> f32 {
  ${name}Shared[localId.x] = mine;
  workgroupBarrier();
  var all = 0.0;
  if (localId.x == 0u) {
    for (var i = 0u; i < ${THREADS}u; i = i + 1u) { all = all + ${name}Shared[i]; }
  }
  return all;
}`
}
