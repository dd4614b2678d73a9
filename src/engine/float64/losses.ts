// What does an output cost, and how does the cost change with it?
//
// Per-sample losses never carry the reduction; derivatives carry it as `share`, 1/n for a mean and 1 for a sum.
import type { LossSettings } from '../../core/experiment.ts'

/** One loss on rows of outputs f and targets y, both [n, c]. */
export interface LossFunction {
  /** into [n] losses. */
  values(outputs: Float64Array, targets: Float64Array, n: number, c: number, into: Float64Array): void
  /** into [n, c] share * d loss / d f. */
  delta(outputs: Float64Array, targets: Float64Array, n: number, c: number, share: number, into: Float64Array): void
  /** into [n, c] share * (d^2 loss / d f^2) tangent. */
  deltaTangent(
    outputs: Float64Array,
    targets: Float64Array,
    tangent: Float64Array,
    n: number,
    c: number,
    share: number,
    into: Float64Array,
  ): void
}

/** The loss of the settings, without its reduction. */
export function lossFunction(kind: LossSettings['kind']): LossFunction {
  switch (kind) {
    case 'squaredError':
      return squaredError
    case 'softmaxCrossEntropy':
      return softmaxCrossEntropy
    case 'logistic':
      return logistic
    default:
      return kind satisfies never
  }
}

/** What multiplies the sum over n samples. */
export function reductionShare(reduction: LossSettings['reduction'], n: number): number {
  return reduction === 'mean' ? 1 / n : 1
}

/** 1/2 |f - y|^2. */
const squaredError: LossFunction = {
  values(outputs, targets, n, c, into) {
    for (let i = 0; i < n; i++) {
      let sum = 0
      for (let j = i * c; j < (i + 1) * c; j++) sum += (outputs[j] - targets[j]) ** 2
      into[i] = 0.5 * sum
    }
  },
  delta(outputs, targets, n, c, share, into) {
    for (let j = 0; j < n * c; j++) into[j] = share * (outputs[j] - targets[j])
  },
  deltaTangent(_outputs, _targets, tangent, n, c, share, into) {
    for (let j = 0; j < n * c; j++) into[j] = share * tangent[j]
  },
}

/**
 * sum_j y_j (log sum_k exp f_k - f_j); any targets, one-hot for classes.
 *
 * Written by the largest output and the rest, so that losses and deltas of well learned samples keep their relative accuracy.
 */
const softmaxCrossEntropy: LossFunction = {
  values(outputs, targets, n, c, into) {
    for (let i = 0; i < n; i++) {
      const top = topOf(outputs, i * c, c)
      const largest = outputs[top]
      const tail = Math.log1p(restOf(outputs, i * c, c, top))
      let sum = 0
      for (let j = i * c; j < (i + 1) * c; j++) if (targets[j] !== 0) sum += targets[j] * (largest - outputs[j] + tail)
      // A row of only NaN has no label to show it.
      into[i] = Number.isNaN(tail) ? NaN : sum
    }
  },
  delta(outputs, targets, n, c, share, into) {
    for (let i = 0; i < n; i++) {
      const top = topOf(outputs, i * c, c)
      const rest = restOf(outputs, i * c, c, top)
      const mass = massOf(targets, i * c, c)
      for (let j = i * c; j < (i + 1) * c; j++) {
        const p = Math.exp(outputs[j] - outputs[top]) / (1 + rest)
        const others = j === top ? rest / (1 + rest) : 1 - p
        into[j] = share * (p * (mass - targets[j]) - others * targets[j])
      }
    }
  },
  deltaTangent(outputs, targets, tangent, n, c, share, into) {
    for (let i = 0; i < n; i++) {
      const top = topOf(outputs, i * c, c)
      const rest = restOf(outputs, i * c, c, top)
      const mass = massOf(targets, i * c, c)
      // Tangents relative to the largest output's: the softmax does not see a common shift, and nothing cancels.
      let mean = 0
      for (let j = i * c; j < (i + 1) * c; j++) {
        into[j] = Math.exp(outputs[j] - outputs[top]) / (1 + rest)
        mean += into[j] * (tangent[j] - tangent[top])
      }
      for (let j = i * c; j < (i + 1) * c; j++) into[j] *= share * mass * (tangent[j] - tangent[top] - mean)
    }
  },
}

/** sum_j log(1 + exp(-y_j f_j)), y = -1 or 1. */
const logistic: LossFunction = {
  values(outputs, targets, n, c, into) {
    for (let i = 0; i < n; i++) {
      let sum = 0
      for (let j = i * c; j < (i + 1) * c; j++) {
        const margin = targets[j] * outputs[j]
        sum += Math.max(-margin, 0) + Math.log1p(Math.exp(-Math.abs(margin)))
      }
      into[i] = sum
    }
  },
  delta(outputs, targets, n, c, share, into) {
    for (let j = 0; j < n * c; j++) into[j] = (-share * targets[j]) / (1 + Math.exp(targets[j] * outputs[j]))
  },
  deltaTangent(outputs, targets, tangent, n, c, share, into) {
    for (let j = 0; j < n * c; j++) {
      const tail = Math.exp(-Math.abs(targets[j] * outputs[j]))
      into[j] = ((share * targets[j] ** 2 * tail) / (1 + tail) ** 2) * tangent[j]
    }
  },
}

/** Position of the largest output of a row. */
function topOf(outputs: Float64Array, start: number, c: number): number {
  let top = start
  for (let j = start + 1; j < start + c; j++) if (outputs[j] > outputs[top]) top = j
  return top
}

/** Sum of exp(f - largest) over all outputs of the row but the largest. */
function restOf(outputs: Float64Array, start: number, c: number, top: number): number {
  // NaN anywhere must come out: comparisons alone would pass it over.
  let rest = outputs[top] - outputs[top]
  for (let j = start; j < start + c; j++) if (j !== top) rest += Math.exp(outputs[j] - outputs[top])
  return rest
}

function massOf(targets: Float64Array, start: number, c: number): number {
  let mass = 0
  for (let j = start; j < start + c; j++) mass += targets[j]
  return mass
}
