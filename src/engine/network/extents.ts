// How large are the entries of an array, whatever its size? Maximum and norms relative to that maximum.
//
// The square of a float32 gradient underflows below 1e-19, so entries are divided by a power of two next to their
// maximum before they are squared (as nrm2 does). All arrays of a pass write into one table: one readback.
import type { Tensor } from '@tensorflow/tfjs-core'
import { runKernel, workgroupReduce, type Kernel } from './kernel.ts'

/** What one array holds; all stored numbers, without the exponent of a range plan. */
export interface Extent {
  readonly largest: number
  /** Sums over entries of (x / 2^exponent)^2 and |x| / 2^exponent. */
  readonly squares: number
  readonly absolutes: number
  /** Power of two next below `largest`; 0 when all entries are 0. */
  readonly exponent: number
}

const COLUMNS = 4

const EXTENT: Kernel<'row' | 'count'> = {
  name: 'extent',
  shape: 'reduction',
  inputs: ['X'],
  uniforms: { row: 'i32', count: 'i32' },
  declarations: workgroupReduce('total', (a, b) => `${a} + ${b}`) + workgroupReduce('largest', (a, b) => `max(${a}, ${b})`),
  body: `
    var top = 0.0;
    for (var i = i32(localId.x); i < uniforms.count; i = i + 64) { top = max(top, abs(X[i])); }
    let m = largest(top);
    let e = select(0, i32((bitcast<u32>(m) >> 23u) & 255u) - 127, m > 0.0);
    let scale = bitcast<f32>(u32(clamp(-e, -126, 126) + 127) << 23u);
    var squares = 0.0;
    var absolutes = 0.0;
    for (var i = i32(localId.x); i < uniforms.count; i = i + 64) {
      let v = abs(X[i]) * scale;
      squares = squares + v * v;
      absolutes = absolutes + v;
    }
    let squareSum = total(squares);
    workgroupBarrier();
    let absoluteSum = total(absolutes);
    if (localId.x == 0u && entry == 0) {
      let base = uniforms.row * ${COLUMNS};
      result[base] = m;
      result[base + 1] = squareSum;
      result[base + 2] = absoluteSum;
      result[base + 3] = f32(clamp(e, -126, 126));
    }`,
}

/** Collects the extents of arrays, to be read in one go. */
export class ExtentTable {
  readonly table: Tensor
  private rows = 0

  /** @param capacity number of arrays; the table is the caller's to dispose. */
  constructor(capacity: number) {
    this.table = runKernel(CLEAR, [], [capacity * COLUMNS], {})
  }

  /** Measures `tensor` into the next row. */
  add(tensor: Tensor): void {
    runKernel(EXTENT, [tensor], [1], { row: this.rows++, count: tensor.size }, this.table)
  }
}

const CLEAR: Kernel<never> = { name: 'clear', shape: 'elementwise', inputs: [], uniforms: {}, body: 'result[index] = 0.0;' }

/** Rows of a table that was read back. */
export function extentsOf(values: Float32Array): Extent[] {
  return Array.from({ length: values.length / COLUMNS }, (_, row) => {
    const [largest, squares, absolutes, exponent] = values.subarray(row * COLUMNS)
    return { largest, squares, absolutes, exponent }
  })
}
