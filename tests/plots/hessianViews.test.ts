// Do the views of the Hessian show the numbers of their samples? Each title finishes the sentence "the view of ...".
import { describe, expect, test } from 'vitest'
import { feltArm, newestWith, type HessianPlotData, type HessianView } from '../../src/plots/hessianData.ts'
import { hessianPlot } from '../../src/plots/hessianPlot.ts'
import { exponentsOf, largestByCell, signedPixels, signedShare } from '../../src/plots/signedMap.ts'
import { diagonalSplit } from '../../src/plots/matrixNumbers.ts'
import { plainText } from '../../src/plots/scene.ts'
import { estimatedBlockData, hessianSample, hessianViewData, hollowSample, MAIN_BOX, SMALL_BOX } from './plotSamples.ts'
import { marksOf, wordsOf } from './words.ts'

const draw = (data: HessianPlotData, box = MAIN_BOX) => hessianPlot.draw(data, box, hessianPlot.createMemory())
const texts = (data: HessianPlotData, box = MAIN_BOX) => wordsOf(draw(data, box)).map(({ text }) => text)

describe('the view of entries', () => {
  const data = hessianViewData('entries', 1)

  test('draws one cell per entry, zero as nothing, equal sizes of opposite sign as different colours', () => {
    const [map] = marksOf(draw(data).canvas, 'image')
    expect([map.columns, map.rows]).toEqual([6, 6])
    const pixel = (row: number, column: number) => [...map.pixels.subarray(4 * (6 * row + column), 4 * (6 * row + column) + 4)]
    expect(pixel(0, 1)).not.toEqual(pixel(0, 2))
    expect(pixel(0, 1)).toEqual(pixel(1, 0))
    // The exact zero has the colour of the ground, the small diagonal has not.
    expect(pixel(0, 5)).not.toEqual(pixel(0, 0))
    expect(
      pixel(0, 5)
        .slice(0, 3)
        .every((channel) => channel > 235),
    ).toBe(true)
  })

  test('tells the entry under the pointer, its place and its layers', () => {
    const drawing = draw(data)
    const { box } = marksOf(drawing.canvas, 'image')[0]
    const at = (row: number, column: number) =>
      drawing.probe(box.x + ((column + 0.5) / 6) * box.width, box.y + ((row + 0.5) / 6) * box.height)!
    expect(at(0, 2)).toMatchObject({ title: 'row 1, column 3' })
    expect(at(0, 2).lines[0].value).toBe('−0.041')
    expect(at(5, 1).lines[1].value).toBe('3 and 1')
    expect(drawing.probe(box.x - 30, box.y)).toBeNull()
  })

  test('shows the newest map there is, and says of which step', () => {
    const [a] = data.arms
    const later = { ...hessianSample('A', Float64Array.of(-1, 2), 50), layerCount: 3 }
    const moved = { ...data, arms: [{ ...a, current: later, samples: [...a.samples, later] }] }
    expect(newestWith(moved.arms[0], 'entries')!.step).toBe(40)
    expect(texts(moved).some((text) => text.includes('step 40'))).toBe(true)
    expect(texts(data).some((text) => text.includes('step 40'))).toBe(false)
  })

  test('says why there is no map: too large, or running', () => {
    const sample = (parameterCount: number) => ({ ...hessianSample('A', Float64Array.of(-1, 2)), parameterCount })
    const of = (parameterCount: number): HessianPlotData => ({
      ...data,
      arms: [{ ...data.arms[0], current: sample(parameterCount), samples: [sample(parameterCount)] }],
    })
    expect(hessianPlot.summary(of(50_890))).toContain('512')
    expect(hessianPlot.summary(of(300))).toContain('Pause')
    expect(texts(of(300))).toContain('Not measured while the run goes on')
  })

  test('knows that the matrix is hollow', () => {
    expect(hessianPlot.summary(data)).toContain('4.1e-5 on the diagonal and 0.041 beside it')
    expect(hessianPlot.table(data).rows).toHaveLength(36)
  })
})

describe('signed maps', () => {
  test('keep the largest entry of each cell, with its sign', () => {
    const matrix = Float64Array.of(1, -5, 0, 0, 2, 3, 0, 0, 0, 0, 0, 7, 0, 0, -8, 0)
    expect([...largestByCell(matrix, 4, 2)]).toEqual([-5, 0, 0, -8])
  })
  test('give an exact zero no share and the smallest number some', () => {
    expect(signedShare(0, [-3, 0])).toBe(0)
    expect(signedShare(1, [-3, 0])).toBe(1)
    expect(signedShare(-1, [-3, 0])).toBe(-1)
    expect(signedShare(1e-200, [-3, 0])).toBeGreaterThan(0)
  })
  test('grow in contrast with the size in both themes', () => {
    const values = Float64Array.of(1e-3, 1e-2, 0.1, 1)
    for (const theme of ['light', 'dark'] as const) {
      for (const sign of [1, -1]) {
        const pixels = signedPixels(
          values.map((value) => sign * value),
          [-4, 0],
          theme,
        )
        const light = [0, 1, 2, 3].map((k) => pixels[4 * k] + pixels[4 * k + 1] + pixels[4 * k + 2])
        expect(light).toEqual(light.toSorted((a, b) => (theme === 'light' ? b - a : a - b)))
      }
    }
  })
  test('are painted once while nothing changes', () => {
    const values = Float64Array.of(1, -2)
    expect(signedPixels(values, [-1, 0], 'light')).toBe(signedPixels(values, [-1, 0], 'light'))
    expect(signedPixels(values, [-1, 0], 'dark')).not.toBe(signedPixels(values, [-1, 1], 'dark'))
  })
  test('find the largest entry of a large matrix wherever it stands', () => {
    const large = new Float64Array(512 * 512).fill(1e-3)
    large[100_003] = -7
    expect(exponentsOf([large])).toEqual([-3, 1])
  })
  test('have whole exponents at both ends, and none for a zero matrix', () => {
    expect(exponentsOf([Float64Array.of(0, 2e-7, -0.3)])).toEqual([-7, 0])
    expect(exponentsOf([new Float64Array(4)])).toBeNull()
  })
})

test('diagonalSplit is the median size on and off the diagonal', () => {
  expect(diagonalSplit(Float64Array.of(-1, 5, 7, 3), 2)).toMatchObject({ diagonal: 2, offDiagonal: 6, largest: 7, zeros: 0, count: 4 })
})

describe('the view of layers', () => {
  test('shows both quantities of one arm, and the mean entries of two', () => {
    expect(texts(hessianViewData('layers', 1)).filter((text) => text.includes('by layer'))).toEqual([
      'mean |entry| by layer',
      'Frobenius norm by layer',
    ])
    expect(marksOf(draw(hessianViewData('layers')).canvas, 'image')[0].columns).toBe(3)
    expect(texts(hessianViewData('layers')).filter((text) => text.includes('mean |entry|'))).toHaveLength(2)
  })

  test('tells both sizes of the block under the pointer', () => {
    const drawing = draw(hessianViewData('layers', 1))
    const { box } = marksOf(drawing.canvas, 'image')[0]
    const readout = drawing.probe(box.x + box.width * 0.5, box.y + box.height * 0.1)!
    expect(readout.title).toBe('layers 1 and 2')
    expect(readout.lines.map(({ value }) => value)).toEqual(['0.041', '0.082'])
  })
})

test('estimated blocks are shown as norms with their standard error, and no mean entries', () => {
  const data = estimatedBlockData(1)
  const drawing = draw(data)
  const images = marksOf(drawing.canvas, 'image').filter(({ columns }) => columns === 3)
  expect(images).toHaveLength(1)
  const { box } = images[0]
  const readout = drawing.probe(box.x + box.width * 0.5, box.y + box.height * 0.1)!
  expect(readout.lines.map(({ name }) => name)).toEqual(['Frobenius norm'])
  expect(plainText(readout.lines[0].value)).toBe('0.082 ± 0.008')
  expect(hessianPlot.table(data).rows[0].slice(3)).toEqual([null, expect.closeTo(0.041, 12), expect.closeTo(0.0041, 12)] as unknown[])
})

describe('the view of the ends', () => {
  test('draws three lines at each end of each arm', () => {
    const lines = marksOf(draw(hessianViewData('ends', 1)).canvas, 'polyline').filter(({ stroke }) => stroke === MAIN_BOX.theme.armA)
    // Six ends, the median step and 1/lambda_max.
    expect(lines).toHaveLength(8)
  })

  test('tells the ends, the step and 1/lambda_max at a step, and lists them', () => {
    const data = hessianViewData('ends', 1)
    const drawing = draw(data)
    const ends = drawing.probe(drawing.stops.x[1], drawing.stops.y)!
    expect(ends.lines[0].name).toBe('A largest')
    const steps = drawing.probe(MAIN_BOX.width - 90, drawing.stops.y)!
    expect(steps.lines.map(({ name }) => name)).toContain('A 1/λmax')
    const table = hessianPlot.table(data)
    expect(table.rows[0].slice(0, 3)).toEqual(['A', 0, 0.005])
    expect(table.rows[0].at(-1)).toBeCloseTo(200, 9)
  })

  test('tints the residual bound of an unconverged end only', () => {
    const data = hessianViewData('ends', 1)
    const [a] = data.arms
    const unsure = a.samples.map((sample) => ({ ...sample, ends: { ...sample.ends!, largestResiduals: Float64Array.of(0, 0, 1e-2) } }))
    const areas = (samples: typeof unsure) =>
      marksOf(draw({ ...data, arms: [{ ...a, samples, current: samples[2] }] }).canvas, 'area').length
    expect(areas(unsure) - areas([...a.samples] as typeof unsure)).toBe(1)
  })

  test('draws what older samples have: the two extremes', () => {
    const old = { ...hessianSample('A', Float64Array.of(-1, 2, 3), 0) }
    const data: HessianPlotData = {
      ...hessianViewData('ends', 1),
      arms: [{ ...hessianViewData('ends', 1).arms[0], current: old, samples: [old] }],
    }
    expect(() => draw(data)).not.toThrow()
    expect(hessianPlot.table(data).rows[0].slice(2, 6)).toEqual([3, 0, null, null])
  })
})

describe('the view as rescaled', () => {
  test('draws the preconditioned eigenvalues under their own stability line', () => {
    const data = hessianViewData('preconditioned', 1)
    expect(texts(data)).toContain('2/lr')
    expect(feltArm(data.arms[0]).current).toMatchObject({ lambdaMax: 5 * 41, lambdaMin: -4 * 41, numNegative: 3 })
    expect(hessianPlot.table(data).rows.map((row) => row[2])).toEqual([...hollowSample('A', 40, 41).preconditionedSpectrum!.eigenvalues!])
  })

  test('is the plain spectrum for an optimizer that rescales nothing, and says so', () => {
    const data = hessianViewData('preconditioned', 1)
    const plain = { ...data.arms[0].current!, preconditionedSpectrum: null }
    const only: HessianPlotData = { ...data, arms: [{ ...data.arms[0], current: plain, samples: [plain] }] }
    expect(hessianPlot.summary(only)).toContain('No optimizer here rescales')
    expect(hessianPlot.table(only).rows.at(-1)![2]).toBe(plain.lambdaMax)
  })
})

test('the small card always shows the spectrum', () => {
  const marks = (view: HessianView) => JSON.stringify(draw(hessianViewData(view), SMALL_BOX).svg)
  expect(marks('entries')).toBe(marks('spectrum'))
  expect(marks('ends')).toBe(marks('spectrum'))
})
