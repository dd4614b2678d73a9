import { describe, expect, test } from 'vitest'
import type { Activation } from '../../../src/core/experiment.ts'
import { fillActivation, fillCurvature, fillSlope } from '../../../src/engine/float64/activations.ts'

const KINDS: readonly Activation[] = ['identity', 'relu', 'tanh', 'tanh3', 'swish']
const at = (fill: typeof fillActivation, kind: Activation, z: number): number => {
  const into = new Float64Array(1)
  fill(kind, Float64Array.of(z), 1, into)
  return into[0]
}
const value = (kind: Activation, z: number) => at(fillActivation, kind, z)
const slope = (kind: Activation, z: number) => at(fillSlope, kind, z)
const curvature = (kind: Activation, z: number) => at(fillCurvature, kind, z)

describe('an activation', () => {
  test.each(KINDS)('%s has the slope and curvature of its values', (kind) => {
    const h = 1e-3
    for (const z of [-3, -0.7, -0.011, 0.02, 0.4, 1.9, 5]) {
      const central = (f: (kind: Activation, z: number) => number) =>
        (8 * (f(kind, z + h) - f(kind, z - h)) - (f(kind, z + 2 * h) - f(kind, z - 2 * h))) / (12 * h)
      // Four-point rule at 1e-3: error 1e-12 from the fifth derivative, 1e-13 from rounding.
      expect(slope(kind, z)).toBeCloseTo(central(value), 10)
      expect(curvature(kind, z)).toBeCloseTo(central(slope), 10)
    }
  })
  test('relu has derivative 0 at 0', () => {
    expect([slope('relu', 0), slope('relu', -0), slope('relu', 5e-324)]).toEqual([0, 0, 1])
  })
  test.each(KINDS)('%s shows NaN', (kind) => {
    expect(value(kind, NaN)).toBeNaN()
  })
  test('tanh keeps its slope to relative accuracy in saturation', () => {
    // sech^2 z -> 4 e^(-2|z|): 1 - tanh^2 would be 0 here.
    for (const z of [-30, 30]) expect(slope('tanh', z) / (4 * Math.exp(-60))).toBeCloseTo(1, 12)
    expect(curvature('tanh', 30) / (-8 * Math.exp(-60))).toBeCloseTo(1, 12)
    expect(value('tanh', 1e-200)).toBe(1e-200)
    expect(slope('tanh3', 0)).toBe(3)
  })
  test('swish meets its limits without NaN', () => {
    expect([value('swish', 800), slope('swish', 800), curvature('swish', 800)].map(Math.abs)).toEqual([800, 1, 0])
    expect([value('swish', -800), slope('swish', -800), curvature('swish', -800)].map(Math.abs)).toEqual([0, 0, 0])
    expect(slope('swish', 0)).toBe(0.5)
    expect(curvature('swish', 0)).toBe(0.5)
  })
})
