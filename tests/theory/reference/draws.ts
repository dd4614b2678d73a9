// Weights, matrices and plain linear algebra for the tests of the closed forms: obvious loops, nothing shared with the product.
import type { RandomStream } from '../../../src/core/random.ts'

export type Matrix = readonly Float64Array[]

export function uniforms(stream: RandomStream, count: number, tau: number): Float64Array {
  const values = new Float64Array(count)
  for (let i = 0; i < count; i++) values[i] = tau * (2 * stream.uniform() - 1)
  return values
}

export function normals(stream: RandomStream, count: number, deviation = 1): Float64Array {
  const values = new Float64Array(count)
  for (let i = 0; i < count; i++) values[i] = deviation * stream.normal()
  return values
}

/** rows x columns, entries from `entry`. */
export function matrixOf(rows: number, columns: number, entry: () => number): Matrix {
  const matrix: Float64Array[] = []
  for (let i = 0; i < rows; i++) {
    const row = new Float64Array(columns)
    for (let j = 0; j < columns; j++) row[j] = entry()
    matrix.push(row)
  }
  return matrix
}

export function apply(matrix: Matrix, vector: ArrayLike<number>): Float64Array {
  const result = new Float64Array(matrix.length)
  for (let i = 0; i < matrix.length; i++) result[i] = dot(matrix[i], vector)
  return result
}

export function applyTransposed(matrix: Matrix, vector: ArrayLike<number>): Float64Array {
  const result = new Float64Array(matrix[0].length)
  matrix.forEach((row, i) => row.forEach((value, j) => (result[j] += value * vector[i])))
  return result
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

/** A random orthogonal matrix by Gram and Schmidt. */
export function orthogonal(stream: RandomStream, n: number): Matrix {
  const rows: Float64Array[] = []
  for (let i = 0; i < n; i++) {
    const row = normals(stream, n)
    for (let pass = 0; pass < 2; pass++) {
      for (const other of rows) {
        const share = dot(row, other)
        other.forEach((value, j) => (row[j] -= share * value))
      }
    }
    const length = Math.sqrt(dot(row, row))
    rows.push(row.map((value) => value / length))
  }
  return rows
}

/** Gradients of the loss mean 1/2 |f - y|^2 of a linear network by plain backpropagation; per layer W then b. */
export function linearGradients(weights: readonly Matrix[], inputs: readonly ArrayLike<number>[], targets: readonly ArrayLike<number>[]) {
  const n = inputs.length
  const sums = weights.map((w) => ({ weights: w.map((row) => new Float64Array(row.length)), bias: new Float64Array(w.length) }))
  inputs.forEach((x, i) => {
    const activations: ArrayLike<number>[] = [x]
    for (const w of weights) activations.push(apply(w, activations[activations.length - 1]))
    const output = activations[activations.length - 1]
    let delta: Float64Array = Float64Array.from(targets[i], (y, c) => (output[c] - y) / n)
    for (let k = weights.length - 1; k >= 0; k--) {
      delta.forEach((d, a) => {
        sums[k].bias[a] += d
        for (let b = 0; b < activations[k].length; b++) sums[k].weights[a][b] += d * activations[k][b]
      })
      delta = applyTransposed(weights[k], delta)
    }
  })
  return sums
}

export function squareSum(matrix: Matrix): number {
  return matrix.reduce((sum, row) => sum + dot(row, row), 0)
}
