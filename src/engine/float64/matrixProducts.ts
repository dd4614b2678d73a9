// The three products of a dense layer, over rows of a batch. All matrices are row-major.
//
// Sums run over the inner index in order and sit in registers for tiles of 4 x 4 results: plain triple loops spend
// their time on memory (three times slower). Tiles change no sum, so every result has the bits of the plain loop.

/** Rows and columns of a tile. */
const TILE = 4

/** into [n, out] = scale * a [n, width] b[out, width]^T, added to what stands there when `add`. */
export function timesTransposed(
  a: Float64Array,
  b: Float64Array,
  n: number,
  width: number,
  out: number,
  scale: number,
  into: Float64Array,
  add: boolean,
): void {
  if (!add) into.fill(0, 0, n * out)
  const wholeRows = n - (n % TILE)
  const wholeColumns = out - (out % TILE)
  for (let i = 0; i < wholeRows; i += TILE) {
    const a0 = i * width
    const a1 = a0 + width
    const a2 = a1 + width
    const a3 = a2 + width
    for (let o = 0; o < wholeColumns; o += TILE) {
      const b0 = o * width
      const b1 = b0 + width
      const b2 = b1 + width
      const b3 = b2 + width
      let s0 = 0
      let s1 = 0
      let s2 = 0
      let s3 = 0
      let t0 = 0
      let t1 = 0
      let t2 = 0
      let t3 = 0
      let u0 = 0
      let u1 = 0
      let u2 = 0
      let u3 = 0
      let v0 = 0
      let v1 = 0
      let v2 = 0
      let v3 = 0
      for (let k = 0; k < width; k++) {
        const x = a[a0 + k]
        const y = a[a1 + k]
        const z = a[a2 + k]
        const w = a[a3 + k]
        let c = b[b0 + k]
        s0 += x * c
        t0 += y * c
        u0 += z * c
        v0 += w * c
        c = b[b1 + k]
        s1 += x * c
        t1 += y * c
        u1 += z * c
        v1 += w * c
        c = b[b2 + k]
        s2 += x * c
        t2 += y * c
        u2 += z * c
        v2 += w * c
        c = b[b3 + k]
        s3 += x * c
        t3 += y * c
        u3 += z * c
        v3 += w * c
      }
      const at = i * out + o
      addFour(into, at, scale, s0, s1, s2, s3)
      addFour(into, at + out, scale, t0, t1, t2, t3)
      addFour(into, at + 2 * out, scale, u0, u1, u2, u3)
      addFour(into, at + 3 * out, scale, v0, v1, v2, v3)
    }
  }
  for (let i = wholeRows; i < n; i++) {
    const a0 = i * width
    for (let o = 0; o < wholeColumns; o += TILE) {
      const b0 = o * width
      const b1 = b0 + width
      const b2 = b1 + width
      const b3 = b2 + width
      let s0 = 0
      let s1 = 0
      let s2 = 0
      let s3 = 0
      for (let k = 0; k < width; k++) {
        const x = a[a0 + k]
        s0 += x * b[b0 + k]
        s1 += x * b[b1 + k]
        s2 += x * b[b2 + k]
        s3 += x * b[b3 + k]
      }
      addFour(into, i * out + o, scale, s0, s1, s2, s3)
    }
  }
  for (let i = 0; i < n; i++) {
    for (let o = wholeColumns; o < out; o++) {
      let sum = 0
      for (let k = 0; k < width; k++) sum += a[i * width + k] * b[o * width + k]
      into[i * out + o] += scale * sum
    }
  }
}

/** into [n, width] = scale * a [n, out] b [out, width], added to what stands there when `add`. */
export function times(
  a: Float64Array,
  b: Float64Array,
  n: number,
  out: number,
  width: number,
  scale: number,
  into: Float64Array,
  add: boolean,
): void {
  if (!add) into.fill(0, 0, n * width)
  addProduct(a, out, 1, b, n, out, width, scale, into)
}

/** into [out, width] += scale * a[n, out]^T b [n, width]; of the rows of `into` only `count` from `first` on. */
export function addTransposedTimes(
  a: Float64Array,
  b: Float64Array,
  n: number,
  out: number,
  width: number,
  scale: number,
  into: Float64Array,
  first = 0,
  count = out,
): void {
  const isAll = first === 0 && count === out
  addProduct(isAll ? a : a.subarray(first), 1, out, b, count, n, width, scale, isAll ? into : into.subarray(first * width))
}

/** into [rows, width] += scale * A b, b [inner, width], A entry (p, t) at a[p * rowStride + t * innerStride]. */
function addProduct(
  a: Float64Array,
  rowStride: number,
  innerStride: number,
  b: Float64Array,
  rows: number,
  inner: number,
  width: number,
  scale: number,
  into: Float64Array,
): void {
  const wholeRows = rows - (rows % TILE)
  const wholeColumns = width - (width % TILE)
  const end = inner * width
  for (let p = 0; p < wholeRows; p += TILE) {
    for (let k = 0; k < wholeColumns; k += TILE) {
      let s0 = 0
      let s1 = 0
      let s2 = 0
      let s3 = 0
      let t0 = 0
      let t1 = 0
      let t2 = 0
      let t3 = 0
      let u0 = 0
      let u1 = 0
      let u2 = 0
      let u3 = 0
      let v0 = 0
      let v1 = 0
      let v2 = 0
      let v3 = 0
      let at = p * rowStride
      for (let bt = k; bt < end; bt += width) {
        const x = a[at]
        const y = a[at + rowStride]
        const z = a[at + 2 * rowStride]
        const w = a[at + 3 * rowStride]
        let c = b[bt]
        s0 += x * c
        t0 += y * c
        u0 += z * c
        v0 += w * c
        c = b[bt + 1]
        s1 += x * c
        t1 += y * c
        u1 += z * c
        v1 += w * c
        c = b[bt + 2]
        s2 += x * c
        t2 += y * c
        u2 += z * c
        v2 += w * c
        c = b[bt + 3]
        s3 += x * c
        t3 += y * c
        u3 += z * c
        v3 += w * c
        at += innerStride
      }
      const to = p * width + k
      addFour(into, to, scale, s0, s1, s2, s3)
      addFour(into, to + width, scale, t0, t1, t2, t3)
      addFour(into, to + 2 * width, scale, u0, u1, u2, u3)
      addFour(into, to + 3 * width, scale, v0, v1, v2, v3)
    }
  }
  for (let p = wholeRows; p < rows; p++) {
    for (let k = 0; k < wholeColumns; k += TILE) {
      let s0 = 0
      let s1 = 0
      let s2 = 0
      let s3 = 0
      let at = p * rowStride
      for (let bt = k; bt < end; bt += width) {
        const x = a[at]
        s0 += x * b[bt]
        s1 += x * b[bt + 1]
        s2 += x * b[bt + 2]
        s3 += x * b[bt + 3]
        at += innerStride
      }
      addFour(into, p * width + k, scale, s0, s1, s2, s3)
    }
  }
  for (let p = 0; p < rows; p++) {
    for (let k = wholeColumns; k < width; k++) {
      let sum = 0
      for (let t = 0; t < inner; t++) sum += a[p * rowStride + t * innerStride] * b[t * width + k]
      into[p * width + k] += scale * sum
    }
  }
}

/** Four results of a row. */
function addFour(into: Float64Array, at: number, scale: number, s0: number, s1: number, s2: number, s3: number): void {
  into[at] += scale * s0
  into[at + 1] += scale * s1
  into[at + 2] += scale * s2
  into[at + 3] += scale * s3
}
