// What is the Hessian of a function of the product of all weights?
//
// For phi(P): H = phi'' grad P grad P^T + phi' Hess P. The loss has phi'' = xx and phi' = xx P - xy; an output has
// phi'' = 0 and phi' = x. Products over the others come from running products: no division, so a weight may be 0.
import { timesPowerOfTwo } from '../../numerics/logMagnitude.ts'
import { addTo, multiplyBy, type RunningProducts, type Scaled } from './runningProducts.ts'
import type { ScaledArray } from './scaledArray.ts'

/**
 * Hess(phi) times a vector, [L] into `into`; O(L), exact to rounding.
 *
 * @param slope phi'(P).
 * @param curvature phi''(P).
 * @param gradient [L] the products over the others, grad P.
 */
export function chainHessianVector(
  weights: Float64Array,
  products: RunningProducts,
  gradient: ScaledArray,
  slope: Scaled,
  curvature: number,
  vector: Float64Array,
  into: Float64Array,
): void {
  const depth = weights.length
  const along = directionalDerivative(gradient, vector)
  // d(before k)/dv and d(after k)/dv by the product rule, from both ends.
  const tangentAfter: Scaled[] = Array.from({ length: depth })
  const tangent: Scaled = { mantissa: 0, exponent: 0 }
  for (let k = depth - 1; k >= 0; k--) {
    tangentAfter[k] = { ...tangent }
    advance(tangent, weights[k], products.after[k], products.afterExponent[k], vector[k])
  }
  tangent.mantissa = 0
  tangent.exponent = 0
  for (let k = 0; k < depth; k++) {
    const entry: Scaled = {
      mantissa: tangent.mantissa * products.after[k],
      exponent: tangent.exponent + products.afterExponent[k],
    }
    addTo(entry, products.before[k] * tangentAfter[k].mantissa, products.beforeExponent[k] + tangentAfter[k].exponent)
    multiplyBy(entry, slope.mantissa)
    entry.exponent += slope.exponent
    addTo(entry, curvature * along.mantissa * gradient.mantissa[k], along.exponent + gradient.exponent[k])
    into[k] = timesPowerOfTwo(entry.mantissa, entry.exponent)
    advance(tangent, weights[k], products.before[k], products.beforeExponent[k], vector[k])
  }
}

/** tangent = tangent * weight + product * direction. */
function advance(tangent: Scaled, weight: number, product: number, exponent: number, direction: number): void {
  const added: Scaled = { mantissa: product, exponent }
  multiplyBy(added, direction)
  multiplyBy(tangent, weight)
  addTo(tangent, added.mantissa, added.exponent)
}

function directionalDerivative(gradient: ScaledArray, vector: Float64Array): Scaled {
  const sum: Scaled = { mantissa: 0, exponent: 0 }
  const term: Scaled = { mantissa: 0, exponent: 0 }
  for (let k = 0; k < vector.length; k++) {
    term.mantissa = gradient.mantissa[k]
    term.exponent = gradient.exponent[k]
    multiplyBy(term, vector[k])
    addTo(sum, term.mantissa, term.exponent)
  }
  return sum
}

/**
 * The whole Hessian [L, L] row-major of the loss, symmetric to the bit.
 *
 * Entries leave float64 as 0 or Infinity. Source: VC, section 3.
 *
 * @param offDiagonal 2 xx P - xy.
 * @param xx reduced x^2.
 */
export function chainHessian(
  weights: Float64Array,
  products: RunningProducts,
  gradient: ScaledArray,
  offDiagonal: Scaled,
  xx: number,
): Float64Array {
  const depth = weights.length
  const matrix = new Float64Array(depth * depth)
  const { before, after, beforeExponent, afterExponent } = products
  const plain = products.product.mantissa !== 0 && isPlain(products) && offDiagonal.exponent === 0
  const between: Scaled = { mantissa: 1, exponent: 0 }
  for (let k = 0; k < depth; k++) {
    const first = before[k] * offDiagonal.mantissa
    between.mantissa = 1
    between.exponent = 0
    matrix[k * depth + k] = xx * timesPowerOfTwo(gradient.mantissa[k], gradient.exponent[k]) ** 2
    for (let l = k + 1; l < depth; l++) {
      let entry = first * between.mantissa * after[l]
      if (plain) between.mantissa *= weights[l]
      else {
        entry = timesPowerOfTwo(entry, beforeExponent[k] + offDiagonal.exponent + between.exponent + afterExponent[l])
        multiplyBy(between, weights[l])
      }
      matrix[k * depth + l] = entry
      matrix[l * depth + k] = entry
    }
  }
  return matrix
}

/** True when no partial product left its limb; then no product between two weights leaves float64 either. */
function isPlain(products: RunningProducts): boolean {
  for (let k = 0; k < products.before.length; k++) {
    if (products.beforeExponent[k] !== 0 || products.afterExponent[k] !== 0) return false
  }
  return true
}
