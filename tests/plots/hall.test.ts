// What must hold where the room is small? Words beside lines, medians inside the frame, one row of panels in a low card.
import { describe, expect, test } from 'vitest'
import { cosinePlot } from '../../src/plots/cosinePlot.ts'
import { gradientNormPlot } from '../../src/plots/gradientNormPlot.ts'
import type { HessianPlotData } from '../../src/plots/hessianData.ts'
import { hessianPlot } from '../../src/plots/hessianPlot.ts'
import { kernelPlot } from '../../src/plots/kernelPlot.ts'
import { lossPlot } from '../../src/plots/lossPlot.ts'
import {
  CHAIN_EIGENVALUES,
  cosineData,
  cosineSample,
  evenCosines,
  gradientSample,
  hessianSample,
  kernelData,
  lossData,
  MAIN_BOX,
  SMALL_BOX,
} from './plotSamples.ts'
import { marksOf, wordsOf } from './words.ts'

const HALL_MAIN = { ...MAIN_BOX, width: 918, height: 240, text: 1.64, line: 1.5 }
const HALL_SMALL = { ...SMALL_BOX, width: 208, height: 182, text: 1.64, line: 1.5 }

describe('the gradient plot', () => {
  test('keeps the median inside the frame where some seeds are exactly zero', () => {
    const sample = gradientSample('A', 0, 6, 8, 0)
    // Six of eight seeds are zero in every layer but for one value far below the rest: the 5 % quantile is no number.
    const log10 = sample.log10.map((_, index) => (index < 18 ? -Infinity : index < 30 ? -15 : -1))
    const current = { ...sample, log10 }
    const data = {
      arms: [{ arm: 'A' as const, label: 'SGD', current, samples: [current] }],
      theory: [],
      quantity: 'norm' as const,
      totalSteps: 100,
    }
    const drawing = gradientNormPlot.draw(data, SMALL_BOX, gradientNormPlot.createMemory())
    const level = marksOf(drawing.svg, 'segments').filter(({ points }) => points[1] === points[3])
    const bottom = Math.max(...level.map(({ points }) => points[1]))
    const dots = marksOf(drawing.canvas, 'dots').flatMap(({ points }) => Array.from(points).filter((_, index) => index % 2 === 1))
    expect(dots.length).toBe(6)
    expect(Math.max(...dots)).toBeLessThanOrEqual(bottom + 1)
  })
})

describe('the spectrum', () => {
  /** One arm whose largest eigenvalue is `share` of the optimizer's limit. */
  const near = (share: number): HessianPlotData => {
    const current = hessianSample('A', CHAIN_EIGENVALUES)
    const stability = { value: current.lambdaMax / share, label: '2/η' }
    return { arms: [{ arm: 'A', label: 'SGD', current, unavailable: null, stability, samples: [current] }], theory: [], totalSteps: 400 }
  }
  test.each([0.7, 0.9, 0.99, 1, 1.05, 1.5])('is not struck through by the limit: largest eigenvalue at %f of it', (share) => {
    for (const box of [MAIN_BOX, { ...MAIN_BOX, width: 418, height: 264 }]) {
      const drawing = hessianPlot.draw(near(share), box, hessianPlot.createMemory())
      const word = wordsOf(drawing).find(({ text }) => text.startsWith('λmax'))!
      const lines = [...marksOf(drawing.svg, 'segments'), ...marksOf(drawing.svg, 'polyline')].filter(({ dash }) => (dash?.length ?? 0) > 0)
      const upright = lines.map(({ points }) => points[0])
      expect(upright.length).toBeGreaterThan(0)
      for (const x of upright) expect(x < word.box.x || x > word.box.x + word.box.width).toBe(true)
    }
  })
})

describe('in the hall', () => {
  test('a low kernel card has one row of panels, a high one two', () => {
    const names = (box: typeof MAIN_BOX) => wordsOf(kernelPlot.draw(kernelData(), box, kernelPlot.createMemory())).map(({ text }) => text)
    expect(names(HALL_MAIN).join()).not.toMatch(/PL\*|rank/u)
    expect(names(HALL_MAIN)).toContain('step')
    expect(names(MAIN_BOX).join()).toMatch(/PL\*.*rank/u)
  })

  test('a small card leaves the name of the vertical axis to its head and gives the line to the plot', () => {
    const plots = [
      (box: typeof SMALL_BOX) => lossPlot.draw(lossData(), box, lossPlot.createMemory()),
      (box: typeof SMALL_BOX) => kernelPlot.draw(kernelData(), box, kernelPlot.createMemory()),
      (box: typeof SMALL_BOX) => cosinePlot.draw(cosineData(), box, cosinePlot.createMemory()),
    ]
    const named = /^(?:loss|drift|density)$/u
    for (const draw of plots) {
      expect(wordsOf(draw(SMALL_BOX)).some(({ text }) => named.test(text))).toBe(true)
      expect(wordsOf(draw(HALL_SMALL)).some(({ text }) => named.test(text))).toBe(false)
    }
  })
})

test('the least cosine is written beside the rug, shortened where there is little room', () => {
  const labelOf = (from: number) => {
    const arms = [{ arm: 'A' as const, label: 'SGD', current: cosineSample('A', evenCosines(from, 0.9)), unavailable: null }]
    const drawing = cosinePlot.draw({ arms, theory: [] }, { ...MAIN_BOX, width: 350, height: 230 }, cosinePlot.createMemory())
    return wordsOf(drawing).find(({ mark }) => mark.size === 10.5 && /\d$/u.test(mark.label as string))!
  }
  expect(labelOf(-0.2)).toMatchObject({ text: 'min -0.2', mark: { anchor: 'end' } })
  expect(labelOf(-0.9)).toMatchObject({ text: '-0.9', mark: { anchor: 'end' } })
})
