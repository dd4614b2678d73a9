// What does a linear network see of its data? Five numbers, whatever the size of the set.
//
// Here and not beside the closed forms, because the run has the data and the page has the theory: these numbers travel.
import { ShapeFault } from './faults.ts'

/** Moments of n samples, S = mean x x^T, C = mean y x^T. */
export interface DataMoments {
  /** tr S = mean |x|^2. */
  readonly traceS: number
  /** tr S^2 = mean over pairs of <x_i, x_j>^2. */
  readonly traceSS: number
  /** |C|_F^2 = mean over pairs of <x_i, x_j><y_i, y_j>. */
  readonly crossSquare: number
  /** |mean x|^2 and |mean y|^2, for the biases. */
  readonly meanInputSquare: number
  readonly meanTargetSquare: number
}

/**
 * Data moments of n samples.
 *
 * @param inputs [n, inputWidth] row-major.
 * @param targets [n, outputWidth] row-major.
 * @throws {ShapeFault} when the lengths do not fit.
 */
export function dataMoments(
  inputs: ArrayLike<number>,
  targets: ArrayLike<number>,
  count: number,
  inputWidth: number,
  outputWidth: number,
): DataMoments {
  if (inputs.length !== count * inputWidth || targets.length !== count * outputWidth) {
    throw new ShapeFault(
      `dataMoments: got ${inputs.length} inputs and ${targets.length} targets, expected ${count * inputWidth} and ${count * outputWidth}`,
    )
  }
  let traceS = 0
  let traceSS = 0
  let crossSquare = 0
  let inputSum = 0
  let targetSum = 0
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      const x = innerProduct(inputs, i, j, inputWidth)
      const y = innerProduct(targets, i, j, outputWidth)
      const times = i === j ? 1 : 2
      if (i === j) traceS += x
      traceSS += times * x * x
      crossSquare += times * x * y
      inputSum += times * x
      targetSum += times * y
    }
  }
  const pairs = count * count
  return {
    traceS: traceS / count,
    traceSS: traceSS / pairs,
    crossSquare: crossSquare / pairs,
    meanInputSquare: inputSum / pairs,
    meanTargetSquare: targetSum / pairs,
  }
}

function innerProduct(rows: ArrayLike<number>, i: number, j: number, width: number): number {
  let sum = 0
  for (let k = 0; k < width; k++) sum += rows[i * width + k] * rows[j * width + k]
  return sum
}
