// drawPredictions, withPredictions and the points that stand in them
import { describe, expect, test } from 'vitest'
import type { TheoryCurve } from '../../src/core/theoryCurve.ts'
import { drawPredictions } from '../../src/plots/predictionCharts.ts'
import { lineMeetsBox } from '../../src/plots/lineMeetsBox.ts'
import type { PredictionChart } from '../../src/plots/predictionData.ts'
import { withPredictions } from '../../src/plots/predictionView.ts'
import { kernelPlot } from '../../src/plots/kernelPlot.ts'
import { diagonalMedian, medianFirstBelow, normPoint, offDiagonalMedian } from '../../src/plots/sizePoints.ts'
import { gradientSample, hollowSample, kernelData, MAIN_BOX, SMALL_BOX } from './plotSamples.ts'
import { clipped, marksOf, overlaps, wordsOf } from './words.ts'

const curve = (holds: boolean | 'unknown' = true): TheoryCurve => ({
  id: 'a',
  label: 'predicted (log10)',
  source: '',
  axis: 'depth',
  x: Float64Array.of(1, 10, 100),
  y: Float64Array.of(0, -1, -2),
  hypotheses: [{ text: 'h', holds, measured: '' }],
})
const chart = (more: Partial<PredictionChart> = {}): PredictionChart => ({
  name: 'gradient of a layer',
  xName: 'depth',
  x: 'log',
  y: 'log',
  points: [{ arm: 'A', x: 10, y: 0.1, low: 0.05, high: 0.2 }],
  curves: [curve()],
  missing: { head: 'Nothing yet', body: 'Press Run.' },
  ...more,
})

describe('drawPredictions', () => {
  test('puts a measurement that is right onto its curve', () => {
    const { canvas } = drawPredictions([chart()], MAIN_BOX)
    const [dot] = marksOf(canvas, 'dots')
    const line = marksOf(canvas, 'polyline').find(({ points }) => points.length === 6)!
    expect(dot.points[0]).toBeCloseTo(line.points[2], 9)
    expect(dot.points[1]).toBeCloseTo(line.points[3], 9)
  })

  test('draws a bar from low to high, and to the edge where the interval reaches zero', () => {
    const bar = (low: number) =>
      marksOf(drawPredictions([chart({ points: [{ arm: 'A', x: 10, y: 0.1, low, high: 0.2 }] })], MAIN_BOX).canvas, 'segments').at(-1)!
    expect(bar(0.05).points[1]).toBeGreaterThan(bar(0.05).points[3])
    expect(bar(-1).points[1]).toBeGreaterThan(bar(0.05).points[1])
  })

  test('keeps what was measured inside, however far away a prediction is', () => {
    const far = { ...curve(), y: Float64Array.of(0, 30, 60) }
    for (const curves of [[far], [{ ...far, y: Float64Array.of(0, -30, -60) }]]) {
      const { canvas } = drawPredictions([chart({ curves, points: [1, 10, 100].map((x) => ({ arm: 'A', x, y: x / 10 })) })], MAIN_BOX)
      const ys = marksOf(canvas, 'dots').map(({ points }) => points[1])
      expect(ys).toHaveLength(3)
      // Axis, ticks and name stand below.
      for (const y of ys) expect(y).toBeLessThan(MAIN_BOX.height - 20)
      expect(Math.max(...ys) - Math.min(...ys)).toBeGreaterThan(MAIN_BOX.height / 15)
    }
  })

  test('leaves room for the names of the finest ticks', () => {
    const between = chart({ curves: [], points: [{ arm: 'A', x: 10, y: 0.003, low: 4e-5, high: 0.01 }] })
    for (const width of [330, 380, 806]) {
      const box = { ...MAIN_BOX, width }
      expect(clipped(wordsOf(drawPredictions([between], box)), width, box.height)).toEqual([])
    }
  })

  test('begins an axis of one step at 0, not before', () => {
    const words = wordsOf(drawPredictions([chart({ x: 'linear', curves: [], points: [{ arm: 'A', x: 0, y: 1 }] })], MAIN_BOX)).map(
      ({ text }) => text,
    )
    expect(words.some((text) => /^[−-]/.test(text))).toBe(false)
  })

  test('draws a curve fainter where a condition fails', () => {
    const opacity = (holds: boolean | 'unknown') =>
      marksOf(drawPredictions([chart({ curves: [curve(holds)] })], MAIN_BOX).canvas, 'polyline').find(({ points }) => points.length === 6)!
        .opacity!
    expect(opacity(false)).toBeLessThan(opacity(true))
    expect(opacity('unknown')).toBe(opacity(true))
  })

  test('says what is missing in place of its chart, beside the others', () => {
    const drawing = drawPredictions([chart(), chart({ points: [] })], MAIN_BOX)
    const words = wordsOf(drawing)
    expect(words.map(({ text }) => text)).toContain('Nothing yet')
    expect(words.find(({ text }) => text === 'Nothing yet')!.box.x).toBeGreaterThan(MAIN_BOX.width / 2)
    expect(marksOf(drawing.canvas, 'dots')).toHaveLength(1)
  })

  test.each([1, 2, 3])('keeps the words of %i charts apart and inside', (count) => {
    const charts = Array.from({ length: count }, () => chart({ curves: [curve(), { ...curve(), label: 'another one (log10)' }] }))
    const words = wordsOf(drawPredictions(charts, MAIN_BOX))
    expect(overlaps(words)).toEqual([])
    expect(clipped(words, MAIN_BOX.width, MAIN_BOX.height)).toEqual([])
  })

  /** Of two arms over depth, `gap` decades apart at the far end. */
  const ofTwoArms = (gap: number, slope: number): TheoryCurve[] =>
    [0, gap].map((more, index) => ({
      ...curve(),
      id: index === 0 ? 'median' : 'B.median',
      label: `${index === 0 ? 'A' : 'B'}: quarter of the seeds below (log10)`,
      x: Float64Array.from({ length: 41 }, (_, i) => 100 ** (i / 40)),
      y: Float64Array.from({ length: 41 }, (_, i) => ((slope * 2 + more) * i) / 40),
    }))
  test.each([
    [0.1, -1],
    [0.3, -1],
    [-0.3, -1],
    [1, -1],
    [0.3, 1],
    [-0.3, 2],
    [0.2, 0],
    [-3, 1],
  ])('strikes no name through by the line of the other arm, %f decades from it at a slope of %f', (gap, slope) => {
    const curves = ofTwoArms(gap, slope)
    const { canvas, svg } = drawPredictions([chart({ curves, points: [{ arm: 'A', x: 10, y: 10 ** slope }] })], MAIN_BOX)
    const lines = marksOf(canvas, 'polyline').filter(({ points }) => points.length === 82)
    const names = wordsOf({ svg }).filter(({ text }) => /^[AB]: /u.test(text))
    expect([lines.length, names.length]).toEqual([2, 2])
    for (const { text, box } of names)
      for (const [k, { points }] of lines.entries()) expect(lineMeetsBox(points, box), `${text} by ${k}`).toBe(false)
    expect(overlaps(wordsOf({ svg }))).toEqual([])
  })

  test('reads out measured and predicted at the place of the measurement', () => {
    const drawing = drawPredictions([chart()], MAIN_BOX)
    const readout = drawing.probe(drawing.stops.x[0] + 3, drawing.stops.y)!
    expect(readout.title).toBe('depth 10')
    expect(readout.lines.map(({ name, value }) => [name, value])).toEqual([
      ['A measured', '0.1'],
      ['predicted', '0.1'],
    ])
  })
})

describe('withPredictions', () => {
  const kind = withPredictions(kernelPlot)
  const data = { own: kernelData(), charts: [chart()] }
  test('shows charts in the large variant only, and the own picture where there are none', () => {
    const large = kind.draw(data, MAIN_BOX, kind.createMemory())
    expect(wordsOf(large).map(({ text }) => text)).toContain('gradient of a layer')
    const own = kernelPlot.draw(kernelData(), MAIN_BOX, kernelPlot.createMemory())
    expect(wordsOf(kind.draw({ ...data, charts: null }, MAIN_BOX, kind.createMemory()))).toEqual(wordsOf(own))
    const small = kind.draw(data, SMALL_BOX, kind.createMemory())
    expect(wordsOf(small)).toEqual(wordsOf(kernelPlot.draw(kernelData(), SMALL_BOX, kernelPlot.createMemory())))
  })
  test('has a table and a sentence of the charts', () => {
    expect(kind.table(data).rows).toEqual([['gradient of a layer', 'A', 'depth', 10, 0.1, 0.05, 0.2, 'predicted', 0.1]])
    expect(kind.summary(data)).toBe('gradient of a layer at depth 10: 0.1; predicted 0.1.')
    expect(kind.summary({ ...data, charts: null })).toBe(kernelPlot.summary(kernelData()))
  })
})

describe('points of sizes', () => {
  test('are the median of layers and seeds with quartiles, without them for one seed', () => {
    const sample = gradientSample('A', 0, 3, 1)
    sample.log10.set([-1, -2, -4])
    expect(normPoint('A', sample, 3)).toEqual({ arm: 'A', x: 3, y: 0.01 })
    const several = gradientSample('B', 0, 1, 4)
    several.log10.set([-1, -2, NaN, -3])
    const { y, low, high } = normPoint('B', several, 1)
    expect([y, low, high].map((value) => Math.log10(value!))).toEqual([-2, expect.closeTo(-2.5, 12), expect.closeTo(-1.5, 12)])
  })
  test('take the diagonal blocks apart from the others', () => {
    const sample = { ...hollowSample('A'), layerCount: 2, blockFrobenius: Float64Array.of(1, 5, 5, 3) }
    expect(diagonalMedian(sample)).toBe(2)
    expect(offDiagonalMedian(sample)).toBe(5)
  })
  test('find the step at which half of the seeds are below a level', () => {
    const column = { steps: [0, 10, 20], values: [1, 1, 1, 0.1, 1, 1, 0.1, 0.1, 1], count: 3, seedCount: 3 }
    expect(medianFirstBelow(column, 0.5)).toBe(20)
    expect(medianFirstBelow({ ...column, count: 2 }, 0.5)).toBeNull()
  })
})
