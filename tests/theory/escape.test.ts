// Do the times on the plateau and the stability lines hold for simulated optimizers?
import { describe, expect, test } from 'vitest'
import { DomainFault } from '../../src/core/faults.ts'
import * as escape from '../../src/theory/chainEscape.ts'
import { isPreconditioned, stabilityThreshold } from '../../src/theory/stabilityLine.ts'
import type { StabilityRule } from '../../src/theory/stabilityLine.ts'

const slope = (w: number, depth: number): number => w ** (depth - 1) - w ** (2 * depth - 1)

/** Gradient flow by Runge and Kutta of order 4 with small steps. */
function flow(start: number, depth: number, time: number, parts: number): number {
  let w = start
  const h = time / parts
  for (let i = 0; i < parts; i++) {
    const a = slope(w, depth)
    const b = slope(w + (h / 2) * a, depth)
    const c = slope(w + (h / 2) * b, depth)
    w += (h / 6) * (a + 2 * b + 2 * c + slope(w + h * c, depth))
  }
  return w
}

/** Steps of gradient descent until w^L is within 1 % of 1. */
function descentSteps(start: number, depth: number, lr: number): number {
  let w = start
  for (let step = 0; ; step++) {
    if (w ** depth > 0.99) return step
    w += lr * slope(w, depth)
  }
}

describe('escapeTimeBound', () => {
  test('has the closed values: t_e = 2 at w0 = 1/2, L = 3, and t* one less', () => {
    expect(escape.escapeTime(0.5, 3)).toBe(2)
    expect(escape.escapeTimeBound(0.5, 3)).toBe(1)
    expect(escape.escapeTimeBound(1 - 1e-9, 5)).toBeCloseTo(0, 8)
  })
  test('is never beaten by gradient descent, and missed by at most 20 steps', () => {
    for (const depth of [4, 6, 8, 10, 15, 20, 30]) {
      const bound = escape.gradientDescentEscapeSteps(0.7, depth, 0.1)
      const steps = descentSteps(0.7, depth, 0.1)
      expect(steps).toBeGreaterThanOrEqual(bound)
      expect(steps).toBeLessThanOrEqual(bound + 20)
    }
  })
  test('grows exponentially with depth', () => {
    const ratio = escape.escapeTime(0.7, 60) / escape.escapeTime(0.7, 50)
    expect(ratio).toBeCloseTo((48 / 58) * 0.7 ** -10, 10)
  })
  test('refuses what is no plateau', () => {
    expect(() => escape.escapeTime(1, 5)).toThrow(DomainFault)
    expect(() => escape.escapeTime(0.5, 2)).toThrow(DomainFault)
  })
})

describe('weightUpperBound', () => {
  test('starts at w0, lies above the integrated flow, and is close to it while w is small', () => {
    expect(escape.weightUpperBound(0, 0.6, 8)).toBeCloseTo(0.6, 14)
    for (const share of [0.3, 0.6, 0.9, 0.99]) {
      const time = share * escape.escapeTimeBound(0.6, 8)
      const w = flow(0.6, 8, time, 4000)
      expect(escape.weightUpperBound(time, 0.6, 8)).toBeGreaterThanOrEqual(w)
      if (share < 0.7) expect(escape.weightUpperBound(time, 0.6, 8) / w).toBeLessThan(1.03)
    }
    expect(escape.weightUpperBound(1e9, 0.6, 8)).toBe(1)
  })
})

describe('lossLowerBound', () => {
  test('is below the loss of gradient descent at every step', () => {
    let w = 0.7
    for (let step = 0; step < 400; step++) {
      expect(0.5 * (1 - w ** 12) ** 2).toBeGreaterThanOrEqual(escape.lossLowerBound(0.1 * step, 0.7, 12) - 1e-15)
      w += 0.1 * slope(w, 12)
    }
    expect(escape.lossLowerBound(0, 0.7, 12)).toBeCloseTo(0.5 * (1 - 0.7 ** 12) ** 2, 14)
  })
})

describe('rmspropEscapeSteps', () => {
  test('is enough for RMSprop at every depth and does not grow with it', () => {
    let last = Infinity
    for (const depth of [4, 8, 16, 30, 60]) {
      const bound = escape.rmspropEscapeSteps(0.5, depth, 0.01)
      const target = escape.rmspropReach(depth)
      let w = 0.5
      let v = 0
      let steps = 0
      while (w < target) {
        const g = slope(w, depth)
        v = 0.9 * v + 0.1 * g * g
        w += (0.01 * g) / (Math.sqrt(v) + 1e-150)
        steps++
      }
      expect(steps).toBeLessThanOrEqual(bound)
      expect(bound).toBeGreaterThan(0)
      // (1 - w0) / lr.
      expect(bound).toBeLessThanOrEqual(50)
      expect(steps).toBeLessThanOrEqual(last + 3)
      last = steps
    }
  })
  test('counts whole steps up to where the gradient is largest', () => {
    for (const depth of [3, 8, 40]) {
      const reach = escape.rmspropReach(depth)
      for (const near of [0.999, 1.001]) expect(slope(reach * near, depth)).toBeLessThan(slope(reach, depth))
    }
    // (3/7)^(1/4) = 0.8091: 30.9 steps of 0.01 from 0.5.
    expect(escape.rmspropEscapeSteps(0.5, 4, 0.01)).toBe(31)
  })
  test('is zero for a start beyond its reach', () => {
    expect(escape.rmspropEscapeSteps(0.99, 4, 0.01)).toBe(0)
  })
})

/** |w| after 3000 steps on lambda w^2 / 2 from 1, relative to the start; preconditioners are taken as constant. */
function growth(rule: StabilityRule, lambda: number): number {
  let w = 1
  let v = 0
  for (let step = 0; step < 3000; step++) {
    const g = lambda * w
    if (rule.kind === 'momentum' || rule.kind === 'nesterov') {
      v = rule.momentum * v + g
      w -= rule.lr * (rule.kind === 'nesterov' ? g + rule.momentum * v : v)
    } else if (rule.kind === 'adam') {
      v = rule.beta1 * v + (1 - rule.beta1) * g
      w -= rule.lr * v
    } else w -= rule.lr * g
    if (!(Math.abs(w) < 1e6)) return Infinity
  }
  return Math.abs(w)
}

describe('stabilityThreshold', () => {
  const rules: readonly StabilityRule[] = [
    { kind: 'sgd', lr: 0.3 },
    { kind: 'momentum', lr: 0.3, momentum: 0.9 },
    { kind: 'momentum', lr: 0.3, momentum: 0.2 },
    { kind: 'nesterov', lr: 0.3, momentum: 0.9 },
    { kind: 'rmsprop', lr: 0.3 },
    { kind: 'adam', lr: 0.3, beta1: 0.9 },
  ]
  test.each(rules)('separates settling from blowing up for $kind', (rule) => {
    const threshold = stabilityThreshold(rule)
    expect(growth(rule, 0.98 * threshold)).toBeLessThan(1)
    expect(growth(rule, 1.02 * threshold)).toBe(Infinity)
  })
  test('is 2/lr for all without momentum', () => {
    expect(stabilityThreshold({ kind: 'momentum', lr: 0.5, momentum: 0 })).toBe(4)
    expect(stabilityThreshold({ kind: 'nesterov', lr: 0.5, momentum: 0 })).toBe(4)
    expect(stabilityThreshold({ kind: 'adam', lr: 0.5, beta1: 0 })).toBe(4)
  })
  test('belongs to the preconditioned spectrum for RMSprop and Adam only, and needs a step size', () => {
    expect(['sgd', 'momentum', 'nesterov', 'rmsprop', 'adam'].filter((kind) => isPreconditioned(kind as StabilityRule['kind']))).toEqual([
      'rmsprop',
      'adam',
    ])
    expect(() => stabilityThreshold({ kind: 'sgd', lr: 0 })).toThrow(DomainFault)
  })
})
