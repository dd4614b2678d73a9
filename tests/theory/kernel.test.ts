// Do the promises of the tangent kernel and of stochastic descent hold where everything is known?
import { describe, expect, test } from 'vitest'
import { DomainFault } from '../../src/core/faults.ts'
import { namedStream } from '../../src/numerics/streams.ts'
import { symmetricEigenvalues } from '../../src/numerics/symmetricEigenvalues.ts'
import * as sgd from '../../src/theory/sgdConfusionBound.ts'
import * as shallow from '../../src/theory/shallowKernel.ts'
import * as bounds from '../../src/theory/tangentKernelBounds.ts'
import { apply, applyTransposed, dot, matrixOf, normals } from './reference/draws.ts'

const ACTIVATIONS: readonly shallow.JetActivation[] = ['identity', 'relu', 'tanh', 'tanh3', 'swish']
/** Eigenvalues of J J^T. */
function kernelOf(jacobian: readonly Float64Array[]): Float64Array {
  const n = jacobian.length
  return symmetricEigenvalues(
    Float64Array.from({ length: n * n }, (_, k) => dot(jacobian[Math.floor(k / n)], jacobian[k % n])),
    n,
  )
}

describe('kernelRate', () => {
  test('bounds |grad L|^2 / (2 L) from both sides for sum and mean of any residual (seed 501)', () => {
    const stream = namedStream(501, 'weights')
    for (let draw = 0; draw < 200; draw++) {
      const n = 2 + (draw % 5)
      const jacobian = matrixOf(n, 7, () => stream.normal())
      const residual = normals(stream, n)
      const values = kernelOf(jacobian)
      for (const reduction of ['sum', 'mean'] as const) {
        const share = reduction === 'mean' ? 1 / n : 1
        const gradient = applyTransposed(jacobian, residual).map((v) => v * share)
        const ratio = dot(gradient, gradient) / (2 * 0.5 * share * dot(residual, residual))
        // 1e-12: rounding of the products.
        expect(ratio).toBeGreaterThanOrEqual(bounds.kernelRate(values[0], reduction, n) * (1 - 1e-12))
        expect(ratio).toBeLessThanOrEqual(bounds.kernelRate(values[n - 1], reduction, n) * (1 + 1e-12))
      }
    }
  })
})

describe('lossUpperBound', () => {
  /** f_i = a_i w + 0.3 tanh-bent: kernel and curvature change along the path. */
  function descend(steps: number) {
    const stream = namedStream(502, 'weights')
    const n = 4
    const p = 12
    const a = matrixOf(n, p, () => stream.normal())
    const target = normals(stream, n)
    const w = new Float64Array(p)
    const losses: number[] = []
    const rates: number[] = []
    let lipschitz = 0
    const lr = 0.01
    for (let step = 0; step <= steps; step++) {
      const z = apply(a, w)
      const residual = z.map((v, i) => v + 0.3 * Math.tanh(v) - target[i])
      const jacobian = a.map((row, i) => row.map((v) => v * (1 + 0.3 / Math.cosh(z[i]) ** 2)))
      const values = kernelOf(jacobian)
      losses.push(0.5 * dot(residual, residual))
      rates.push(values[0])
      lipschitz = Math.max(lipschitz, Math.sqrt(values[n - 1]))
      applyTransposed(jacobian, residual).forEach((g, i) => (w[i] -= lr * g))
    }
    return { losses, rates, lipschitz, lr, distance: Math.sqrt(dot(w, w)), residual: Math.sqrt(2 * losses[0]) }
  }
  test('is above the loss of full-batch descent at every step, and falls', () => {
    const { losses, rates, lr } = descend(200)
    const steps = losses.map((_, step) => step)
    const bound = bounds.lossUpperBound(losses[0], lr, steps, rates)
    bound.forEach((value, step) => expect(losses[step]).toBeLessThanOrEqual(value * (1 + 1e-12)))
    expect(bound[0]).toBeCloseTo(losses[0], 12)
    expect(bound[200]).toBeLessThan(0.01 * bound[0])
  })
  test('allows sparse measurements, and says nothing new once the kernel touches 0', () => {
    const bound = bounds.lossUpperBound(8, 0.1, [0, 10, 20, 30], [2, 1, 0, 5])
    expect(bound[1]).toBeCloseTo(8 * 0.9 ** 10, 12)
    expect(bound[2]).toBeCloseTo(bound[1], 14)
    expect(bound[3]).toBeCloseTo(bound[1], 14)
    expect(() => bounds.lossUpperBound(1, 0.1, [0], [])).toThrow(DomainFault)
  })
  test('comes with a radius that the weights never leave, and with a nearest solution inside it', () => {
    const { rates, lipschitz, distance, residual } = descend(200)
    const mu = Math.min(...rates)
    expect(distance).toBeLessThan(bounds.certificateRadius(lipschitz, residual, mu))
    expect(distance).toBeGreaterThan(bounds.nearestSolution(lipschitz, residual) * 0.99)
    expect(bounds.certificateRadius(2, 1, 0)).toBe(Infinity)
  })
  test('has the radius 2 L_F |F_0 - y| / mu, and is twice the way of a linear model with one eigenvalue at the least', () => {
    // f = s w: L_F = s, mu = s^2, solution at |F_0 - y| / s: the ball is twice as large.
    const [s, residual] = [3, 7]
    expect(bounds.certificateRadius(s, residual, s * s)).toBeCloseTo(2 * bounds.nearestSolution(s, residual), 12)
    expect(bounds.certificateRadius(3, 7, 0.5)).toBe(84)
  })
})

describe('kernelChangeBound', () => {
  test('is above the change of the kernel of a shallow network inside a ball (seed 503)', () => {
    const stream = namedStream(503, 'weights')
    const m = 60
    const signs = Array.from({ length: m }, () => (stream.uniform() < 0.5 ? -1 : 1))
    const xs = [0.4, -0.8, 1]
    const start = normals(stream, m)
    const jacobian = (w: Float64Array): Float64Array[] =>
      xs.map((x) => w.map((v, i) => (signs[i] * x * shallow.activationJet('tanh', v * x).slope) / Math.sqrt(m)))
    const radius = 2
    const move = normals(stream, m)
    const length = Math.sqrt(dot(move, move))
    const end = start.map((v, i) => v + (radius * move[i]) / length)
    const gram = (j: Float64Array[]): Float64Array => Float64Array.from({ length: 9 }, (_, k) => dot(j[Math.floor(k / 3)], j[k % 3]))
    const change = gram(jacobian(end)).map((v, k) => v - gram(jacobian(start))[k])
    const norm = Math.max(...symmetricEigenvalues(change, 3).map(Math.abs))
    // sup |tanh'| = 1 bounds L_F, sup |tanh''| = 4 / (3 sqrt 3) bounds the Hessian.
    const lipschitz = Math.sqrt(xs.reduce((sum, x) => sum + x * x, 0))
    const hessian = 4 / (3 * Math.sqrt(3)) / Math.sqrt(m)
    expect(norm).toBeLessThan(bounds.kernelChangeBound(lipschitz, 3, radius, hessian))
    expect(norm).toBeGreaterThan(0)
  })
})

describe('kernelChangeBound at its limit', () => {
  test('is 2 L_F sqrt(n) R |H|, and reached by one parabola as the start moves away', () => {
    expect(bounds.kernelChangeBound(3, 4, 5, 0.1)).toBeCloseTo(2 * 3 * 2 * 5 * 0.1, 14)
    // f = (a + w)^2 / 2 in one dimension: K = (a + w)^2, H = 1, L_F = a + R.
    const [a, radius] = [1000, 1]
    const change = (a + radius) ** 2 - a ** 2
    const bound = bounds.kernelChangeBound(a + radius, 1, radius, 1)
    expect(change).toBeLessThanOrEqual(bound)
    expect(change / bound).toBeGreaterThan(0.999)
    // Equal outputs n times: J J^T is n times as large, and so is its change; L_F and sqrt(n) bring sqrt(n) each.
    expect(9 * change).toBeLessThanOrEqual(bounds.kernelChangeBound(3 * (a + radius), 9, radius, 1))
    expect((9 * change) / bounds.kernelChangeBound(3 * (a + radius), 9, radius, 1)).toBeGreaterThan(0.999)
  })
})

describe('activationJet', () => {
  test.each(ACTIVATIONS)('has slope and curvature that finite differences confirm for %s', (activation) => {
    for (const z of [-2.1, -0.4, 0.3, 1.7]) {
      const h = 1e-4
      const jet = shallow.activationJet(activation, z)
      const [left, right] = [shallow.activationJet(activation, z - h), shallow.activationJet(activation, z + h)]
      // Central differences: h^2 and rounding / h.
      expect(jet.slope).toBeCloseTo((right.value - left.value) / (2 * h), 7)
      expect(jet.curvature).toBeCloseTo((right.slope - left.slope) / (2 * h), 7)
    }
  })
  test('has slope 0 at 0 for relu', () => {
    expect(shallow.activationJet('relu', 0).slope).toBe(0)
  })
})

describe('the shallow network', () => {
  const stream = namedStream(504, 'weights')
  const m = 8
  const weights = normals(stream, m)
  const signs = Array.from({ length: m }, (_, i) => (i % 3 === 0 ? -1 : 1))
  const value = (w: Float64Array, x: number, activation: shallow.JetActivation, output: shallow.JetActivation): number =>
    shallow.activationJet(
      output,
      w.reduce((sum, v, i) => sum + signs[i] * shallow.activationJet(activation, v * x).value, 0) / Math.sqrt(m),
    ).value
  /** Central differences of a function of the weights. */
  const partial =
    (f: (w: Float64Array) => number, i: number, h: number) =>
    (w: Float64Array): number => {
      const [a, b] = [w.slice(), w.slice()]
      a[i] += h
      b[i] -= h
      return (f(a) - f(b)) / (2 * h)
    }
  test('has the closed kernel and Hessian norm of its finite differences', () => {
    for (const activation of ['tanh', 'swish'] as const) {
      const f = (x: number) => (w: Float64Array) => value(w, x, activation, 'identity')
      const kernel = weights.reduce((sum, _, i) => sum + partial(f(0.7), i, 1e-5)(weights) * partial(f(-0.4), i, 1e-5)(weights), 0)
      expect(shallow.shallowKernel(0.7, -0.4, weights, activation)).toBeCloseTo(kernel, 8)
      const hessian = Float64Array.from({ length: m * m }, (_, k) =>
        partial(partial(f(0.7), Math.floor(k / m), 1e-3), k % m, 1e-3)(weights),
      )
      const norm = Math.max(...symmetricEigenvalues(hessian, m).map(Math.abs))
      // Second differences with h = 1e-3: 1e-6.
      expect(shallow.shallowHessianNorm(0.7, weights, activation)).toBeCloseTo(norm, 5)
    }
  })
  test('transforms kernel and Hessian by its output activation', () => {
    for (const output of ['tanh3', 'swish'] as const) {
      const plain = (w: Float64Array): number => value(w, 0.7, 'tanh', 'identity')
      const bent = (w: Float64Array): number => value(w, 0.7, 'tanh', output)
      const other = (w: Float64Array): number => value(w, 0.2, 'tanh', output)
      const gradient = Float64Array.from({ length: m }, (_, i) => partial(plain, i, 1e-5)(weights))
      const hessian = Float64Array.from({ length: m * m }, (_, k) => partial(partial(plain, Math.floor(k / m), 1e-3), k % m, 1e-3)(weights))
      const expected = shallow.outputHessian(gradient, hessian, output, plain(weights))
      expected.forEach((entry, k) => expect(entry).toBeCloseTo(partial(partial(bent, Math.floor(k / m), 1e-3), k % m, 1e-3)(weights), 5))
      const kernel = weights.reduce((sum, _, i) => sum + partial(bent, i, 1e-5)(weights) * partial(other, i, 1e-5)(weights), 0)
      const inner = shallow.shallowKernel(0.7, 0.2, weights, 'tanh')
      expect(shallow.outputKernel(inner, output, plain(weights), value(weights, 0.2, 'tanh', 'identity'))).toBeCloseTo(kernel, 7)
    }
  })
  test('has a relu kernel of half x^2 at great width, and a Hessian that falls like the root of the width', () => {
    const wide = normals(stream, 40_000)
    // Share of open gates: sd 1/(2 sqrt m) = 0.0025, four of them.
    expect(Math.abs(shallow.shallowKernel(2, 2, wide, 'relu') / 4 - 0.5)).toBeLessThan(0.01)
    const ratio = shallow.shallowHessianNorm(1, wide, 'tanh') / shallow.shallowHessianNorm(1, wide.slice(0, 400), 'tanh')
    expect(ratio).toBeCloseTo(0.1, 2)
  })
})

describe('confusionBound', () => {
  test('is above the mean of 300 runs of least squares at batch 1, with eta along the paths (seed 505)', () => {
    const stream = namedStream(505, 'batches')
    const n = 6
    const d = 3
    const x = matrixOf(n, d, () => stream.normal())
    const y = normals(stream, n)
    const squares = x.map((row) => dot(row, row))
    const gap = (w: Float64Array): number => x.reduce((sum, row, i) => sum + 0.5 * (dot(row, w) - y[i]) ** 2, 0) / n
    // F* by long full-batch descent.
    const best = new Float64Array(d)
    for (let step = 0; step < 20_000; step++)
      x.forEach((row, i) => {
        const r = dot(row, best) - y[i]
        row.forEach((v, c) => (best[c] -= (0.02 * r * v) / n))
      })
    const optimum = gap(best)
    const smoothness = Math.max(...squares)
    const lr = 0.5 * sgd.confusionStepLimit(n, smoothness)
    const steps = 60
    const mean = new Float64Array(steps + 1)
    let confusion = 0
    for (let run = 0; run < 300; run++) {
      const w = new Float64Array(d).fill(2)
      for (let step = 0; step <= steps; step++) {
        mean[step] += (gap(w) - optimum) / 300
        const residuals = x.map((row, i) => dot(row, w) - y[i])
        for (let i = 0; i < n; i++)
          for (let j = 0; j < i; j++) confusion = Math.max(confusion, -residuals[i] * residuals[j] * dot(x[i], x[j]))
        const i = stream.integer(n)
        x[i].forEach((v, c) => (w[c] -= lr * residuals[i] * v))
      }
    }
    const setting = { samples: n, convexity: Math.min(...squares), smoothness, lr, confusion }
    mean.forEach((value, step) => expect(value).toBeLessThanOrEqual(sgd.confusionBound(step, mean[0], setting)))
  })
  test('goes to 0 without confusion, and to N eta / (2 mu) with small steps', () => {
    const setting = { samples: 5, convexity: 1, smoothness: 2, lr: 0.05, confusion: 0 }
    expect(sgd.confusionBound(0, 3, setting)).toBe(3)
    expect(sgd.confusionBound(5000, 3, setting)).toBeLessThan(1e-20)
    const floor = (lr: number): number => sgd.confusionBound(1e9, 3, { ...setting, lr, confusion: 0.4 })
    expect(floor(1e-4)).toBeCloseTo((5 * 0.4) / 2, 2)
    expect(floor(1e-3) / floor(1e-4)).toBeCloseTo(1, 2)
  })
  test('does not exist beyond 2/(N S)', () => {
    expect(() => sgd.confusionBound(1, 1, { samples: 5, convexity: 1, smoothness: 2, lr: 0.2, confusion: 0 })).toThrow(DomainFault)
  })
})
