// Can every word be read in both themes? Contrasts of WCAG 2.2, computed from the colours that the page and its plots really use.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { cosinePlot } from '../../src/plots/cosinePlot.ts'
import { gradientNormPlot } from '../../src/plots/gradientNormPlot.ts'
import { hessianPlot } from '../../src/plots/hessianPlot.ts'
import { kernelPlot } from '../../src/plots/kernelPlot.ts'
import { lossPlot } from '../../src/plots/lossPlot.ts'
import type { PlotBox } from '../../src/plots/plotKind.ts'
import { readableWords } from '../../src/plots/readableWords.ts'
import { DARK_THEME, LIGHT_THEME } from '../../src/plots/theme.ts'
import { cosineData, gradientData, hessianData, kernelData, lossData, MAIN_BOX } from '../plots/plotSamples.ts'
import { marksOf } from '../plots/words.ts'

/** Relative luminance of #rrggbb. Source: WCAG 2.2, definition of relative luminance. */
function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return share <= 0.040_45 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].toSorted((x, y) => x - y)
  return (light + 0.05) / (dark + 0.05)
}

const CSS = readFileSync(new URL('../../src/ui/styles/tokens.css', import.meta.url), 'utf8')

/** The colours of one block of tokens; those of the dark block stand over the light ones. */
function tokens(theme: 'light' | 'dark'): Readonly<Record<string, string>> {
  const blockOf = (start: string) => CSS.slice(CSS.indexOf(start)).split('}')[0]
  const read = (block: string) =>
    Object.fromEntries([...block.matchAll(/--([\w-]+): (#[\da-f]{6});/gu)].map(([, name, value]) => [name, value]))
  const light = read(blockOf(':root {'))
  return theme === 'light' ? light : { ...light, ...read(blockOf(":root[data-theme='dark']")) }
}

test('contrast is 21 between black and white and 1 of a colour with itself', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 12)
  expect(contrast('#d55e00', '#d55e00')).toBe(1)
})

describe.each(['light', 'dark'] as const)('in the %s theme', (theme) => {
  const colours = tokens(theme)
  const plots = theme === 'light' ? LIGHT_THEME : DARK_THEME

  test('every word of the page stands out 4.5 to 1 from every ground it stands on', () => {
    const pairs = ['ink', 'muted', 'a', 'b-ink', 'good', 'warn', 'bad'].flatMap((word) =>
      ['card', 'bg', 'soft'].map((ground) => [word, ground]),
    )
    pairs.push(['good', 'good-soft'], ['warn', 'warn-soft'], ['bad', 'bad-soft'], ['card', 'ink'])
    const pale = pairs.filter(([word, ground]) => contrast(colours[word], colours[ground]) < 4.5)
    expect(pale).toEqual([])
  })

  test('the focus ring and the lines of both arms stand out 3 to 1', () => {
    for (const sign of ['focus', 'a', 'b']) expect(contrast(colours[sign], colours.card)).toBeGreaterThanOrEqual(3)
    expect(contrast(colours.focus, colours.bg)).toBeGreaterThanOrEqual(3)
  })

  test('plots wear the colours of the page', () => {
    const { background, ink, muted, hair, soft, armA, armB, wordB } = plots
    expect({ background, ink, muted, hair, soft, armA, armB, wordB }).toEqual({
      background: colours.card,
      ink: colours.ink,
      muted: colours.muted,
      hair: colours.hair,
      soft: colours.soft,
      armA: colours.a,
      armB: colours.b,
      wordB: colours['b-ink'],
    })
  })

  test('every word of every plot stands out 4.5 to 1 from its card', () => {
    const box: PlotBox = { ...MAIN_BOX, theme: plots }
    const drawings = [
      lossPlot.draw(lossData(), box, lossPlot.createMemory()),
      gradientNormPlot.draw(gradientData(), box, gradientNormPlot.createMemory()),
      cosinePlot.draw(cosineData(), box, cosinePlot.createMemory()),
      hessianPlot.draw(hessianData(), box, hessianPlot.createMemory()),
      kernelPlot.draw(kernelData(), box, kernelPlot.createMemory()),
    ]
    for (const { svg } of drawings) {
      const words = marksOf(readableWords(svg, plots), 'text')
      expect(words.length).toBeGreaterThan(5)
      expect(words.filter(({ fill }) => contrast(fill, plots.background) < 4.5)).toEqual([])
    }
  })
})
