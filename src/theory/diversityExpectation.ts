// How diverse are gradients of a deep linear network on average, and what does width do to that?
//
// Weights and data N(0, 1), no bias, one output, half squared error. Targets enter by two numbers, so that other teachers than the
// paper's, of the student's own shape, have their form too. Ratio of expectations, not expectation of the ratio: fair at
// shallow depth (Jensen: within 30 % for L <= 4), loose beyond.
import { DomainFault } from '../core/faults.ts'

function requireWidths(caller: string, inputs: number, hidden: readonly number[]): void {
  if (!(inputs >= 1 && hidden.every((width) => width >= 1))) {
    throw new DomainFault(`${caller}: widths out of range, got ${inputs} and [${hidden.join(', ')}], expected all >= 1`)
  }
}

/** What of the targets y of inputs x ~ N(0, I) in R^d the gradients see, on average over teachers. */
export interface TeacherMoments {
  /** E[y^2 |x|^2] / (d (d + 2)); a linear y = <t, x> has E t_k^2. */
  readonly own: number
  /** |E[y x]|^2 / d; a linear y has E t_k^2 again, targets that know nothing of x have 0. */
  readonly cross: number
}

/** A linear network of the student's shape with N(0, 1) weights: prod K over the hidden widths. Source: Chen et al. 2018, section 3. */
export function sameTeacher(hidden: readonly number[]): TeacherMoments {
  const square = hidden.reduce((product, width) => product * width, 1)
  return { own: square, cross: square }
}

/**
 * The teachers that this page offers, of mean square 1 and with N(0, noise^2) added: linear, relu (one hidden layer of width d), none at all.
 *
 * A relu teacher is half linear, half even: only the linear half, of mean square 1/2, agrees from sample to sample.
 */
export function offeredTeacher(kind: 'teacher' | 'linearTeacher' | 'gaussian', inputs: number, noise: number): TeacherMoments {
  const unrelated = (noise * noise) / (inputs + 2)
  if (kind === 'gaussian') return { own: 1 / (inputs + 2) + unrelated, cross: 0 }
  return { own: 1 / inputs + unrelated, cross: kind === 'teacher' ? 1 / (2 * inputs) : 1 / inputs }
}

/** prod 1/(K+2) over the widths. */
function shrink(widths: readonly number[]): number {
  return widths.reduce((product, width) => product / (width + 2), 1)
}

/** ln prod K(K+2). */
function logFourthProduct(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + Math.log(width) + Math.log(width + 2), 0)
}

/** A = L (1 + prod over hidden K/(K+2)) with a teacher of the same shape: E|g_i|^2 in units of prod K(K+2) over all widths. */
function ownTerm(hidden: readonly number[], { own }: TeacherMoments): number {
  return (hidden.length + 1) * (1 + own * shrink(hidden))
}

/** D: E<g_i, g_j> in the same units. */
function crossTerm(inputs: number, hidden: readonly number[], { cross }: TeacherMoments): number {
  const widths = [inputs, ...hidden]
  const depth = widths.length
  let sum = 0
  let product = 1
  for (let phi = 0; phi < depth; phi++) {
    sum += ((depth - phi) / (widths[phi] + 2)) * product
    product *= (widths[phi] - 1) / (widths[phi] + 2)
  }
  return sum + depth * cross * shrink(widths)
}

/**
 * Natural log of E|g_i|^2 = L K_0 (K_0 + 2) (prod K(K+2) + prod K^2) over the hidden widths.
 *
 * L = 1: 2 d (d + 2). L = 2: 4 d (d + 2) K (K + 1).
 * Source: Chen et al. 2018, Theorem 8 (squared norm, not per entry).
 *
 * @param hidden widths K_1 .. K_{L-1}; empty for a single layer.
 */
export function logGradientSquare(inputs: number, hidden: readonly number[], teacher = sameTeacher(hidden)): number {
  requireWidths('logGradientSquare', inputs, hidden)
  return logFourthProduct([inputs, ...hidden]) + Math.log(ownTerm(hidden, teacher))
}

/**
 * Natural log of E<g_i, g_j>, i != j.
 *
 * L = 1: 2 d. L = 2: d K (4K + d + 3).
 * Source: Chen et al. 2018, Theorem 6 and equation 4.1, with K_phi - 1 where the print is unclear, in the form that stays finite at K = 1.
 */
export function logGradientProduct(inputs: number, hidden: readonly number[], teacher = sameTeacher(hidden)): number {
  requireWidths('logGradientProduct', inputs, hidden)
  return logFourthProduct([inputs, ...hidden]) + Math.log(crossTerm(inputs, hidden, teacher))
}

/**
 * Expected batch-size bound rho_n = n Delta as ratio of expectations: A / (A/n + (n-1) D/n).
 *
 * 1 for n = 1; rises with width, falls with depth; d + 2 for one hidden layer, both n and K to infinity.
 * Source: Chen et al. 2018, Theorem 3.
 */
export function expectedBatchSizeBound(
  samples: number,
  inputs: number,
  hidden: readonly number[],
  teacher: TeacherMoments = sameTeacher(hidden),
): number {
  requireWidths('expectedBatchSizeBound', inputs, hidden)
  const own = ownTerm(hidden, teacher)
  return own / (own / samples + ((samples - 1) * crossTerm(inputs, hidden, teacher)) / samples)
}

/**
 * Lower bound of that for n to infinity and widths >= 2: L / (sum (L-phi)/(K_phi - 1) + 2 L/(d-1)).
 *
 * Equal widths: 1 / ((L-1)/(2(K-1)) + 2/(d-1)).
 * Source: Chen et al. 2018, Theorem 3.
 */
export function batchSizeLowerBound(inputs: number, hidden: readonly number[]): number {
  requireWidths(
    'batchSizeLowerBound',
    inputs - 1,
    hidden.map((width) => width - 1),
  )
  const depth = hidden.length + 1
  const sum = hidden.reduce((total, width, index) => total + (depth - index - 1) / (width - 1), 0)
  return depth / (sum + (2 * depth) / (inputs - 1))
}

/**
 * E|sum over a batch|^2 from diversity: B M^2 (1 + (B-1)/(n Delta)) with replacement, B M^2 (1 + (B-1)/(n-1) (1/Delta - 1)) without.
 *
 * B = 1: M^2, the mean squared norm. B = n without replacement: |sum|^2 = n M^2 / Delta. Infinite diversity (cancelling): B M^2 and B M^2 (n-B)/(n-1).
 * Source: Yin et al. 2018, section 3; Chen et al. 2018, Lemma 1.
 */
export function batchSumSquare(batch: number, samples: number, meanSquare: number, diversity: number, withReplacement: boolean): number {
  const inverse = 1 / diversity
  if (withReplacement) return batch * meanSquare * (1 + ((batch - 1) * inverse) / samples)
  return batch * meanSquare * (1 + (samples > 1 ? ((batch - 1) / (samples - 1)) * (inverse - 1) : 0))
}

/**
 * Hidden width K at a budget of weights: d_in K + (hidden - 1) K^2 + K d_out = p.
 *
 * One hidden layer: p / (d_in + d_out). 16 000 weights, 784 in, 10 out: 20.15 at one, 16.91 at ten hidden layers.
 * Source: Chen et al. 2018, section 5.
 */
export function widthForBudget(weights: number, inputs: number, outputs: number, hiddenLayers: number): number {
  const a = hiddenLayers - 1
  const b = inputs + outputs
  return (2 * weights) / (b + Math.sqrt(b * b + 4 * a * weights))
}

/** n Delta for least squares with N(0, 1) inputs and a linear teacher at a random start: n (d+2)/(n+d+1). Source: Chen et al. 2018, section 3, at L = 1 in realizable form. */
export function linearBatchSizeBound(samples: number, inputs: number): number {
  return (samples * (inputs + 2)) / (samples + inputs + 1)
}
