// How is an image correlated with filters? One kernel, for the forward pass and, with turned filters, for the way back.
//
// No barriers and no shared memory: a thread owns four output channels of a tile of positions, because a load costs a software
// adapter as much as ten products, and it sums all taps of an input channel before it touches a total. Filter side, stride and
// tile are written into the code (a network has one or two of them), all other sizes are uniforms. The tile changes no sum.
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

const CHANNELS = 4
/** Products of one input and one output channel that are written out. */
const MOST_PRODUCTS = 450
/** Positions that a thread computes: more would not fit the registers of a graphics processor. */
const MOST_SUMS = 28
const LONGEST_RUN = 8

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
  const run = tileExtent(outWidth, LONGEST_RUN)
  const height = tileExtent(outHeight, Math.max(1, Math.floor(Math.min(MOST_SUMS, MOST_PRODUCTS / taps) / run)))
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
  const threads = lanes * rows * Math.ceil(outChannels / CHANNELS) * Math.ceil(outHeight / height) * Math.ceil(outWidth / run)
  const code = kernelOf(kernel, stride, run, height, bias !== null, addTo !== undefined)
  return runKernel(code, inputs, [lanes, rows, outChannels * outHeight * outWidth], uniforms, undefined, threads) as Tensor3D
}

/** The extent of a tile, at most `most`, that covers `length` with the least overlap; the larger one of two equal. */
export function tileExtent(length: number, most: number): number {
  const largest = Math.min(length, most)
  let best = largest
  for (let extent = largest; 2 * extent >= largest; extent--) {
    if (Math.ceil(length / extent) * extent < Math.ceil(length / best) * best) best = extent
  }
  return best
}

const count = (length: number): number[] => Array.from({ length }, (_, index) => index)

function kernelOf(
  side: number,
  stride: number,
  run: number,
  height: number,
  withBias: boolean,
  withBase: boolean,
): Kernel<keyof typeof UNIFORMS> {
  const inputs = ['A', 'W', ...(withBias ? ['V'] : []), ...(withBase ? ['Base'] : [])]
  const segment = count((run - 1) * stride + side)
  const bias = withBias ? ' + bias' : ''
  const taps = (y: number, x: number) =>
    count(side * side)
      .map((tap) => `a${y * stride + Math.floor(tap / side)}_${x * stride + (tap % side)} * f${tap}`)
      .join(' + ')
  return {
    name: `correlate_${side}_${stride}_${run}_${height}${withBias ? '_bias' : ''}${withBase ? '_base' : ''}`,
    shape: 'blocks',
    inputs,
    uniforms: UNIFORMS,
    body: `
      let outWidth = uniforms.outWidth;
      let outHeight = uniforms.outHeight;
      let frameWidth = uniforms.frameWidth;
      let runs = (outWidth + ${run - 1}) / ${run};
      let bands = (outHeight + ${height - 1}) / ${height};
      let blocks = (uniforms.outChannels + ${CHANNELS - 1}) / ${CHANNELS};
      // The last tile is moved back onto the image; what it shares with the one before is written by that one only.
      let ownX = (index % runs) * ${run};
      let x0 = min(ownX, outWidth - ${run});
      var rest = index / runs;
      let ownY = (rest % bands) * ${height};
      let y0 = min(ownY, outHeight - ${height});
      rest = rest / bands;
      let channel0 = (rest % blocks) * ${CHANNELS};
      rest = rest / blocks;
      let row = rest % uniforms.rows;
      let lane = rest / uniforms.rows;
      if (lane >= uniforms.lanes) { return; }
      let plane = uniforms.frameHeight * frameWidth;
      // Past the edge the last channel is computed again and not written.
      let channels = min(channel0 + vec4<i32>(0, 1, 2, 3), vec4<i32>(uniforms.outChannels - 1));
      let tapStep = uniforms.tapStep;
      var first = lane * uniforms.filterLane + uniforms.firstTap + channels * uniforms.outStride;
      var start = lane * uniforms.inputLane + row * uniforms.inChannels * plane + y0 * ${stride} * frameWidth + x0 * ${stride};
      ${count(height)
        .map((y) =>
          count(run)
            .map((x) => `var c${y}_${x} = vec4<f32>(0.0);`)
            .join(' '),
        )
        .join('\n      ')}
      for (var i = 0; i < uniforms.inChannels; i = i + 1) {
        var w = first;
        ${count(side * side)
          .map((tap) => `let f${tap} = vec4<f32>(W[w.x], W[w.y], W[w.z], W[w.w]); w = w + tapStep;`)
          .join('\n        ')}
        var at = start;
        ${count((height - 1) * stride + side)
          .map((r) => {
            const done = (r - side + 1) / stride
            const sums =
              !Number.isInteger(done) || done < 0
                ? ''
                : count(run)
                    .map((x) => `c${done}_${x} = c${done}_${x} + (${taps(done, x)});`)
                    .join('\n        ')
            return `${segment.map((x) => `let a${r}_${x} = A[at + ${x}];`).join(' ')} at = at + frameWidth;
        ${sums}`
          })
          .join('\n        ')}
        start = start + plane;
        first = first + uniforms.inStride;
      }
      // Written out, without an array: indexing one costs a software adapter more than all the products.
      for (var o = 0; o < ${CHANNELS}; o = o + 1) {
        let channel = channel0 + o;
        if (channel >= uniforms.outChannels) { break; }
        var to = (((lane * uniforms.rows + row) * uniforms.outChannels + channel) * outHeight + y0) * outWidth + x0;
        ${withBias ? 'let bias = uniforms.biasScale * V[lane * uniforms.biasLane + channel];' : ''}
        ${count(height)
          .map(
            (y) =>
              `if (y0 + ${y} >= ownY) { ${count(run)
                .map(
                  (x) =>
                    `if (x0 + ${x} >= ownX) { result[to + ${x}] = uniforms.scale * c${y}_${x}[o]${bias}${withBase ? ` + Base[to + ${x}]` : ''}; }`,
                )
                .join(' ')} } to = to + outWidth;`,
          )
          .join('\n        ')}
      }`,
  }
}
