// What can a network learn where there is nothing to learn? Targets of pure noise: it fits them all, or it cannot.
//
// With d weights and N points a linear model reaches loss 0 when d >= N and stalls at about (1 - d/N)/2 below: targets that
// some model could produce would be fitted on both sides, and the contrast would be gone.
import type { RandomStream } from '../core/random.ts'
import type { RegressionRows } from './teacher.ts'

/**
 * `count` rows x ~ N(0, I), each target N(0, 1) + N(0, noise^2), independent of x.
 *
 * Row k takes its numbers before row k + 1: a smaller count gives a prefix of a larger one; inputs do not depend on `noise`.
 * Source: GC Figure 1 (N = 100, d = 120 and 80; the paper does not state its targets).
 */
export function gaussianRows(inputs: number, outputs: number, count: number, noise: number, stream: RandomStream): RegressionRows {
  const rows = { inputs: new Float32Array(count * inputs), targets: new Float32Array(count * outputs) }
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < inputs; i++) rows.inputs[row * inputs + i] = stream.normal()
    for (let k = 0; k < outputs; k++) {
      const target = stream.normal()
      rows.targets[row * outputs + k] = target + noise * stream.normal()
    }
  }
  return rows
}
