// Which function shall a student network learn? One that a network of known shape computes exactly, on Gaussian inputs.
//
// Both teachers are scaled so that every output has mean square exactly 1 over inputs N(0, I): losses of different d
// can then be compared, and the loss of "predict 0" is 1/2 per output.
import { DomainFault } from '../core/faults.ts'
import type { RandomStream } from '../core/random.ts'

/** A fixed function from `inputs` to `outputs` numbers. */
export interface Teacher {
  readonly inputs: number
  readonly outputs: number
  /** Writes f(x) of the row that starts at `xAt` to `out` from `outAt` on. */
  apply(x: Float32Array, xAt: number, out: Float64Array, outAt: number): void
}

/** Rows of one regression split in float64 arithmetic, rounded once to float32. */
export interface RegressionRows {
  /** [count, inputs] row-major. */
  readonly inputs: Float32Array
  /** [count, outputs] row-major. */
  readonly targets: Float32Array
}

/**
 * A random one-hidden-layer relu network of width d = inputs without bias: f = V relu(W x).
 *
 * W entries ~ N(0, 1/d), V entries ~ N(0, 2/d); E f_k(x)^2 = 1 over weights and inputs.
 * Source: VC section 5 (setting of its Figure 4; the scale is ours, the paper states none).
 *
 * @throws {DomainFault} when inputs or outputs is not a positive whole number.
 */
export function drawTeacher(inputs: number, outputs: number, stream: RandomStream): Teacher {
  demandPositive(inputs, outputs)
  const hidden = drawNormal(inputs * inputs, Math.sqrt(1 / inputs), stream)
  const output = drawNormal(outputs * inputs, Math.sqrt(2 / inputs), stream)
  const row = new Float64Array(inputs)
  const active = new Float64Array(inputs)
  return {
    inputs,
    outputs,
    apply(x, xAt, out, outAt) {
      for (let i = 0; i < inputs; i++) row[i] = x[xAt + i]
      multiply(hidden, inputs, row, active, 0)
      for (let i = 0; i < inputs; i++) active[i] = Math.max(0, active[i])
      multiply(output, outputs, active, out, outAt)
    },
  }
}

/**
 * A random linear map f = W x with entries ~ N(0, 1/d); E f_k(x)^2 = 1.
 *
 * Source: LB, the linear teacher of its synthetic data (there N(0, 1), without the 1/d).
 *
 * @throws {DomainFault} when inputs or outputs is not a positive whole number.
 */
export function drawLinearTeacher(inputs: number, outputs: number, stream: RandomStream): Teacher {
  demandPositive(inputs, outputs)
  const map = drawNormal(outputs * inputs, Math.sqrt(1 / inputs), stream)
  const row = new Float64Array(inputs)
  return {
    inputs,
    outputs,
    apply(x, xAt, out, outAt) {
      for (let i = 0; i < inputs; i++) row[i] = x[xAt + i]
      multiply(map, outputs, row, out, outAt)
    },
  }
}

// Multiply-adds between two pauses: about 15 ms, so that a Worker still answers while 10 000 wide rows are made.
const SLICE_COST = 2 ** 23

/**
 * `count` inputs x ~ N(0, I) with targets teacher(x) + N(0, noise^2).
 *
 * Inputs are rounded to float32 before the teacher sees them, so that the targets belong to the inputs as stored.
 * Row k takes its numbers before row k + 1: a smaller count gives a prefix of a larger one. The noise numbers are
 * drawn at noise 0 too, so that the inputs do not depend on it.
 *
 * @throws the signal's reason when aborted.
 */
export async function teacherRows(
  teacher: Teacher,
  count: number,
  noise: number,
  stream: RandomStream,
  signal?: AbortSignal,
): Promise<RegressionRows> {
  const inputs = new Float32Array(count * teacher.inputs)
  const targets = new Float32Array(count * teacher.outputs)
  const exact = new Float64Array(teacher.outputs)
  const sliceRows = Math.ceil(SLICE_COST / (teacher.inputs * (teacher.inputs + teacher.outputs)))
  for (let row = 0; row < count; row++) {
    if (row > 0 && row % sliceRows === 0) {
      await new Promise((resolve) => setTimeout(resolve, 0))
      signal?.throwIfAborted()
    }
    const at = row * teacher.inputs
    for (let i = 0; i < teacher.inputs; i++) inputs[at + i] = stream.normal()
    teacher.apply(inputs, at, exact, 0)
    for (let k = 0; k < teacher.outputs; k++) targets[row * teacher.outputs + k] = exact[k] + noise * stream.normal()
  }
  return { inputs, targets }
}

/**
 * Writes matrix x to `out`; matrix is [rows, x.length] row-major.
 *
 * Four rows at a time: one chain of additions waits for itself, four keep the processor busy (3 times faster), and each
 * row is still summed from left to right.
 */
function multiply(matrix: Float64Array, rows: number, x: Float64Array, out: Float64Array, outAt: number): void {
  const width = x.length
  let row = 0
  for (; row + 4 <= rows; row += 4) {
    const first = row * width
    let [a, b, c, d] = [0, 0, 0, 0]
    for (let i = 0; i < width; i++) {
      const value = x[i]
      a += matrix[first + i] * value
      b += matrix[first + width + i] * value
      c += matrix[first + 2 * width + i] * value
      d += matrix[first + 3 * width + i] * value
    }
    out[outAt + row] = a
    out[outAt + row + 1] = b
    out[outAt + row + 2] = c
    out[outAt + row + 3] = d
  }
  for (; row < rows; row++) {
    let sum = 0
    for (let i = 0; i < width; i++) sum += matrix[row * width + i] * x[i]
    out[outAt + row] = sum
  }
}

function drawNormal(count: number, deviation: number, stream: RandomStream): Float64Array {
  return Float64Array.from({ length: count }, () => deviation * stream.normal())
}

function demandPositive(inputs: number, outputs: number): void {
  for (const [name, value] of [
    ['inputs', inputs],
    ['outputs', outputs],
  ] as const) {
    if (!Number.isInteger(value) || value < 1) throw new DomainFault(`drawTeacher: ${name} is ${value}, expected a whole number from 1`)
  }
}
