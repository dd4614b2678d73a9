// What is the simplest ten-class problem without pictures? One Gaussian cloud per class.
//
// Centres and clouds have unit variance per coordinate and the sum is halved back to 1, so centres lie sqrt(2 d) cloud
// widths apart on average: nearly separable from d = 10 on, and overlapping when d is small or the clouds are blurred.
import type { RandomStream } from '../core/random.ts'

/** Number of clouds. */
export const MIXTURE_CLASSES = 10

/** Rows of one classification split. */
export interface ClassifiedRows {
  /** [count, inputs] row-major. */
  readonly inputs: Float32Array
  /** [count] classes. */
  readonly labels: Int32Array
}

/** [MIXTURE_CLASSES, inputs] row-major centres ~ N(0, I). */
export function drawMixtureCentres(inputs: number, stream: RandomStream): Float64Array {
  return Float64Array.from({ length: MIXTURE_CLASSES * inputs }, () => stream.normal())
}

/**
 * `count` rows x = (centre of the class + z) / sqrt 2, z ~ N(0, (1 + noise^2) I), classes drawn uniformly.
 *
 * `noise` blurs clouds of width 1 by as much again, on the inputs: labels have no sense of a little more. At noise 0 every
 * coordinate has variance 1 over classes and clouds. A smaller count gives a prefix of a larger one.
 */
export function mixtureRows(centres: Float64Array, count: number, noise: number, stream: RandomStream): ClassifiedRows {
  const width = centres.length / MIXTURE_CLASSES
  // One draw in place of two: the sum of two independent normals is a normal, and at 0 the factor is exactly 1.
  const deviation = Math.sqrt(1 + noise * noise)
  const inputs = new Float32Array(count * width)
  const labels = new Int32Array(count)
  for (let row = 0; row < count; row++) {
    labels[row] = stream.integer(MIXTURE_CLASSES)
    for (let i = 0; i < width; i++) {
      inputs[row * width + i] = (centres[labels[row] * width + i] + deviation * stream.normal()) * Math.SQRT1_2
    }
  }
  return { inputs, labels }
}
