// How is an image correlated with filters? One kernel, for the forward pass and, with turned filters, for the way back.
//
// No barriers and no shared memory: a thread owns four output channels of a run of positions, and every number that it
// loads meets as many others as registers allow. Filter side, stride and run are written into the code (a network has one
// or two of them), all other sizes are uniforms. Terms are added channel by channel, tap by tap: the same bits on every run.
import type { Tensor, Tensor3D } from '@tensorflow/tfjs-core'
import { runKernel, type Kernel } from './kernel.ts'

export interface CorrelationShape {
  readonly inChannels: number
  readonly outChannels: number
  readonly kernel: number
  readonly stride: number
  readonly frameHeight: number
  readonly frameWidth: number
  readonly outHeight: number
  readonly outWidth: number
}

export interface CorrelationOptions {
  readonly scale: number
  /** The way back: `filters` are those of the way there, read with both channels exchanged and turned by half a turn. */
  readonly turned?: boolean
  /** [lanes or 1, 1, outChannels], added to every position times biasScale. */
  readonly bias?: Tensor3D | null
  readonly biasScale?: number
  /** [lanes, n, outputs], added to the result as it is. */
  readonly addTo?: Tensor3D
}

const UNIFORMS = {
  lanes: 'i32',
  rows: 'i32',
  inChannels: 'i32',
  outChannels: 'i32',
  frameHeight: 'i32',
  frameWidth: 'i32',
  outHeight: 'i32',
  outWidth: 'i32',
  inputLane: 'i32',
  filterLane: 'i32',
  outStride: 'i32',
  inStride: 'i32',
  firstTap: 'i32',
  tapStep: 'i32',
  biasLane: 'i32',
  scale: 'f32',
  biasScale: 'f32',
} as const

/** Positions in a row that one thread computes. */
const LONGEST_RUN = 8
const CHANNELS = 4

/**
 * scale * correlation (+ biasScale * bias) (+ addTo), lane by lane; operands with one lane serve all.
 *
 * @param frames [lanes, n, inChannels * frameHeight * frameWidth]; filters [lanes, outChannels, inChannels * kernel^2], or the other way round where turned.
 */
export function correlate(frames: Tensor3D, filters: Tensor3D, shape: CorrelationShape, options: CorrelationOptions): Tensor3D {
  const { inChannels, outChannels, kernel, stride, frameHeight, frameWidth, outHeight, outWidth } = shape
  const { scale, turned = false, bias = null, biasScale = 1, addTo } = options
  const taps = kernel * kernel
  const lanes = Math.max(frames.shape[0], filters.shape[0])
  const rows = frames.shape[1]
  const run = outWidth > LONGEST_RUN / 2 ? LONGEST_RUN : outWidth > 1 ? LONGEST_RUN / 2 : 1
  const inputs: Tensor[] = [frames, filters]
  if (bias !== null) inputs.push(bias)
  if (addTo !== undefined) inputs.push(addTo)
  const uniforms = {
    lanes,
    rows,
    inChannels,
    outChannels,
    frameHeight,
    frameWidth,
    outHeight,
    outWidth,
    inputLane: frames.shape[0] === 1 ? 0 : frames.size / frames.shape[0],
    filterLane: filters.shape[0] === 1 ? 0 : filters.size / filters.shape[0],
    outStride: turned ? taps : inChannels * taps,
    inStride: turned ? outChannels * taps : taps,
    firstTap: turned ? taps - 1 : 0,
    tapStep: turned ? -1 : 1,
    biasLane: bias === null || bias.shape[0] === 1 ? 0 : outChannels,
    scale,
    biasScale,
  }
  const threads = lanes * rows * Math.ceil(outChannels / CHANNELS) * outHeight * Math.ceil(outWidth / run)
  const code = kernelOf(kernel, stride, run, bias !== null, addTo !== undefined)
  return runKernel(code, inputs, [lanes, rows, outChannels * outHeight * outWidth], uniforms, undefined, threads) as Tensor3D
}

const count = (length: number): number[] => Array.from({ length }, (_, index) => index)

function kernelOf(side: number, stride: number, run: number, withBias: boolean, withBase: boolean): Kernel<keyof typeof UNIFORMS> {
  const inputs = ['A', 'W', ...(withBias ? ['V'] : []), ...(withBase ? ['Base'] : [])]
  const segment = (run - 1) * stride + side
  const bias = withBias ? ' + bias' : ''
  return {
    name: `correlate_${side}_${stride}_${run}${withBias ? '_bias' : ''}${withBase ? '_base' : ''}`,
    shape: 'blocks',
    inputs,
    uniforms: UNIFORMS,
    body: `
      let runs = (uniforms.outWidth + ${run - 1}) / ${run};
      let blocks = (uniforms.outChannels + ${CHANNELS - 1}) / ${CHANNELS};
      let x0 = (index % runs) * ${run};
      var rest = index / runs;
      let y = rest % uniforms.outHeight;
      rest = rest / uniforms.outHeight;
      let channel0 = (rest % blocks) * ${CHANNELS};
      rest = rest / blocks;
      let row = rest % uniforms.rows;
      let lane = rest / uniforms.rows;
      if (lane >= uniforms.lanes) { return; }
      let plane = uniforms.frameHeight * uniforms.frameWidth;
      // Past the edge the last channel is computed again and not written; past the row's end, what follows it.
      let channels = min(channel0 + vec4<i32>(0, 1, 2, 3), vec4<i32>(uniforms.outChannels - 1));
      var first = lane * uniforms.filterLane + uniforms.firstTap + channels * uniforms.outStride;
      var start = lane * uniforms.inputLane + row * uniforms.inChannels * plane + y * ${stride} * uniforms.frameWidth + x0 * ${stride};
      ${count(run)
        .map((j) => `var c${j} = vec4<f32>(0.0);`)
        .join(' ')}
      for (var i = 0; i < uniforms.inChannels; i = i + 1) {
        var at = start;
        var w = first;
        for (var ky = 0; ky < ${side}; ky = ky + 1) {
          ${count(segment)
            .map((j) => `let a${j} = A[at + ${j}];`)
            .join(' ')}
          ${count(side)
            .map(
              (kx) => `
          let f${kx} = vec4<f32>(W[w.x], W[w.y], W[w.z], W[w.w]);
          w = w + uniforms.tapStep;
          ${count(run)
            .map((j) => `c${j} = c${j} + a${j * stride + kx} * f${kx};`)
            .join(' ')}`,
            )
            .join('')}
          at = at + uniforms.frameWidth;
        }
        start = start + plane;
        first = first + uniforms.inStride;
      }
      // Written out, without an array: indexing one costs a software adapter more than all the products.
      for (var o = 0; o < ${CHANNELS}; o = o + 1) {
        let channel = channel0 + o;
        if (channel >= uniforms.outChannels) { break; }
        let to = (((lane * uniforms.rows + row) * uniforms.outChannels + channel) * uniforms.outHeight + y) * uniforms.outWidth + x0;
        ${withBias ? 'let bias = uniforms.biasScale * V[lane * uniforms.biasLane + channel];' : ''}
        ${count(run)
          .map(
            (j) =>
              `if (x0 + ${j} < uniforms.outWidth) { result[to + ${j}] = uniforms.scale * c${j}[o]${bias}${withBase ? ` + Base[to + ${j}]` : ''}; }`,
          )
          .join('\n        ')}
      }`,
  }
}
