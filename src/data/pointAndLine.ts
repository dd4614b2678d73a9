// What are the smallest things a network can learn? A single point, and a straight line.
//
// On the point (1, 1) the loss of a chain is 1/2 (prod w - 1)^2, so every closed form of the theory applies without data.
import type { RandomStream } from '../core/random.ts'
import type { RegressionRows } from './teacher.ts'

/** The single pair x = 1, y = 1. Source: VC section 3. */
export function pointRow(): RegressionRows {
  return { inputs: Float32Array.of(1), targets: Float32Array.of(1) }
}

/**
 * `count` points x ~ U[0, 1], y = 2 x + 1/2 + N(0, noise^2); a smaller count gives a prefix of a larger one.
 *
 * Source: PL, numerical part, with 20 points and no noise.
 */
export function lineRows(count: number, noise: number, stream: RandomStream): RegressionRows {
  const inputs = new Float32Array(count)
  const targets = new Float32Array(count)
  for (let row = 0; row < count; row++) {
    inputs[row] = stream.uniform()
    targets[row] = 2 * inputs[row] + 0.5 + noise * stream.normal()
  }
  return { inputs, targets }
}
