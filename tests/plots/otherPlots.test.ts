// Do the four instruments show what their samples say, and say why when there is nothing to show?
import { describe, expect, test } from 'vitest'
import { cosinePlot } from '../../src/plots/cosinePlot.ts'
import { spikesOf, type CosinePlotData } from '../../src/plots/cosineData.ts'
import { gradientNormPlot } from '../../src/plots/gradientNormPlot.ts'
import { hessianPlot } from '../../src/plots/hessianPlot.ts'
import type { HessianPlotData } from '../../src/plots/hessianData.ts'
import { classOrder } from '../../src/plots/kernelMap.ts'
import { kernelPlot } from '../../src/plots/kernelPlot.ts'
import { networkStrip } from '../../src/plots/networkStrip.ts'
import { LIGHT_THEME } from '../../src/plots/theme.ts'
import {
  CHAIN_EIGENVALUES,
  cosineData,
  cosineSample,
  cosineStatistics,
  evenCosines,
  gradientData,
  gradientSample,
  hessianData,
  hessianSample,
  kernelData,
  kernelSample,
  lanczosData,
  MAIN_BOX,
  SMALL_BOX,
} from './plotSamples.ts'
import { marksOf, wordsOf } from './words.ts'

describe('gradientNormPlot', () => {
  const draw = (data = gradientData(), box = MAIN_BOX) => gradientNormPlot.draw(data, box, gradientNormPlot.createMemory())

  test('rises by the slope of the sample from layer to layer', () => {
    const readout = (layer: number) => {
      const drawing = draw(gradientData(), SMALL_BOX)
      return drawing.probe(drawing.stops.x[layer], 100)!
    }
    const y = (layer: number) => marksOf(readout(layer).marks, 'dots')[0].points[1]
    expect(readout(3).layer).toBe(3)
    expect(y(0) - y(1)).toBeCloseTo(y(22) - y(23), 9)
    expect(y(0)).toBeGreaterThan(y(23))
  })

  test('shows a layer over time map per arm in the large variant only', () => {
    expect(marksOf(draw().canvas, 'image').length).toBe(3)
    expect(marksOf(draw(gradientData(), SMALL_BOX).canvas, 'image')).toEqual([])
  })

  test('colours the map with equal colours for equal norms and leaves the future empty', () => {
    const [, image] = [...marksOf(draw().canvas, 'image')].sort((a, b) => b.box.x - a.box.x)
    const pixel = (column: number, row: number) => [
      ...image.pixels.subarray(4 * (row * image.columns + column), 4 * (row * image.columns + column) + 4),
    ]
    expect(pixel(0, 0)).not.toEqual(pixel(0, image.rows - 1))
    expect(pixel(0, 0)).toEqual(pixel(3, 0))
    expect(pixel(image.columns - 1, 0)).toEqual([0, 0, 0, 0])
  })

  test('writes each map column once and again only when the colours change', () => {
    const memory = gradientNormPlot.createMemory()
    gradientNormPlot.draw(gradientData(), MAIN_BOX, memory)
    const [version, pixels] = [memory.maps.get('A')!.version, memory.maps.get('A')!.pixels]
    gradientNormPlot.draw(gradientData(), MAIN_BOX, memory)
    expect([memory.maps.get('A')!.version, memory.maps.get('A')!.pixels]).toEqual([version, pixels])
  })

  test('marks an exact zero on the lower edge, and says so', () => {
    const sample = gradientSample('A', 0, 6, 4)
    for (let seed = 0; seed < 4; seed++) sample.log10[seed * 6] = -Infinity
    const data = { ...gradientData(), theory: [], arms: [{ arm: 'A' as const, label: 'SGD 0.1', current: sample, samples: [sample] }] }
    const hollow = marksOf(draw(data, SMALL_BOX).canvas, 'dots').filter(({ fill }) => fill === null)
    expect(hollow.some(({ points }) => points.length === 2)).toBe(true)
    expect(gradientNormPlot.summary(data)).toContain('exactly zero in 1 of 6 layers')
    expect(gradientNormPlot.table(data).rows[0][1]).toBe('zero')
  })

  test('draws a prediction fainter where a hypothesis fails', () => {
    const theory = (holds: boolean) => gradientData().theory.map((curve) => ({ ...curve, hypotheses: [{ text: '', holds, measured: '' }] }))
    const opacity = (holds: boolean) =>
      marksOf(draw({ ...gradientData(), theory: theory(holds) }).canvas, 'polyline').find(
        ({ stroke, dash }) => stroke === LIGHT_THEME.theory && dash !== undefined,
      )!.opacity
    expect(opacity(false)).toBeLessThan(opacity(true)!)
  })

  test('has a designed start: axes and no line before the first sample', () => {
    const data = { ...gradientData(), theory: [], arms: [{ arm: 'A' as const, label: 'SGD 0.1', current: null, samples: [] }] }
    expect(wordsOf(draw(data)).map(({ text }) => text)).toContain('layer (1 = input)')
    expect(marksOf(draw(data).canvas, 'polyline')).toEqual([])
    expect(gradientNormPlot.summary(data)).toBe('No gradient has been measured yet.')
  })
})

describe('cosinePlot', () => {
  const draw = (data: CosinePlotData, box = MAIN_BOX) => cosinePlot.draw(data, box, cosinePlot.createMemory())

  test('says why there is nothing on one sample', () => {
    const data: CosinePlotData = { arms: [{ arm: 'A', label: '', current: null, unavailable: 'oneSample' }], theory: [] }
    expect(wordsOf(draw(data)).map(({ text }) => text)).toContain('One sample, no pair')
    expect(cosinePlot.summary(data)).toContain('single point')
    expect(draw(data).probe(100, 100)).toBeNull()
  })

  test('shows empty axes before the first measurement', () => {
    const texts = wordsOf(draw({ arms: [{ arm: 'A', label: '', current: null, unavailable: null }], theory: [] })).map(({ text }) => text)
    expect(texts).toEqual(expect.arrayContaining(['No measurement yet', 'density', '−1'.replace('−', '-')]))
  })

  test('draws needles instead of a density where cosines are exactly -1 and 1', () => {
    const signs = Float64Array.from({ length: 40 }, (_, k) => (k % 4 === 0 ? -1 : 1))
    expect(spikesOf(cosineStatistics(signs))).toEqual([
      { value: -1, share: 0.25 },
      { value: 1, share: 0.75 },
    ])
    expect(spikesOf(cosineStatistics(evenCosines(-0.5, 0.5)))).toBeNull()
    const sample = { ...cosineSample('A', signs), perSample: cosineStatistics(signs) }
    const { canvas } = draw({ arms: [{ arm: 'A', label: '', current: sample, unavailable: null }], theory: [] })
    expect(marksOf(canvas, 'polyline')).toEqual([])
    expect(marksOf(canvas, 'dots').length).toBeGreaterThanOrEqual(2)
  })

  test('draws only needle and rug where all cosines are equal', () => {
    const equal = cosineSample('A', new Float64Array(50).fill(0.4))
    const { canvas } = draw({
      arms: [{ arm: 'A', label: '', current: { ...equal, perSample: equal.pairs }, unavailable: null }],
      theory: [],
    })
    expect(marksOf(canvas, 'polyline')).toEqual([])
    expect(marksOf(canvas, 'segments').length).toBeGreaterThan(0)
  })

  test('does not let a higher prediction flatten the measurement', () => {
    const with90 = marksOf(draw(cosineData()).canvas, 'polyline').find(({ stroke, width }) => stroke === LIGHT_THEME.armA && width > 2)!
    const without = marksOf(draw({ ...cosineData(), theory: [] }).canvas, 'polyline').find(
      ({ stroke, width }) => stroke === LIGHT_THEME.armA && width > 2,
    )!
    expect(Array.from(with90.points)).toEqual(Array.from(without.points))
  })

  test('counts shares below the pointer from the cosines themselves', () => {
    const drawing = draw(cosineData())
    const { stops } = drawing
    const readout = drawing.probe(stops.x[stops.x.length - 1], stops.y)!
    expect(readout.lines[0]).toMatchObject({ name: 'A batch pairs below', value: '100 %' })
  })
})

describe('hessianPlot', () => {
  const draw = (data: HessianPlotData, box = MAIN_BOX) => hessianPlot.draw(data, box, hessianPlot.createMemory())

  test('gives each of 24 eigenvalues a dot of its own, none over another', () => {
    const single: HessianPlotData = { ...hessianData(), arms: [{ ...hessianData().arms[0], stability: null }] }
    for (const box of [MAIN_BOX, SMALL_BOX]) {
      const dots = marksOf(draw(single, box).canvas, 'dots')[0]
      expect(dots.points.length).toBe(2 * CHAIN_EIGENVALUES.length)
      let nearest = Infinity
      for (let i = 0; i < dots.points.length; i += 2)
        for (let j = 0; j < i; j += 2)
          nearest = Math.min(nearest, Math.hypot(dots.points[i] - dots.points[j], dots.points[i + 1] - dots.points[j + 1]))
      expect(nearest).toBeGreaterThan(2 * dots.radius * 0.95)
    }
  })

  test('keeps negative eigenvalues left of zero, positive ones right, in order', () => {
    const dots = marksOf(draw({ ...hessianData(), arms: [hessianData().arms[0]] }).canvas, 'dots')[0]
    const zero = wordsOf(draw(hessianData())).find(({ text }) => text === '0')!
    const x = Array.from({ length: 24 }, (_, k) => dots.points[2 * k])
    expect(x).toEqual(x.toSorted((a, b) => a - b))
    expect(x[0]).toBeLessThan(zero.mark.x)
    expect(x[1]).toBeGreaterThan(zero.mark.x)
  })

  test('turns to bars for a thousand equal eigenvalues', () => {
    const many = hessianSample(
      'A',
      Float64Array.from({ length: 1000 }, (_, k) => (k < 999 ? 1e-9 : 1)),
    )
    const { canvas } = draw(
      { ...hessianData(), arms: [{ arm: 'A', label: '', current: many, unavailable: null, stability: null, samples: [many] }] },
      SMALL_BOX,
    )
    expect(marksOf(canvas, 'dots')).toEqual([])
    expect(marksOf(canvas, 'rect').length).toBeGreaterThanOrEqual(3)
  })

  test('draws a stability line that is near and points to one that is far', () => {
    const words = wordsOf(draw(hessianData())).map(({ text }) => text)
    expect(words).toContain('2/lr 20 →')
    expect(words).toContain('2/lr')
  })

  test('shows Lanczos nodes with their shares, and the extremes as bounds from inside until they have converged', () => {
    const textOf = (data: HessianPlotData) =>
      wordsOf(draw(data))
        .map(({ text }) => text)
        .join(' ')
    const drawing = draw(lanczosData())
    expect(textOf(lanczosData())).toContain('λmax ≥ 40')
    expect(hessianPlot.headline(lanczosData())).toBe('λ ≥ 40')
    const [arm] = lanczosData().arms
    const converged = { ...lanczosData(), arms: [{ ...arm, current: { ...arm.current!, lambdaMaxResidual: 0.03 } }] }
    expect(textOf(converged)).toContain('λmax 40 ± 0.03')
    expect(hessianPlot.headline(converged)).toBe('λ 40')
    expect(hessianPlot.summary(lanczosData())).toContain('to at least 40')
    const top = marksOf(drawing.canvas, 'dots')[0]
    const readout = drawing.probe(top.points[10], top.points[11])!
    expect(readout.lines.map(({ name }) => name)).toEqual(['λ', 'share'])
    expect(hessianPlot.summary(lanczosData())).toContain('not converged')
  })

  test('says that every eigenvalue is zero, or that numbers are none, instead of drawing', () => {
    const flat = (eigenvalues: Float64Array): HessianPlotData => ({
      ...hessianData(),
      arms: [{ arm: 'A', label: '', current: hessianSample('A', eigenvalues), unavailable: null, stability: null, samples: [] }],
    })
    expect(wordsOf(draw(flat(new Float64Array(4)))).map(({ text }) => text)).toContain('Every eigenvalue is zero')
    expect(wordsOf(draw(flat(new Float64Array(4).fill(NaN)))).map(({ text }) => text)).toContain('Not a finite number')
  })

  test('says how many are negative and where the limit is', () => {
    expect(hessianPlot.summary(hessianData())).toContain('1 of 24 negative; 2/lr is 20, above the largest')
    expect(hessianPlot.table(hessianData()).rows).toHaveLength(48)
  })
})

describe('kernelPlot', () => {
  const draw = (data = kernelData(), box = MAIN_BOX) => kernelPlot.draw(data, box, kernelPlot.createMemory())

  test('leaves the drift of 0 at the start out of the log axis and draws the rest', () => {
    const line = marksOf(draw(kernelData(), SMALL_BOX).canvas, 'polyline').find(({ stroke }) => stroke === LIGHT_THEME.armB)!
    expect(Number.isNaN(line.points[1])).toBe(true)
    expect(Array.from(line.points).slice(2).every(Number.isFinite)).toBe(true)
  })

  test('puts equal classes side by side without reordering inside a class', () => {
    expect([...classOrder(6, Int32Array.of(1, 0, 1, 0, 2, 2))]).toEqual([1, 3, 0, 2, 4, 5])
    expect([...classOrder(3, null)]).toEqual([0, 1, 2])
  })

  test('draws one map per arm, symmetric as the kernel is', () => {
    const maps = marksOf(draw().canvas, 'image')
    expect(maps).toHaveLength(2)
    const { pixels, columns: n } = maps[0]
    const at = (i: number, j: number) => [...pixels.subarray(4 * (i * n + j), 4 * (i * n + j) + 4)]
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) expect(at(i, j)).toEqual(at(j, i))
    expect(at(0, 0)).not.toEqual(at(0, n - 1))
  })

  test('writes a kernel of one sample as a number', () => {
    const one = kernelSample('A', 20, 0.5, 1)
    const data = {
      ...kernelData(),
      classes: null,
      arms: [{ arm: 'A' as const, label: '', current: one, unavailable: null, samples: [kernelSample('A', 0, 0, 1), one] }],
    }
    expect(marksOf(draw(data).canvas, 'image')).toEqual([])
    expect(wordsOf(draw(data)).map(({ text }) => text)).toContain('one sample, one output: K is a number')
  })

  test('says whether the PL* ratio lies within its bounds', () => {
    expect(kernelPlot.summary(kernelData())).toContain('the PL* ratio 2 lies within 0.001 to 100')
    const broken = kernelData().arms.map((arm) => ({ ...arm, current: { ...arm.current!, plRatio: 200 } }))
    expect(kernelPlot.summary({ ...kernelData(), arms: broken })).toContain('outside')
  })
})

describe('networkStrip', () => {
  const draw = (log10: Float64Array, width = 256) =>
    networkStrip.draw({ arms: [{ arm: 'A', label: '', log10 }] }, { ...SMALL_BOX, width, height: 34 }, networkStrip.createMemory())

  test('is as tall and bright as the gradient is large', () => {
    const [low, high] = marksOf(draw(Float64Array.of(-6, 0)).canvas, 'rect')
    expect(high.box.height).toBe(34)
    expect(low.box.height).toBeLessThan(10)
    expect(low.opacity).toBeLessThan(high.opacity!)
  })

  test('stays inside its width at any depth', () => {
    for (const depth of [1, 24, 300, 2000]) {
      const bars = marksOf(draw(new Float64Array(depth).fill(-1)).canvas, 'rect')
      expect(bars.length).toBeLessThanOrEqual(128)
      expect(bars.at(-1)!.box.x + bars.at(-1)!.box.width).toBeLessThanOrEqual(256.001)
    }
  })

  test('names the layer under the pointer', () => {
    expect(draw(new Float64Array(24)).probe(255, 10)?.layer).toBe(23)
  })
})
