import { describe, expect, test } from 'vitest'
import { activationSchema, type Activation } from '../../../src/core/experiment.ts'
import { fillActivation, fillCurvature, fillSlope } from '../../../src/engine/float64/activations.ts'
import { normalDistribution } from '../../../src/engine/float64/normalLaw.ts'
import { erfc } from '../../../src/numerics/specialFunctions.ts'

const KINDS: readonly Activation[] = activationSchema.options
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
  test.each(KINDS)('%s stays finite where its arguments are large', (kind) => {
    for (const z of [-1e5, -800, 800, 1e5]) {
      for (const number of [value(kind, z), slope(kind, z), curvature(kind, z)]) expect(Number.isFinite(number)).toBe(true)
    }
  })
  test('sigmoid is 1/2 and 1/4 at 0, symmetric about it, and keeps its tails', () => {
    expect([value('sigmoid', 0), slope('sigmoid', 0), Math.abs(curvature('sigmoid', 0))]).toEqual([0.5, 0.25, 0])
    // exp itself is right to a unit in the last place.
    for (const z of [0.3, 2, 30]) expect(value('sigmoid', z) + value('sigmoid', -z)).toBeCloseTo(1, 15)
    for (const z of [-500, 500]) {
      expect(slope('sigmoid', z) / Math.exp(-500)).toBeCloseTo(1, 13)
      expect(curvature('sigmoid', z) / (-Math.sign(z) * Math.exp(-500))).toBeCloseTo(1, 13)
    }
    expect(value('sigmoid', -500) / Math.exp(-500)).toBeCloseTo(1, 13)
  })
  test('softplus is log 2 at 0, exp below and the identity above', () => {
    expect(value('softplus', 0)).toBeCloseTo(Math.LN2, 15)
    for (const z of [0.1, 3, 40]) expect(value('softplus', z) - value('softplus', -z)).toBeCloseTo(z, 14)
    expect(value('softplus', -50) / Math.exp(-50)).toBeCloseTo(1, 13)
    expect(value('softplus', 800)).toBe(800)
    for (const z of [-3, 0, 2]) expect([slope('softplus', z), curvature('softplus', z)]).toEqual([value('sigmoid', z), slope('sigmoid', z)])
  })
  test('softsign is odd, ends at 1, and has no curvature in its kink', () => {
    expect([value('softsign', 3), value('softsign', -3), slope('softsign', -3), curvature('softsign', 1)]).toEqual([
      0.75,
      -0.75,
      1 / 16,
      -0.25,
    ])
    expect([slope('softsign', 0), Math.abs(curvature('softsign', 0))]).toEqual([1, 0])
    expect(slope('softsign', 1e100) / 1e-200).toBeCloseTo(1, 14)
    expect(value('softsign', 1e-200)).toBe(1e-200)
  })
  test('arctan is pi/4 at 1 and keeps slope and curvature far out', () => {
    expect([value('arctan', 1), slope('arctan', 1), curvature('arctan', 1)]).toEqual([Math.PI / 4, 0.5, -0.5])
    for (const z of [0.01, 7]) expect(value('arctan', z) + value('arctan', 1 / z)).toBeCloseTo(Math.PI / 2, 15)
    expect(slope('arctan', 1e100) / 1e-200).toBeCloseTo(1, 14)
    // -2 z^-3: the square of 1 + z^2 would be infinite here.
    expect(curvature('arctan', 1e90) / -2e-270).toBeCloseTo(1, 14)
  })
  test('gelu splits z between both sides and keeps its lower tail', () => {
    for (const z of [1e-8, 0.4, 3, 9]) expect(value('gelu', z) - value('gelu', -z)).toBeCloseTo(z, 14)
    expect([value('gelu', 0), slope('gelu', 0)]).toEqual([0, 0.5])
    expect(curvature('gelu', 0)).toBeCloseTo(Math.sqrt(2 / Math.PI), 15)
    // Phi of -5, -10 and -20 to 17 digits.
    for (const [z, phi] of [
      [-5, 2.8665157187919391e-7],
      [-10, 7.619853024160526e-24],
      [-20, 2.7536241186062337e-89],
    ]) {
      // Rounding of z / sqrt 2, squared in the exponent: z^2 / 2 units.
      expect(value('gelu', z) / (z * phi)).toBeCloseTo(1, 12)
      const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)
      expect(slope('gelu', z) / (phi + z * density)).toBeCloseTo(1, 12)
      expect(curvature('gelu', z) / ((2 - z * z) * density)).toBeCloseTo(1, 12)
    }
  })
  test('elu keeps small losses and its floor', () => {
    expect(value('elu', -1e-12) / (-1e-12 + 5e-25)).toBeCloseTo(1, 15)
    expect([value('elu', -800), value('elu', 2), slope('elu', 2), curvature('elu', 2)]).toEqual([-1, 2, 1, 0])
    expect([slope('elu', -3), curvature('elu', -3)]).toEqual([Math.exp(-3), Math.exp(-3)])
  })
})

describe('normalDistribution', () => {
  test('agrees with the series and the continued fraction on both sides of every seam', () => {
    for (let z = -37; z < 9; z += 0.0217) {
      // The slow reference loses a digit where it takes 1 - P; and the rounding of z / sqrt 2 in the exponent.
      expect(Math.abs(normalDistribution(z) / (0.5 * erfc(-z / Math.SQRT2)) - 1)).toBeLessThan(3e-14 + 5e-16 * z * z)
    }
  })
  test('is 1/2 at 0, 0 and 1 far away, and shows NaN', () => {
    expect([0, -60, 60, -1e200, Infinity].map(normalDistribution)).toEqual([0.5, 0, 1, 0, 1])
    expect(normalDistribution(NaN)).toBeNaN()
  })
})
