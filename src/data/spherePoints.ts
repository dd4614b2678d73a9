// What are the points of a theorem about unit vectors? Uniform on the sphere, told apart by a hyperplane through its centre.
//
// Signs of a hyperplane and not coin flips: a linear model can learn them, so that a run shows learning and not memory.
// `noise` blurs the border: the sign is that of the distance, in units of its own spread 1/sqrt d, plus N(0, noise^2).
import type { RandomStream } from '../core/random.ts'

/** Rows of one split of two classes, told as signs. */
export interface SignedRows {
  /** [count, inputs] row-major. */
  readonly inputs: Float32Array
  /** [count] of 0 and 1; the target is -1 for 0 and 1 for 1. */
  readonly labels: Int32Array
}

/** [inputs] the normal of a hyperplane, uniform on the unit sphere. */
export function drawHyperplane(inputs: number, stream: RandomStream): Float64Array {
  return unitVector(inputs, stream)
}

/**
 * `count` points uniform on the unit sphere of the hyperplane's dimension, with the side on which they lie.
 *
 * Each is a unit vector up to its rounding to float32; cosines of two have deviation 1/sqrt d. A smaller count gives a
 * prefix of a larger one, and points do not depend on `noise`. Source: GC section 4 (points of the unit sphere).
 */
export function sphereRows(normal: Float64Array, count: number, noise: number, stream: RandomStream): SignedRows {
  const width = normal.length
  const inputs = new Float32Array(count * width)
  const labels = new Int32Array(count)
  for (let row = 0; row < count; row++) {
    inputs.set(unitVector(width, stream), row * width)
    let distance = 0
    for (let i = 0; i < width; i++) distance += normal[i] * inputs[row * width + i]
    labels[row] = Math.sqrt(width) * distance + noise * stream.normal() > 0 ? 1 : 0
  }
  return { inputs, labels }
}

function unitVector(width: number, stream: RandomStream): Float64Array {
  for (;;) {
    const vector = Float64Array.from({ length: width }, () => stream.normal())
    let square = 0
    for (const x of vector) square += x * x
    if (square > 0) return vector.map((x) => x / Math.sqrt(square))
  }
}
