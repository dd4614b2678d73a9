// The three products of a dense layer, over rows of a batch. All matrices are row-major.
//
// Sums run over the inner index in order and sit in registers for tiles of 2 x 4 results: plain triple loops spend
// their time on memory (2.3 times slower). Tiles change no sum, so every result has the bits of the plain loop.

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
  const wholeRows = n - (n % 2)
  const wholeColumns = out - (out % 4)
  for (let i = 0; i < wholeRows; i += 2) {
    const a0 = i * width
    const a1 = a0 + width
    for (let o = 0; o < wholeColumns; o += 4) {
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
      for (let k = 0; k < width; k++) {
        const x = a[a0 + k]
        const y = a[a1 + k]
        s0 += x * b[b0 + k]
        t0 += y * b[b0 + k]
        s1 += x * b[b1 + k]
        t1 += y * b[b1 + k]
        s2 += x * b[b2 + k]
        t2 += y * b[b2 + k]
        s3 += x * b[b3 + k]
        t3 += y * b[b3 + k]
      }
      addTile(into, i * out + o, out, scale, s0, s1, s2, s3, t0, t1, t2, t3)
    }
  }
  for (let i = 0; i < n; i++) {
    for (let o = i < wholeRows ? wholeColumns : 0; o < out; o++) {
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

/** into [out, width] += scale * a[n, out]^T b [n, width]. */
export function addTransposedTimes(
  a: Float64Array,
  b: Float64Array,
  n: number,
  out: number,
  width: number,
  scale: number,
  into: Float64Array,
): void {
  addProduct(a, 1, out, b, out, n, width, scale, into)
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
  const wholeRows = rows - (rows % 2)
  const wholeColumns = width - (width % 4)
  for (let p = 0; p < wholeRows; p += 2) {
    for (let k = 0; k < wholeColumns; k += 4) {
      let s0 = 0
      let s1 = 0
      let s2 = 0
      let s3 = 0
      let t0 = 0
      let t1 = 0
      let t2 = 0
      let t3 = 0
      let at = p * rowStride
      for (let bt = k; bt < inner * width; bt += width) {
        const x = a[at]
        const y = a[at + rowStride]
        s0 += x * b[bt]
        t0 += y * b[bt]
        s1 += x * b[bt + 1]
        t1 += y * b[bt + 1]
        s2 += x * b[bt + 2]
        t2 += y * b[bt + 2]
        s3 += x * b[bt + 3]
        t3 += y * b[bt + 3]
        at += innerStride
      }
      addTile(into, p * width + k, width, scale, s0, s1, s2, s3, t0, t1, t2, t3)
    }
  }
  for (let p = 0; p < rows; p++) {
    for (let k = p < wholeRows ? wholeColumns : 0; k < width; k++) {
      let sum = 0
      for (let t = 0; t < inner; t++) sum += a[p * rowStride + t * innerStride] * b[t * width + k]
      into[p * width + k] += scale * sum
    }
  }
}

/** Two rows of four results, `stride` apart. */
function addTile(
  into: Float64Array,
  at: number,
  stride: number,
  scale: number,
  s0: number,
  s1: number,
  s2: number,
  s3: number,
  t0: number,
  t1: number,
  t2: number,
  t3: number,
): void {
  into[at] += scale * s0
  into[at + 1] += scale * s1
  into[at + 2] += scale * s2
  into[at + 3] += scale * s3
  into[at + stride] += scale * t0
  into[at + stride + 1] += scale * t1
  into[at + stride + 2] += scale * t2
  into[at + stride + 3] += scale * t3
}
