// How much should each tap of a filter change? The delta of an output channel against the shifted input, summed.
//
// A thread owns the taps of four output channels and two input channels and walks along the rows of the images in runs, so
// that every number loaded meets many others. Samples are summed in chunks by different threads, the chunks by a second kernel, in a
// fixed order: no atomics, the same bits on every run. A chunk of one sample gives the gradient of that sample.
import { dispose, type Tensor, type Tensor3D } from '@tensorflow/tfjs-core'
import { tileExtent, type CorrelationShape } from './correlate.ts'
import { runKernel, type Kernel, type Place } from './kernel.ts'

const UNIFORMS = {
  lanes: 'i32',
  rows: 'i32',
  chunkRows: 'i32',
  inChannels: 'i32',
  outChannels: 'i32',
  firstOut: 'i32',
  outs: 'i32',
  frameHeight: 'i32',
  frameWidth: 'i32',
  outHeight: 'i32',
  outWidth: 'i32',
  inputLane: 'i32',
  deltaLane: 'i32',
} as const

const CHANNELS = 4
/** Input channels that a thread holds, so that a delta once loaded meets the taps of all. */
const INPUTS = 2
/** Positions along a row whose products are summed before they meet the sums so far. */
const LONGEST_RUN = 8
/** Rows of taps that a thread holds: all of a small filter, one of a large one. */
const tapRows = (side: number) => (side <= 3 ? side : 1)
/** Threads that keep an adapter busy; more chunks than that only cost sums. */
const ENOUGH_THREADS = 2048

/**
 * [lanes, outChannels, inChannels * kernel^2] times scale (+ addTo), from frames [lanes, n, ...] and deltas [lanes, n, ...].
 *
 * @param options `into` as for `product`.
 */
export function filterGradient(
  frames: Tensor3D,
  delta: Tensor3D,
  shape: CorrelationShape,
  scale: number,
  options: { readonly addTo?: Tensor3D; readonly into?: Place } = {},
): Tensor3D {
  const { addTo, into } = options
  const rows = delta.shape[1]
  const { inChannels, outChannels, kernel } = shape
  const perChunk = Math.ceil(outChannels / CHANNELS) * Math.ceil(inChannels / INPUTS) * (kernel / tapRows(kernel))
  const chunkRows = Math.ceil(rows / Math.max(1, Math.min(rows, Math.ceil(ENOUGH_THREADS / perChunk))))
  const partial = partialGradients(frames, delta, shape, chunkRows, 0, outChannels)
  const [lanes, chunks, entries] = partial.shape
  const inputs: Tensor[] = addTo === undefined ? [partial] : [partial, addTo]
  const uniforms = { chunks, entries, to: into?.offset ?? 0, scale }
  const size = [lanes, outChannels, entries / outChannels]
  const sum = runKernel(addTo === undefined ? SUM : SUM_ONTO, inputs, size, uniforms, into?.tensor)
  dispose(partial)
  return sum as Tensor3D
}

/**
 * [lanes, chunks, outs * inChannels * kernel^2]: gradients of chunks of rows, for the output channels from `firstOut` on.
 *
 * @param chunkRows rows of a chunk; 1 for single samples.
 */
export function partialGradients(
  frames: Tensor3D,
  delta: Tensor3D,
  shape: CorrelationShape,
  chunkRows: number,
  firstOut: number,
  outs: number,
): Tensor3D {
  const { inChannels, outChannels, kernel, stride, frameHeight, frameWidth, outHeight, outWidth } = shape
  const lanes = Math.max(frames.shape[0], delta.shape[0])
  const rows = delta.shape[1]
  const chunks = Math.ceil(rows / chunkRows)
  const uniforms = {
    lanes,
    rows,
    chunkRows,
    inChannels,
    outChannels,
    firstOut,
    outs,
    frameHeight,
    frameWidth,
    outHeight,
    outWidth,
    inputLane: frames.shape[0] === 1 ? 0 : frames.size / frames.shape[0],
    deltaLane: delta.shape[0] === 1 ? 0 : delta.size / delta.shape[0],
  }
  const threads = lanes * chunks * Math.ceil(outs / CHANNELS) * Math.ceil(inChannels / INPUTS) * (kernel / tapRows(kernel))
  const run = tileExtent(outWidth, LONGEST_RUN)
  const size = [lanes, chunks, outs * inChannels * kernel * kernel]
  return runKernel(kernelOf(kernel, stride, run, outWidth % run > 0), [frames, delta], size, uniforms, undefined, threads) as Tensor3D
}

const count = (length: number): number[] => Array.from({ length }, (_, index) => index)

function kernelOf(side: number, stride: number, run: number, overlaps: boolean): Kernel<keyof typeof UNIFORMS> {
  const held = tapRows(side)
  const parts = side / held
  const each = (text: (i: number, r: number, k: number) => string) =>
    count(INPUTS)
      .map((i) =>
        count(held)
          .map((r) =>
            count(side)
              .map((k) => text(i, r, k))
              .join(' '),
          )
          .join('\n'),
      )
      .join('\n')
  const products = (k: number) =>
    count(run)
      .map((x) => `a${x * stride + k} * d${x}`)
      .join(' + ')
  return {
    name: `filterGradient_${side}_${stride}_${run}${overlaps ? '_overlaps' : ''}`,
    shape: 'blocks',
    inputs: ['A', 'D'],
    uniforms: UNIFORMS,
    body: `
      let inChannels = uniforms.inChannels;
      let outWidth = uniforms.outWidth;
      let frameWidth = uniforms.frameWidth;
      let blocks = (uniforms.outs + ${CHANNELS - 1}) / ${CHANNELS};
      let inputBlocks = (inChannels + ${INPUTS - 1}) / ${INPUTS};
      let chunks = (uniforms.rows + uniforms.chunkRows - 1) / uniforms.chunkRows;
      let part = index % ${parts};
      var rest = index / ${parts};
      let input0 = (rest % inputBlocks) * ${INPUTS};
      rest = rest / inputBlocks;
      let out0 = (rest % blocks) * ${CHANNELS};
      rest = rest / blocks;
      let chunk = rest % chunks;
      let lane = rest / chunks;
      if (lane >= uniforms.lanes) { return; }
      let plane = uniforms.frameHeight * frameWidth;
      let positions = uniforms.outHeight * outWidth;
      // Past the edge the last channel is computed again and not written.
      let outs = uniforms.firstOut + min(out0 + vec4<i32>(0, 1, 2, 3), vec4<i32>(uniforms.outs - 1));
      ${each((i, r, k) => `var g${i}_${r}_${k} = vec4<f32>(0.0);`)}
      let end = min((chunk + 1) * uniforms.chunkRows, uniforms.rows);
      for (var row = chunk * uniforms.chunkRows; row < end; row = row + 1) {
        var d = lane * uniforms.deltaLane + row * uniforms.outChannels * positions + outs * positions;
        let image = lane * uniforms.inputLane + row * inChannels * plane + part * ${held} * frameWidth;
        ${count(INPUTS)
          .map((i) => `var start${i} = image + min(input0 + ${i}, inChannels - 1) * plane;`)
          .join(' ')}
        for (var y = 0; y < uniforms.outHeight; y = y + 1) {
          for (var ownX = 0; ownX < outWidth; ownX = ownX + ${run}) {
            ${overlaps ? `// The last run is moved back onto the row; what it shares with the one before counts there.\n            let x0 = min(ownX, outWidth - ${run});` : 'let x0 = ownX;'}
            ${count(run)
              .map((x) => {
                const loaded = `vec4<f32>(D[d.x + x0 + ${x}], D[d.y + x0 + ${x}], D[d.z + x0 + ${x}], D[d.w + x0 + ${x}])`
                return `let d${x} = ${overlaps ? `select(vec4<f32>(0.0), ${loaded}, x0 + ${x} >= ownX)` : loaded};`
              })
              .join('\n            ')}
            ${count(INPUTS)
              .map((i) =>
                count(held)
                  .map(
                    (r) => `{
              let at = start${i} + ${r} * frameWidth + x0 * ${stride};
              ${count((run - 1) * stride + side)
                .map((x) => `let a${x} = A[at + ${x}];`)
                .join(' ')}
              ${count(side)
                .map((k) => `g${i}_${r}_${k} = g${i}_${r}_${k} + (${products(k)});`)
                .join('\n              ')}
            }`,
                  )
                  .join('\n            '),
              )
              .join('\n            ')}
          }
          d = d + outWidth;
          ${count(INPUTS)
            .map((i) => `start${i} = start${i} + ${stride} * frameWidth;`)
            .join(' ')}
        }
      }
      for (var o = 0; o < ${CHANNELS}; o = o + 1) {
        if (out0 + o >= uniforms.outs) { break; }
        let to = (((lane * chunks + chunk) * uniforms.outs + out0 + o) * inChannels + input0) * ${side * side} + part * ${held * side};
        ${count(INPUTS)
          .map(
            (i) => `if (input0 + ${i} < inChannels) {
          ${count(held)
            .map((r) =>
              count(side)
                .map((k) => `result[to + ${(i * side + r) * side + k}] = g${i}_${r}_${k}[o];`)
                .join(' '),
            )
            .join('\n          ')}
        }`,
          )
          .join('\n        ')}
      }`,
  }
}

const SUM_UNIFORMS = { chunks: 'i32', entries: 'i32', to: 'i32', scale: 'f32' } as const
const SUM_BODY = `
    var at = (index / uniforms.entries) * uniforms.chunks * uniforms.entries + index % uniforms.entries;
    var sum = 0.0;
    for (var chunk = 0; chunk < uniforms.chunks; chunk = chunk + 1) {
      sum = sum + G[at];
      at = at + uniforms.entries;
    }`

const SUM: Kernel<keyof typeof SUM_UNIFORMS> = {
  name: 'sumOfChunks',
  shape: 'elementwise',
  inputs: ['G'],
  uniforms: SUM_UNIFORMS,
  body: `${SUM_BODY} result[uniforms.to + index] = uniforms.scale * sum;`,
}

const SUM_ONTO: Kernel<keyof typeof SUM_UNIFORMS> = {
  name: 'sumOfChunksOnto',
  shape: 'elementwise',
  inputs: ['G', 'Base'],
  uniforms: SUM_UNIFORMS,
  body: `${SUM_BODY} result[uniforms.to + index] = uniforms.scale * sum + Base[index];`,
}
