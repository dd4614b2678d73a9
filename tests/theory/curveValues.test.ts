// Does every assembled curve go through the value that its formula has at the run's own place, worked out by hand?
import { describe, expect, test } from 'vitest'
import { DEFAULT_EXPERIMENT, DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { Experiment } from '../../src/core/experiment.ts'
import type { TheoryCurve } from '../../src/core/theoryCurve.ts'
import { batchSumCurves } from '../../src/theory/batchSumCurves.ts'
import { productLogQuantile } from '../../src/theory/chainDistribution.ts'
import { theoryFor } from '../../src/theory/curvesFor.ts'
import { linearGradientSquares } from '../../src/theory/linearGradientMoments.ts'
import { paddingLimit } from '../../src/theory/convolutionPadding.ts'
import { runFacts, type MeasuredFacts, type RunFacts } from '../../src/theory/runFacts.ts'
import { log10Of } from '../../src/numerics/logMagnitude.ts'
import { nullCosineDensity } from '../../src/theory/nullCosine.ts'

const ROOT3 = Math.sqrt(3)
const chain: Experiment = { ...DEFAULT_EXPERIMENT, versus: null, init: { scheme: 'uniform', tau: ROOT3, gain: 1 } }
const mlp: Experiment = {
  ...DEFAULT_MLP,
  model: { ...DEFAULT_MLP.model, activation: 'identity', bias: false, depth: 5, width: 16 },
  init: { scheme: 'uniform', tau: 1, gain: 1 },
  data: { ...DEFAULT_MLP.data, kind: 'gaussian', inputs: 8, outputs: 1, trainCount: 500 },
  loss: { kind: 'squaredError', reduction: 'mean' },
}
/** x = 2, y = 3: mean x^2 = 4, mean xy = 6. */
const POINT = { traceS: 4, traceSS: 16, crossSquare: 36, meanInputSquare: 4, meanTargetSquare: 9 }

function curvesOf(arm: Experiment, data: RunFacts['data'] = null, measured: MeasuredFacts = {}): ReadonlyMap<string, TheoryCurve> {
  const isChain = arm.model.kind === 'chain'
  const shape = { inputWidth: isChain ? 1 : 8, outputWidth: 1, imageShape: null, trainCount: arm.data.trainCount }
  return new Map(theoryFor(runFacts(arm, shape, data, measured)).map((curve) => [curve.id, curve]))
}
/** The value at a place that the curve has. */
function at(curve: TheoryCurve | undefined, x: number): number {
  const index = curve?.x.indexOf(x) ?? -1
  if (index < 0) throw new Error(`no value at ${x}`)
  return curve!.y[index]
}

describe('the curves of a chain', () => {
  const curves = curvesOf(chain, POINT)
  const falling = Math.log10(ROOT3 / Math.E)

  test('have their rates pass through c, c and m where one or two weights are left out', () => {
    expect(at(curves.get('chain.gradientSlope'), 24)).toBeCloseTo(Math.log10(6) + 23 * falling, 12)
    expect(at(curves.get('chain.hessianOffDiagonalSlope'), 24)).toBeCloseTo(Math.log10(6) + 22 * falling, 12)
    expect(at(curves.get('chain.hessianDiagonalSlope'), 24)).toBeCloseTo(Math.log10(4) + 23 * 2 * falling, 12)
  })
  test('have them pass through m above e, where the own term rules and all three double', () => {
    const rising = curvesOf({ ...chain, init: { ...chain.init, tau: 4 } }, POINT)
    const rate = 2 * Math.log10(4 / Math.E)
    expect(at(rising.get('chain.gradientSlope'), 24)).toBeCloseTo(Math.log10(4) + 23 * rate, 12)
    expect(at(rising.get('chain.hessianOffDiagonalSlope'), 24)).toBeCloseTo(Math.log10(8) + 23 * rate, 12)
    expect(at(rising.get('chain.hessianDiagonalSlope'), 24)).toBeCloseTo(Math.log10(4) + 23 * rate, 12)
  })
  test('have the root mean squares of gradient and Hessian entries', () => {
    // m2 = 1, m4 = 9/5 at tau = sqrt 3.
    const m4 = (power: number) => 1.8 ** power
    expect(at(curves.get('chain.gradientRms'), 7)).toBeCloseTo(0.5 * Math.log10(16 * m4(23) + 36), 10)
    expect(at(curves.get('chain.hessianOffDiagonalRms'), 24)).toBeCloseTo(0.5 * Math.log10(4 * 16 * m4(22) + 36), 10)
    expect(at(curves.get('chain.hessianDiagonalRms'), 24)).toBeCloseTo(0.5 * Math.log10(16 * m4(23)), 10)
  })
  test('have the same with m2 unlike 1, where exponents show', () => {
    const small = curvesOf({ ...chain, init: { ...chain.init, tau: 0.9 } }, POINT)
    const [m2, m4] = [0.27, 0.9 ** 4 / 5]
    expect(at(small.get('chain.gradientRms'), 0)).toBeCloseTo(0.5 * Math.log10(16 * m2 * m4 ** 23 + 36 * m2 ** 23), 10)
    expect(at(small.get('chain.hessianOffDiagonalRms'), 24)).toBeCloseTo(0.5 * Math.log10(64 * m2 ** 2 * m4 ** 22 + 36 * m2 ** 22), 10)
  })
  test('have a lower and an upper quartile around the median', () => {
    const [lower, median, upper] = ['LowerQuartile', 'Median', 'UpperQuartile'].map((name) =>
      at(curves.get(`chain.gradient${name}ByDepth`), 24),
    )
    expect(lower).toBeLessThan(median - 0.5)
    expect(upper).toBeGreaterThan(median + 0.5)
  })
  test('have the signal as squares: log10 of the variance a layer, and twice the median of a product', () => {
    const other = curvesOf({ ...chain, init: { ...chain.init, tau: 1.2 } }, POINT)
    expect(at(other.get('chain.forwardSquare'), 10)).toBeCloseTo(10 * Math.log10(0.48), 12)
    expect(at(other.get('chain.forwardTypical'), 10)).toBeCloseTo((2 * productLogQuantile(0.5, 10, 1.2)) / Math.LN10, 12)
    expect(at(other.get('chain.forwardTypical'), 0)).toBe(0)
  })
  test('with equal weights count time as steps times the rate, and need 0 < w0 < 1 and three layers', () => {
    const equal = (tau: number, depth: number) =>
      curvesOf(
        {
          ...chain,
          model: { ...chain.model, depth },
          init: { scheme: 'constant', tau, gain: 1 },
          optimizer: { ...chain.optimizer, kind: 'sgd', lr: 0.1 },
        },
        POINT,
      )
    const bound = equal(0.7, 10).get('chain.lossLowerBound')!
    // At t = 0.1 s: w = (w0^-8 - 8 t)^(-1/8).
    const index = bound.x.findIndex((step) => step > 0 && bound.y[bound.x.indexOf(step)] > 0)
    const w = (0.7 ** -8 - 8 * 0.1 * bound.x[index]) ** (-1 / 8)
    expect(bound.y[index]).toBeCloseTo(0.5 * (1 - w ** 10) ** 2, 12)
    expect(at(equal(0.7, 10).get('chain.escapeByDepth'), 10)).toBeCloseTo(Math.log10((0.7 ** -8 - 1) / 8 / 0.1), 12)
    expect(equal(1, 10).has('chain.lossLowerBound')).toBe(false)
    expect(equal(0.7, 2).has('chain.lossLowerBound')).toBe(false)
    expect(equal(0.7, 3).has('chain.lossLowerBound')).toBe(true)
  })
})

describe('the curves of a network', () => {
  const rate = Math.log10(1 / 3)

  test('start their rates at one layer: (L-1)/2, (L-1)/2 and L-1 times log10 of p d s2', () => {
    const curves = curvesOf(mlp)
    expect(at(curves.get('mlp.gradientRate'), 5)).toBeCloseTo(4 * 0.5 * rate, 12)
    expect(at(curves.get('mlp.hessianOffDiagonalRate'), 5)).toBeCloseTo(4 * 0.5 * rate, 12)
    expect(at(curves.get('mlp.hessianDiagonalRate'), 5)).toBeCloseTo(4 * rate, 12)
  })
  test('know the width in the rate on the diagonal where weights are normal', () => {
    const normal = curvesOf({ ...mlp, init: { ...mlp.init, scheme: 'lecunNormal' } })
    expect(at(normal.get('mlp.hessianDiagonalRate'), 5)).toBeCloseTo(4 * 0.5 * Math.log10(18 / 16), 12)
    expect(at(normal.get('mlp.hessianOffDiagonalRate'), 5)).toBeCloseTo(0, 12)
  })
  test('multiply by the number of samples where the loss is a sum: of those measured, not of all', () => {
    const normal: Experiment = { ...mlp, init: { ...mlp.init, scheme: 'lecunNormal' }, diagnostics: { ...mlp.diagnostics, probeCount: 20 } }
    const sum: Experiment = { ...normal, loss: { kind: 'squaredError', reduction: 'sum' } }
    const shift = at(curvesOf(sum, POINT).get('mlp.gradientRms'), 2) - at(curvesOf(normal, POINT).get('mlp.gradientRms'), 2)
    expect(shift).toBeCloseTo(Math.log10(20), 12)
    const orthogonal = (arm: Experiment) =>
      at(curvesOf({ ...arm, init: { ...arm.init, scheme: 'orthogonal' } }, null, { residualInputNorm: 5 }).get('mlp.orthogonalGradient'), 3)
    expect(orthogonal(normal)).toBeCloseTo(Math.log10(5), 12)
    expect(orthogonal(sum)).toBeCloseTo(Math.log10(100), 12)
  })
  test('say how likely a layer is dead behind L - 1 relu layers', () => {
    const relu = curvesOf({ ...mlp, model: { ...mlp.model, activation: 'relu', width: 4, depth: 3 } })
    expect(relu.get('mlp.gradientRate')!.hypotheses.at(-1)!.measured).toContain(String(Number(((15 / 16) ** 2).toPrecision(4))))
    expect(relu.get('mlp.forwardTypical')).toBeUndefined()
    const he = curvesOf({
      ...mlp,
      model: { ...mlp.model, activation: 'relu', width: 4, depth: 3 },
      init: { ...mlp.init, scheme: 'heNormal' },
    })
    expect(he.get('mlp.forwardTypical')!.hypotheses.at(-1)!.measured).toContain(String(Number(((15 / 16) ** 2).toPrecision(4))))
  })
  test('name the limit of zero padding, a factor of each direction', () => {
    const spec: Experiment = { ...mlp, model: { ...mlp.model, kind: 'cnn', family: 'plain', depth: 4, width: 3 } }
    const facts = runFacts(spec, { inputWidth: 35, outputWidth: 1, imageShape: [1, 7, 5], trainCount: 9 }, null)
    const padded = theoryFor(facts)
      .find(({ id }) => id === 'cnn.forwardSquare')!
      .hypotheses.find(({ text }) => text.startsWith('zeros'))!
    expect(padded.measured).toContain(String(Number(Math.sqrt(paddingLimit(7) * paddingLimit(5)).toPrecision(4))))
    expect(padded.measured).toContain('7 x 5')
  })
  test('draw the null cosines eight deviations wide, in two dimensions as well and not in one', () => {
    const curve = curvesOf({ ...mlp, model: { ...mlp.model, width: 200 } }).get('cosine.null')!
    const parameters = 8 * 200 + 3 * 200 * 200 + 200
    expect(curve.x.at(-1)).toBeCloseTo(8 / Math.sqrt(parameters), 12)
    expect(curve.y[100]).toBeCloseTo(nullCosineDensity(0, parameters), 9)
    const small = (depth: number) => curvesOf({ ...chain, model: { ...chain.model, depth } })
    expect(small(2).get('cosine.null')!.y.every(Number.isFinite)).toBe(true)
    expect(small(1).has('cosine.null')).toBe(false)
    expect(small(9).get('cosine.deviation')!.y[0]).toBeCloseTo(1 / 3, 12)
  })
  test('have the floor of SGD: alpha eta over one minus rho', () => {
    const one: Experiment = { ...mlp, model: { ...mlp.model, depth: 1 }, optimizer: { ...mlp.optimizer, kind: 'sgd', lr: 1e-4 }, batch: 1 }
    const { label } = curvesOf(one, null, { initialTrainLoss: 1, outputGradientSquare: { min: 2, max: 4 }, confusion: 0.5 }).get(
      'sgd.confusionBound',
    )!
    // rho = 1 - (4/500)(1e-4 - 500 * 4 * 1e-8 / 2).
    const floor = (1e-4 * 0.5) / ((4 / 500) * (1e-4 - 1e-5))
    expect(label).toContain(String(Number(floor.toPrecision(4))))
  })
  test('certify no loss when the kernel of the start was not seen', () => {
    const kernel = { steps: [5, 10], lower: [1, 1], upper: [2, 2] }
    const late = curvesOf(mlp, null, { kernel, initialLoss: 1 })
    expect(late.has('kernel.plLower')).toBe(true)
    expect(late.has('kernel.lossUpperBound')).toBe(false)
  })
  test('have the distance of the nearest solution and the drift of Theorem 5.1', () => {
    const ball = { steps: [0, 7], lipschitz: [2, 4], distance: [0, 3], residual: 6, kernelNorm: 5, rows: 9, curvature: 0.1 }
    const curves = curvesOf({ ...mlp, model: { ...mlp.model, activation: 'tanh' } }, null, { ball })
    expect([...curves.get('kernel.nearestSolution')!.y]).toEqual([3, 1.5])
    // 2 L_F sqrt(n) R |H| / |K_0|.
    expect([...curves.get('kernel.driftBound')!.y]).toEqual([0, expect.closeTo((2 * 4 * 3 * 3 * 0.1) / 5, 12)])
    const { residual: _, curvature: __, ...bare } = ball
    const none = curvesOf({ ...mlp, model: { ...mlp.model, activation: 'tanh' } }, null, { ball: bare })
    expect(none.has('kernel.nearestSolution') || none.has('kernel.driftBound')).toBe(false)
  })
  test('bound the drift of the shallow network by its width, whatever its inputs', () => {
    const ball = { steps: [1], lipschitz: [2], distance: [3], kernelNorm: 5, rows: 4, reach: 0.5 }
    const shallow: Experiment = {
      ...mlp,
      model: { ...mlp.model, depth: 2, width: 25, activation: 'swish', outputWeights: 'signs', parameterization: 'ntk' },
    }
    // sup |swish''| = 1/2: |H| <= 0.25 * 0.5 / 5.
    expect(curvesOf(shallow, null, { ball }).get('kernel.driftBound')!.y[0]).toBeCloseTo((2 * 2 * 2 * 3 * 0.025) / 5, 12)
  })
  test('have tails with the gate of relu and the fourth moment of an input without direction', () => {
    const he: Experiment = { ...mlp, model: { ...mlp.model, activation: 'relu' }, init: { ...mlp.init, scheme: 'heNormal' } }
    const tail = (arm: Experiment, layers: number) => 10 ** at(curvesOf(arm, POINT).get('mlp.signalTail'), layers)
    expect(tail(he, 1)).toBeCloseTo(18 / 16, 12)
    // Behind the gate E|a|_2^4 gains E|h|_4^4 = 3/16.
    expect(tail(he, 2)).toBeCloseTo((18 / 16) * (18 / 16 + 3 / 16), 12)
    // Uniform weights, |x|_4^4 = 3/(d+2) |x|^4 with d = 8: kappa - 3 = -1.2.
    expect(tail(mlp, 1)).toBeCloseTo((18 - 1.2 * 0.3) / 16, 12)
  })
  test('say nothing of diversity for orthogonal weights, whose entries are not independent', () => {
    const ids = [...curvesOf({ ...mlp, init: { ...mlp.init, scheme: 'orthogonal' } }).keys()]
    expect(ids).toContain('mlp.orthogonalCosine')
    expect(ids.filter((id) => id.startsWith('diversity.'))).toEqual([])
  })
  test('have the scale of the median and the width for a tail', () => {
    const curves = curvesOf({ ...mlp, init: { ...mlp.init, scheme: 'lecunNormal' } })
    // psi(8) = 2.01564: exp(-2.01564)/2.
    expect(at(curves.get('mlp.stableScale'), 16)).toBeCloseTo(0.06662, 4)
    expect(at(curves.get('mlp.widthForTail'), 5)).toBeCloseTo(2 / (2 ** 0.2 - 1), 12)
    const relu = curvesOf({ ...mlp, model: { ...mlp.model, activation: 'relu', width: 1 }, init: { ...mlp.init, scheme: 'heNormal' } })
    // One gate, given that it is open: exp(-psi(1/2))/2.
    expect(at(relu.get('mlp.stableScale'), 1)).toBeCloseTo(3.5621, 4)
    expect(relu.has('mlp.widthForTail')).toBe(false)
    expect(at(curvesOf(chain).get('chain.stableScale'), 1)).toBeCloseTo(Math.E, 12)
    expect(at(curvesOf({ ...chain, init: { ...chain.init, scheme: 'unitNormal' } }).get('chain.stableScale'), 1)).toBeCloseTo(
      1.887 * ROOT3,
      2,
    )
  })
})

describe('batchSumCurves', () => {
  test('differ with and without replacement as the two formulas do', () => {
    const sums = { sizes: Float64Array.of(1), means: Float64Array.of(1), stderrs: Float64Array.of(0), draws: 1, meanSquare: 7 }
    const [without, again] = batchSumCurves(sums, 10, 0.25, false)
    // All ten: |sum|^2 = n M^2 / Delta without; with replacement 1 + 9/(10 Delta).
    expect(without.y.at(-1)).toBeCloseTo(1 / 0.25, 12)
    expect(again.y.at(-1)).toBeCloseTo(1 + 9 / 2.5, 12)
    expect([without.y[0], again.y[0]]).toEqual([1, 1])
    expect(batchSumCurves({ ...sums, meanSquare: 0 }, 10, 0.25, false)).toEqual([])
  })
})

describe('linearGradientSquares', () => {
  test('sees data moments of the biases through the gains of all other layers, widths 5-2-7-3, biases only far from zero mean', () => {
    const widths = [5, 2, 7, 3]
    const variances = [0.3, 0.9, 0.2]
    const layers = variances.map((variance, k) => ({ fanIn: widths[k], fanOut: widths[k + 1], variance, gradientScale: 1, bias: true }))
    const data = { traceS: 1e-30, traceSS: 1e-60, crossSquare: 1e-60, meanInputSquare: 0, meanTargetSquare: 4 }
    const squares = linearGradientSquares(layers, data)
    // Of the target only: |mean y|^2 times the variances and outputs above.
    const above = [2, 1, 0].map((layer) =>
      variances.slice(layer + 1).reduce((gain, variance, k) => gain * variance * widths[layer + 1 + k], 1),
    )
    for (const [index, layer] of [2, 1, 0].entries()) expect(10 ** log10Of(squares[layer])).toBeCloseTo(4 * above[index], 10)
    // Of the input only, |mean x|^2: the bias of the second layer sees W_1 through its own layer and B^T B above, one layer of 3 x 7.
    const seen = linearGradientSquares(layers, { ...data, meanTargetSquare: 0, meanInputSquare: 5 })
    const [s1, s2, s3] = variances
    // s_2 E tr (B^T B)^2 times E|A mean x|^2 = 2 s_1 5; E tr (B^T B)^2 = s_3^2 (7 * 8 * 3 + 7 * 9).
    expect(10 ** log10Of(seen[1])).toBeCloseTo(s2 * s3 ** 2 * (7 * 8 * 3 + 7 * 9) * 2 * s1 * 5, 9)
  })
})
