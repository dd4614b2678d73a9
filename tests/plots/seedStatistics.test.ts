// Do mean, interval, slope and lost seeds on the plots agree with the numbers that they are made of?
import { describe, expect, test } from 'vitest'
import type { TheoryCurve } from '../../src/core/theoryCurve.ts'
import { meanInterval } from '../../src/numerics/meanInterval.ts'
import { namedStream } from '../../src/numerics/streams.ts'
import { gradientNormPlot } from '../../src/plots/gradientNormPlot.ts'
import { layerMeans, lostSeeds, rateWithDepth, slopeOverLayers } from '../../src/plots/gradientStatistics.ts'
import { lossPlot } from '../../src/plots/lossPlot.ts'
import { createSeedMeans, extendMeans, rowMean } from '../../src/plots/seedMeans.ts'
import { chainSlopes } from '../../src/theory/chainSlopes.ts'
import { uniformLaw } from '../../src/theory/weightLaw.ts'
import { gradientData, gradientSample, lossData, MAIN_BOX, signalData, SMALL_BOX } from './plotSamples.ts'
import { marksOf, wordsOf } from './words.ts'

describe('the mean over seeds', () => {
  test('is that of the living seeds, row by row, while rows come', () => {
    const values = Float64Array.of(1, 2, 3, 4, NaN, 6, 7, NaN, NaN)
    const table = { steps: Float64Array.of(0, 1, 2), values, rowWidth: 3 }
    const means = createSeedMeans()
    extendMeans(means, { ...table, count: 1 })
    const rows = extendMeans(means, { ...table, count: 3 })
    const first = meanInterval([1, 2, 3])
    expect([...rows.values.subarray(0, 3)]).toEqual([first.lower, first.mean, first.upper])
    const second = meanInterval([4, 6])
    expect([...rows.values.subarray(3, 6)]).toEqual([second.lower, second.mean, second.upper])
    // A single living seed is its own interval: a band that jumps to infinity would hide the line.
    expect([...rows.values.subarray(6, 9)]).toEqual([7, 7, 7])
    expect(rowMean(Float64Array.of(NaN), 0, 1).mean).toBeNaN()
  })

  test('starts over when the store has thinned its rows', () => {
    const means = createSeedMeans()
    extendMeans(means, { steps: Float64Array.of(0, 1, 2, 3), values: Float64Array.of(1, 2, 3, 4), count: 4, rowWidth: 1 })
    const rows = extendMeans(means, { steps: Float64Array.of(0, 2, 4), values: Float64Array.of(1, 3, 5), count: 3, rowWidth: 1 })
    expect([rows.values[1], rows.values[4], rows.values[7]]).toEqual([1, 3, 5])
  })

  test('is drawn bold with one band where it is asked for, and the small card stays as it is', () => {
    const draw = (statistic: 'mean' | 'median', box = MAIN_BOX) => lossPlot.draw({ ...lossData(), statistic }, box, lossPlot.createMemory())
    const bands = (statistic: 'mean' | 'median') => marksOf(draw(statistic).canvas, 'area').length
    expect([bands('mean'), bands('median')]).toEqual([2, 4])
    expect(marksOf(draw('mean', SMALL_BOX).canvas, 'area')).toEqual(marksOf(draw('median', SMALL_BOX).canvas, 'area'))
    expect(lossPlot.caption({ ...lossData(), statistic: 'mean' })).toContain('mean bold with 95 % interval')
    const drawing = draw('median')
    const readout = drawing.probe(drawing.stops.x[3], drawing.stops.y)!
    expect(readout.lines.map(({ name }) => name)).toContain('mean, 95 % interval')
  })

  test('counts the seeds that have diverged in the head of the card', () => {
    const data = lossData()
    const values = data.arms[0].values.slice()
    values[(data.arms[0].count - 1) * 32 + 4] = NaN
    const lost = { ...data, arms: [{ ...data.arms[0], values }, data.arms[1]] }
    expect(lossPlot.caption(lost)).toContain('A 1 diverged')
    expect(lossPlot.caption(data)).not.toContain('diverged')
  })
})

describe('the statistics of gradient norms', () => {
  test('have the mean of the norms, not of their logarithms, where no float holds them', () => {
    const shift = -400
    const { mean, lower, upper } = layerMeans(Float64Array.of(shift, shift + 1, shift + 2), 3, 1)
    const direct = meanInterval([1, 10, 100])
    expect(mean[0] - shift).toBeCloseTo(Math.log10(direct.mean), 12)
    expect(upper[0] - shift).toBeCloseTo(Math.log10(direct.upper), 12)
    // Three such seeds cannot exclude zero.
    expect(lower[0]).toBe(-Infinity)
  })

  test('stay finite for dead layers, and undefined for diverged ones', () => {
    expect(layerMeans(Float64Array.of(-Infinity, -Infinity), 2, 1).mean[0]).toBe(-Infinity)
    expect(layerMeans(Float64Array.of(NaN, NaN), 2, 1).mean[0]).toBeNaN()
  })

  test('find the slope of the sample and that of the predicted curve', () => {
    const { measured, predicted } = slopeOverLayers(gradientSample('A', 0, 24, 8, -0.3), 'norm', gradientData().theory)
    // The sample rises by 0.3 a layer from input to output, the curve by 7/23.
    expect(measured.mean).toBeCloseTo(0.3, 12)
    expect(measured.over).toBe('seeds')
    expect(predicted).toBeCloseTo(7 / 23, 12)
  })

  test('find the rate of a chain with depth within its own interval (seed 71)', () => {
    const [depth, seeds, tau] = [40, 64, 1.5]
    const stream = namedStream(71, 'weights')
    const log10 = new Float64Array(seeds * depth)
    for (let seed = 0; seed < seeds; seed++) {
      const logs = Float64Array.from({ length: depth }, () => Math.log10(Math.abs(tau * (2 * stream.uniform() - 1))))
      const all = logs.reduce((sum, value) => sum + value, 0)
      for (let layer = 0; layer < depth; layer++) log10[seed * depth + layer] = all - logs[layer]
    }
    const { gradient } = chainSlopes(uniformLaw(tau))
    const curve: TheoryCurve = {
      id: 'chain.gradientSlope',
      label: '(log10)',
      source: '',
      axis: 'depth',
      x: Float64Array.of(1, 40),
      y: Float64Array.of(0, 39 * gradient),
      hypotheses: [],
    }
    const rate = rateWithDepth({ ...gradientSample('A', 0, depth, seeds), log10 }, curve)!
    expect(rate.predicted).toBeCloseTo(gradient, 12)
    // Four standard errors; the target term alone is drawn here, as deep below e it is.
    expect(Math.abs(rate.measured.mean - gradient)).toBeLessThan(4 * rate.measured.standardError)
    expect(rate.measured.upper - rate.measured.lower).toBeLessThan(0.1)
  })

  test("say whose gradient it is where it is not the probe set's", () => {
    const data = gradientData()
    expect(gradientNormPlot.caption(data)).toBe('norm by layer, median of 8 seeds')
    const arms = data.arms.map((arm, index) => ({ ...arm, current: { ...arm.current!, batchRows: index === 0 ? 16 : 64 } }))
    expect(gradientNormPlot.caption({ ...data, arms })).toBe('norm by layer, batch of 16 or 64, median of 8 seeds')
    expect(gradientNormPlot.summary({ ...data, arms })).toContain("gradient of the step's batch of 16 or 64 by layer")
    expect(gradientNormPlot.caption({ ...data, arms, quantity: 'forward' })).not.toContain('batch')
  })

  test('count dead and diverged seeds, and show both', () => {
    const sample = { ...gradientSample('A', 0, 6, 4), dead: Uint8Array.of(0, 1, 1, 0), globalLog10: Float64Array.of(0, 0, 0, NaN) }
    expect(lostSeeds(sample)).toEqual({ dead: 2, diverged: 1 })
    const data = {
      ...gradientData(),
      view: 'statistics' as const,
      arms: [{ arm: 'A' as const, label: 'SGD', current: sample, samples: [sample] }],
    }
    const texts = wordsOf(gradientNormPlot.draw(data, MAIN_BOX, gradientNormPlot.createMemory())).map(({ text }) => text)
    expect(texts).toEqual(expect.arrayContaining(['dead seeds', '2 of 4', 'diverged seeds', '1 of 4']))
    expect(gradientNormPlot.caption(data)).toContain('2 dead')
    expect(gradientNormPlot.summary(data)).toContain('2 of 4 seeds dead')
  })
})

describe('the signal', () => {
  test('is drawn relative to the first layer, from the seeds that were asked', () => {
    const data = signalData()
    const drawing = gradientNormPlot.draw(data, SMALL_BOX, gradientNormPlot.createMemory())
    expect(drawing.probe(drawing.stops.x[0], 100)!.lines[0].value).toBe('1')
    // 23 layers on, 2.3 decades less.
    expect(drawing.probe(drawing.stops.x[23], 100)!.lines[0].value).toBe('0.005')
    expect(gradientNormPlot.summary(data)).toContain('Root mean square of the preactivations')
  })
  test('says that it is asked of a GPU only while the run rests', () => {
    const data = { ...gradientData(), quantity: 'forward' as const }
    const texts = wordsOf(gradientNormPlot.draw(data, MAIN_BOX, gradientNormPlot.createMemory())).map(({ text }) => text)
    expect(texts).toContain('Not measured while the run goes on')
  })
})
