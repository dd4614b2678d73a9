// The three products of a dense layer, over rows of a batch.
//
// Four terms at a time, because plain triple loops wait for memory; the order of every sum depends on the shapes alone,
// so the same numbers come out for one network and for each of an ensemble. All matrices are row-major.

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
  const whole = out - (out % 4)
  for (let i = 0; i < n; i++) {
    const row = i * width
    for (let o = 0; o < whole; o += 4) {
      let at = o * width
      let s0 = 0
      let s1 = 0
      let s2 = 0
      let s3 = 0
      for (let k = row; k < row + width; k++, at++) {
        const x = a[k]
        s0 += x * b[at]
        s1 += x * b[at + width]
        s2 += x * b[at + 2 * width]
        s3 += x * b[at + 3 * width]
      }
      const to = i * out + o
      into[to] = (add ? into[to] : 0) + scale * s0
      into[to + 1] = (add ? into[to + 1] : 0) + scale * s1
      into[to + 2] = (add ? into[to + 2] : 0) + scale * s2
      into[to + 3] = (add ? into[to + 3] : 0) + scale * s3
    }
    for (let o = whole; o < out; o++) {
      let sum = 0
      for (let k = 0; k < width; k++) sum += a[row + k] * b[o * width + k]
      into[i * out + o] = (add ? into[i * out + o] : 0) + scale * sum
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
  const whole = out - (out % 4)
  for (let i = 0; i < n; i++) {
    const end = (i + 1) * width
    for (let o = 0; o < whole; o += 4) {
      const from = i * out + o
      addFourRows(into, i * width, end, scale * a[from], scale * a[from + 1], scale * a[from + 2], scale * a[from + 3], b, o * width, width)
    }
    for (let o = whole; o < out; o++) {
      const factor = scale * a[i * out + o]
      for (let k = 0; k < width; k++) into[i * width + k] += factor * b[o * width + k]
    }
  }
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
  const whole = n - (n % 4)
  for (let o = 0; o < out; o++) {
    const end = (o + 1) * width
    for (let i = 0; i < whole; i += 4) {
      const from = i * out + o
      addFourRows(into, o * width, end, scale * a[from], scale * a[from + out], scale * a[from + 2 * out], scale * a[from + 3 * out], b, i * width, width)
    }
    for (let i = whole; i < n; i++) {
      const factor = scale * a[i * out + o]
      for (let k = 0; k < width; k++) into[o * width + k] += factor * b[i * width + k]
    }
  }
}

/** into[start .. end) += f0 r0 + f1 r1 + f2 r2 + f3 r3, the r being consecutive rows of `rows` from `at`. */
function addFourRows(
  into: Float64Array,
  start: number,
  end: number,
  f0: number,
  f1: number,
  f2: number,
  f3: number,
  rows: Float64Array,
  at: number,
  width: number,
): void {
  let from = at
  for (let to = start; to < end; to++, from++) {
    into[to] += f0 * rows[from] + f1 * rows[from + width] + (f2 * rows[from + 2 * width] + f3 * rows[from + 3 * width])
  }
}
