// The Hessian's spectrum on quadratics whose curvature is known; each title finishes the sentence "the Hessian ...".
import { describe, expect, test } from 'vitest'
import { DEFAULT_DIAGNOSTICS, DEFAULT_OPTIMIZER } from '../../src/core/defaults.ts'
import type { Probe } from '../../src/core/probe.ts'
import { ShapeFault } from '../../src/core/faults.ts'
import { estimatedBlocks } from '../../src/diagnostics/estimatedBlocks.ts'
import { layerBlocks } from '../../src/diagnostics/layerBlocks.ts'
import { namedStream } from '../../src/numerics/streams.ts'
import { CATALOGUE } from '../../src/diagnostics/catalogue.ts'
import { contextOf, expectType, quadraticProbe } from './quadraticProbe.ts'

const PLANE = {
  hessian: [
    [2, 1],
    [1, -1],
  ],
  slopes: [
    [1, 0],
    [0, 1],
    [-1, 0],
    [0, -1],
  ],
  weights: [0, 0],
}

describe('the Hessian', () => {
  const measure = CATALOGUE.hessian.create()

  test('of a small network is exact: spectrum, trace, norm, count and blocks', async () => {
    const probe = quadraticProbe({
      hessian: [
        [2, 0, 0],
        [0, -1, 2],
        [0, 2, 2],
      ],
      slopes: [[1, 1, 1]],
      weights: [1, 2, 3],
      layerSizes: [1, 2],
    })
    const sample = expectType(await measure(contextOf([probe], 1)), 'hessian')
    // The lower block has trace 1 and determinant -6: eigenvalues 3 and -2.
    ;[-2, 2, 3].forEach((value, i) => expect(sample.eigenvalues![i]).toBeCloseTo(value, 12))
    expect(sample).toMatchObject({
      method: 'exact',
      numNegative: 1,
      trace: 3,
      converged: true,
      lambdaMaxResidual: 0,
      asymmetry: 0,
      layerCount: 2,
    })
    expect(sample.frobenius).toBeCloseTo(Math.sqrt(4 + 9 + 4), 12)
    expect([...sample.blockMeanAbs!]).toEqual([2, 0, 0, 7 / 4])
    expect(sample.blockFrobenius![3]).toBeCloseTo(Math.sqrt(1 + 4 + 4 + 4), 12)
    expect(sample.entries).toHaveLength(9)
    expect(sample.effectiveStep).toEqual({ min: 0.1, median: 0.1, max: 0.1 })
    expect(sample.preconditioned).toBeNull()
  })

  test('is symmetrised, and tells how far its triangles were apart', async () => {
    const sample = expectType(
      await measure(
        contextOf(
          [
            quadraticProbe({
              ...PLANE,
              hessian: [
                [0, 3],
                [5, 0],
              ],
            }),
          ],
          4,
        ),
      ),
      'hessian',
    )
    expect([...sample.entries!]).toEqual([0, 4, 4, 0])
    // |H - H^T| = 2 sqrt 2, |H| = sqrt 34.
    expect(sample.asymmetry).toBeCloseTo((2 * Math.SQRT2) / Math.sqrt(34), 12)
  })

  test('keeps curvature whose square leaves float64', async () => {
    const sample = expectType(
      await measure(
        contextOf(
          [
            quadraticProbe({
              ...PLANE,
              hessian: [
                [3e-200, 0],
                [0, 4e-200],
              ],
            }),
          ],
          4,
        ),
      ),
      'hessian',
    )
    expect(sample.frobenius / 5e-200).toBeCloseTo(1, 12)
    expect(sample.blockFrobenius![0] / 5e-200).toBeCloseTo(1, 12)
    expect(sample.lambdaMax / 4e-200).toBeCloseTo(1, 12)
  })

  test('takes the engine’s own route where it offers one', async () => {
    const probe: Probe = {
      ...quadraticProbe(PLANE),
      hessianVectors: () => Promise.reject(new Error('was asked')),
      exactHessian: async () => ({ matrix: Float64Array.of(5, 0, 0, 6), eigenvalues: Float64Array.of(5, 6) }),
    }
    expect(await measure(contextOf([probe], 4))).toMatchObject({ lambdaMin: 5, lambdaMax: 6, trace: 11 })
  })

  test('is unavailable where it is not finite', async () => {
    expect(
      await measure(
        contextOf(
          [
            quadraticProbe({
              ...PLANE,
              hessian: [
                [Infinity, 0],
                [0, 1],
              ],
            }),
          ],
          4,
        ),
      ),
    ).toMatchObject({ type: 'unavailable', reason: 'nonFinite' })
  })

  test('is felt by RMSprop as P^-1/2 H P^-1/2, with eps outside the root', async () => {
    const probe = quadraticProbe({
      ...PLANE,
      hessian: [
        [2, 0],
        [0, -6],
      ],
      secondMoments: [9, 25],
    })
    const optimizer = { ...DEFAULT_OPTIMIZER, kind: 'rmsprop' as const, lr: 0.5, eps: 1 }
    const sample = expectType(await measure(contextOf([probe], 4, { optimizer })), 'hessian')
    expect(sample.preconditioned![0]).toBeCloseTo(-6 / 6, 12)
    expect(sample.preconditioned![1]).toBeCloseTo(2 / 4, 12)
    expect(sample.effectiveStep!.max).toBe(0.5 / 4)
    expect(sample.effectiveStep!.min).toBeCloseTo(0.5 / 6, 12)
  })

  test('has no preconditioner and no effective step before the first update', async () => {
    const probe = quadraticProbe({ ...PLANE, secondMoments: [0, 0] })
    expect(await measure(contextOf([probe], 4))).toMatchObject({ preconditioned: null, effectiveStep: null })
  })

  /** P/4 down on one side, 1 .. 499 on the other, `copies` times over: extremes, trace and norm are known. */
  const spread = Array.from({ length: 500 }, (_, i) => (i === 0 ? -125 : i))
  const diagonal = (copies: number): Probe => {
    const size = copies * spread.length
    return {
      ...quadraticProbe(PLANE),
      parameterCount: size,
      layers: [{ name: 'layer 1', kind: 'dense', offset: 0, size }],
      hessianVectors: async (block) => block.map((entry, at) => entry * spread[at % spread.length]),
    }
  }

  test('of a larger network has converged only when both ends have', async () => {
    // One eigenvalue far above a crowd: Lanczos finds it at once, and the lower end of the crowd not.
    const crowd: Probe = {
      ...diagonal(1),
      hessianVectors: async (block) => block.map((entry, at) => entry * (at % 500 === 7 ? 1000 : (at % 500) / 10)),
    }
    const settings = { ...DEFAULT_DIAGNOSTICS, lanczosSteps: 5 }
    const sample = expectType(await measure(contextOf([crowd], 4, { settings })), 'hessian')
    expect(sample.lambdaMaxResidual).toBeLessThan(1e-3 * 1000)
    expect(sample.lambdaMinResidual).toBeGreaterThan(1e-3 * 1000)
    expect(sample.converged).toBe(false)
  })

  test('of a larger network is felt with residual bounds that shrink as its eigenvalues do', async () => {
    const optimizer = { ...DEFAULT_OPTIMIZER, kind: 'rmsprop' as const, eps: 0 }
    const feltAt = async (moment: number) => {
      const probe = { ...diagonal(1), secondMoments: async () => new Float64Array(500).fill(moment) }
      return expectType(await measure(contextOf([probe], 4, { optimizer })), 'hessian').preconditionedSpectrum!
    }
    // sqrt v is 1 and then 4: the same signs, powers of two, so the same bits.
    const [one, quarter] = [await feltAt(1), await feltAt(16)]
    expect(one.lambdaMaxResidual).toBeGreaterThan(0)
    for (const name of ['lambdaMax', 'lambdaMin', 'lambdaMaxResidual', 'lambdaMinResidual'] as const)
      expect(quarter[name]).toBe(one[name] / 4)
  })

  test('of a larger network is estimated by Lanczos, whose residual bounds hold', async () => {
    const settings = { ...DEFAULT_DIAGNOSTICS, lanczosSteps: 40 }
    const sample = expectType(await measure(contextOf([diagonal(1)], 4, { settings })), 'hessian')
    expect(sample).toMatchObject({
      method: 'lanczos',
      eigenvalues: null,
      numNegative: null,
      probes: 1,
      lanczosSteps: 40,
      traceStderr: null,
      frobeniusStderr: null,
    })
    const nearest = (value: number) => Math.min(...spread.map((eigenvalue) => Math.abs(eigenvalue - value)))
    // An eigenvalue lies within the bound; 1e-9 for the rounding of 500.
    expect(nearest(sample.lambdaMax)).toBeLessThanOrEqual(sample.lambdaMaxResidual + 1e-9)
    expect(nearest(sample.lambdaMin)).toBeLessThanOrEqual(sample.lambdaMinResidual + 1e-9)
    // The end that stands alone is found to far better than the 1e-3 that `converged` means.
    expect(Math.abs(sample.lambdaMin + 125)).toBeLessThan(1e-6)
    expect(sample.nodeWeights!.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 10)
  })

  test('says that Lanczos has not converged after two steps', async () => {
    const settings = { ...DEFAULT_DIAGNOSTICS, lanczosSteps: 2 }
    const sample = expectType(await measure(contextOf([diagonal(1)], 4, { settings })), 'hessian')
    expect(sample.converged).toBe(false)
    expect(sample.lambdaMaxResidual).toBeGreaterThan(1)
  })

  test('draws other Lanczos starts at another step, and the same at the same', async () => {
    const settings = { ...DEFAULT_DIAGNOSTICS, lanczosSteps: 4 }
    const [first, second, third] = await Promise.all(
      [3, 9, 3].map(async (step) => expectType(await measure(contextOf([diagonal(1)], 4, { settings, step })), 'hessian').nodes),
    )
    expect(third).toEqual(first)
    expect(second).not.toEqual(first)
  })

  test('is exact on demand up to 1500 parameters', async () => {
    const sample = expectType(await measure(contextOf([diagonal(1)], 4, { effort: 'full' })), 'hessian')
    expect(sample).toMatchObject({ method: 'exact', lambdaMin: -125, lambdaMax: 499, numNegative: 1 })
  })

  test('of a larger network has trace and norm within four standard errors on demand', async () => {
    const sample = expectType(await measure(contextOf([diagonal(4)], 4, { effort: 'full' })), 'hessian')
    expect(sample).toMatchObject({ method: 'lanczos', probes: 8, lanczosSteps: 80, converged: true })
    const trace = 4 * spread.reduce((sum, value) => sum + value, 0)
    expect(Math.abs(sample.trace - trace)).toBeLessThan(4 * sample.traceStderr!)
    expect(Math.abs(sample.frobenius - 2 * Math.hypot(...spread))).toBeLessThan(4 * sample.frobeniusStderr!)
    // Standard errors of 8 probes of 2000 entries: a percent or so, never hidden and never huge.
    expect(sample.traceStderr! / trace).toBeLessThan(0.05)
    expect(sample.traceStderr!).toBeGreaterThan(0)
  })

  test('as RMSprop feels it is estimated by its extremes where it is not formed', async () => {
    // P^-1 H has the eigenvalues of H / 2 for equal second moments of 4.
    const probe: Probe = { ...diagonal(1), secondMoments: async () => new Float64Array(500).fill(4) }
    const optimizer = { ...DEFAULT_OPTIMIZER, kind: 'rmsprop' as const, eps: 0 }
    const settings = { ...DEFAULT_DIAGNOSTICS, lanczosSteps: 60 }
    const sample = expectType(await measure(contextOf([probe], 4, { settings, optimizer })), 'hessian')
    expect(sample.preconditioned![0]).toBeCloseTo(-62.5, 6)
    // The upper end is crowded: Lanczos stands 1e-3 below it at most.
    expect(Math.abs(sample.preconditioned![1] - 249.5)).toBeLessThan(0.25)
  })

  test('shows its three largest and three smallest eigenvalues from the outside inwards, exactly', async () => {
    const values = [4, -3, 7, 1, -9, 0]
    const hessian = values.map((value, i) => values.map((_, j) => (i === j ? value : 0)))
    const probe = quadraticProbe({ hessian, slopes: [[1, 1, 1, 1, 1, 1]], weights: [0, 0, 0, 0, 0, 0], layerSizes: [2, 4] })
    const { ends, layerSizes } = expectType(await measure(contextOf([probe], 1)), 'hessian')
    expect([[...ends!.largest], [...ends!.smallest]]).toEqual([
      [7, 4, 1],
      [-9, -3, 0],
    ])
    expect([...ends!.largestResiduals, ...ends!.smallestResiduals]).toEqual([0, 0, 0, 0, 0, 0])
    expect([...layerSizes!]).toEqual([2, 4])
  })

  test('shows as many ends as it has eigenvalues', async () => {
    const { ends } = expectType(await measure(contextOf([quadraticProbe(PLANE)], 4)), 'hessian')
    expect([ends!.largest.length, ends!.smallest.length]).toEqual([2, 2])
  })

  test('has outer Lanczos values that lie within their residuals of eigenvalues, and inner ones that are less sure', async () => {
    const settings = { ...DEFAULT_DIAGNOSTICS, lanczosSteps: 30, lanczosProbes: 3 }
    const { ends, lambdaMax, lambdaMin } = expectType(await measure(contextOf([diagonal(1)], 4, { settings })), 'hessian')
    const nearest = (value: number) => Math.min(...spread.map((eigenvalue) => Math.abs(eigenvalue - value)))
    // 1e-9: rounding of 500.
    ends!.largest.forEach((value, k) => expect(nearest(value)).toBeLessThanOrEqual(ends!.largestResiduals[k] + 1e-9))
    ends!.smallest.forEach((value, k) => expect(nearest(value)).toBeLessThanOrEqual(ends!.smallestResiduals[k] + 1e-9))
    expect([ends!.largest[0], ends!.smallest[0]]).toEqual([lambdaMax, lambdaMin])
    expect([...ends!.largest]).toEqual([...ends!.largest].sort((a, b) => b - a))
    expect(ends!.largestResiduals[2]).toBeGreaterThan(ends!.largestResiduals[0])
  })

  test('as the optimizer feels it can be drawn: all eigenvalues when formed, nodes with weights when estimated', async () => {
    const optimizer = { ...DEFAULT_OPTIMIZER, kind: 'adam' as const, eps: 0 }
    const moments = new Float64Array(500).fill(4)
    const formed = expectType(await measure(contextOf([quadraticProbe({ ...PLANE, secondMoments: [4, 4] })], 4, { optimizer })), 'hessian')
    const exact = formed.preconditionedSpectrum!
    exact.eigenvalues!.forEach((value, k) => expect(2 * value).toBeCloseTo(formed.eigenvalues![k], 12))
    expect(exact).toMatchObject({ nodes: null, converged: true, lambdaMaxResidual: 0 })
    const large: Probe = { ...diagonal(1), secondMoments: async () => moments }
    const estimated = expectType(await measure(contextOf([large], 4, { optimizer })), 'hessian').preconditionedSpectrum!
    expect(estimated.eigenvalues).toBeNull()
    expect(estimated.nodes!.length).toBe(estimated.nodeWeights!.length)
    expect(estimated.nodeWeights!.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 10)
    expect(estimated.nodes!.at(-1)).toBe(estimated.lambdaMax)
    // An eigenvalue of H / 2 lies within the bound.
    const nearest = Math.min(...spread.map((value) => Math.abs(value / 2 - estimated.lambdaMax)))
    expect(nearest).toBeLessThanOrEqual(estimated.lambdaMaxResidual + 1e-9)
  })

  test('is given up for the cheap answer when somebody wants the run to go on', async () => {
    let asked = 0
    const sample = expectType(await measure(contextOf([diagonal(1)], 4, { effort: 'full', isAwaited: () => ++asked > 3 })), 'hessian')
    expect(sample).toMatchObject({ method: 'lanczos', probes: DEFAULT_DIAGNOSTICS.lanczosProbes, entries: null })
    expect(sample.lanczosSteps).toBe(DEFAULT_DIAGNOSTICS.lanczosSteps)
    const live = expectType(await measure(contextOf([quadraticProbe(PLANE)], 4, { isAwaited: () => true })), 'hessian')
    expect(live.method).toBe('exact')
  })

  test('of a larger network has its layer blocks estimated on demand, and not live', async () => {
    const sizes = [1500, 500]
    const layers = sizes.map((size, layer) => ({
      name: `layer ${layer + 1}`,
      kind: 'dense' as const,
      offset: layer === 0 ? 0 : 1500,
      size,
    }))
    const probe: Probe = { ...diagonal(4), layers }
    const full = expectType(await measure(contextOf([probe], 4, { effort: 'full' })), 'hessian')
    expect(full).toMatchObject({ method: 'lanczos', blockMeanAbs: null })
    // One nonzero entry a column: random signs change nothing, so the estimate is exact.
    expect(full.blockFrobenius![0]).toBeCloseTo(Math.sqrt(3) * Math.hypot(...spread), 6)
    expect(full.blockFrobenius![3]).toBeCloseTo(Math.hypot(...spread), 6)
    expect([full.blockFrobenius![1], full.blockFrobeniusStderr![0]]).toEqual([0, 0])
    const live = expectType(await measure(contextOf([probe], 4)), 'hessian')
    expect(live.blockFrobenius).toBeNull()
  })
})

describe('estimatedBlocks', () => {
  const sizes = [7, 12, 5]
  const dimension = 24
  const layers = sizes.map((size, layer) => ({ size, offset: sizes.slice(0, layer).reduce((sum, own) => sum + own, 0) }))
  const stream = namedStream(91, 'weights')
  const matrix = new Float64Array(dimension * dimension)
  for (let i = 0; i < dimension; i++)
    for (let j = i; j < dimension; j++) matrix[i * dimension + j] = matrix[j * dimension + i] = stream.normal()
  const operator = async (block: Float64Array, count: number) =>
    Float64Array.from({ length: count * dimension }, (_, at) => {
      const [v, i] = [Math.floor(at / dimension), at % dimension]
      let sum = 0
      for (let j = 0; j < dimension; j++) sum += matrix[i * dimension + j] * block[v * dimension + j]
      return sum
    })

  test('agrees with the blocks of the whole matrix within its own error bars', async () => {
    const exact = layerBlocks(matrix, layers).frobenius
    const { frobenius, stderr } = await estimatedBlocks(operator, layers, dimension, namedStream(92, 'probes'), 200)
    // Four standard errors each; nine blocks of which six are different.
    exact.forEach((value, at) => expect(Math.abs(frobenius[at] - value)).toBeLessThan(4 * stderr[at] + 1e-12))
    for (let row = 0; row < 3; row++)
      for (let column = 0; column < 3; column++) expect(frobenius[row * 3 + column]).toBe(frobenius[column * 3 + row])
    expect(Math.max(...stderr.map((error, at) => error / frobenius[at]))).toBeLessThan(0.05)
  })

  test('keeps sizes whose squares leave float64', async () => {
    const tiny = async (block: Float64Array, count: number) => (await operator(block, count)).map((value) => value * 1e-200)
    const [small, plain] = [
      await estimatedBlocks(tiny, layers, dimension, namedStream(93, 'probes'), 4),
      await estimatedBlocks(operator, layers, dimension, namedStream(93, 'probes'), 4),
    ]
    small.frobenius.forEach((value, at) => expect(value / 1e-200 / plain.frobenius[at]).toBeCloseTo(1, 9))
  })

  test('refuses layers that do not cover the matrix', async () => {
    await expect(estimatedBlocks(operator, layers.slice(1), dimension, namedStream(1, 'probes'), 2)).rejects.toThrow(ShapeFault)
  })
})
