// @vitest-environment happy-dom
// Does a mounted plot behave: drawn once per update, heard, reached by keys, linked, exported, gone?
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createLossPlot } from '../../src/plots/lossPlot.ts'
import { createGradientNormPlot } from '../../src/plots/gradientNormPlot.ts'
import { createHessianPlot } from '../../src/plots/hessianPlot.ts'
import { mountPlot } from '../../src/plots/mountPlot.ts'
import type { Drawing, PlotKind, PlotOptions } from '../../src/plots/plotKind.ts'
import { LIGHT_THEME } from '../../src/plots/theme.ts'
import { gradientData, hessianData, lossData } from './plotSamples.ts'

const OPTIONS: PlotOptions = { theme: LIGHT_THEME, variant: 'main', size: { width: 806, height: 356 } }

let host: HTMLElement

beforeEach(() => {
  host = document.createElement('div')
  document.body.append(host)
})

afterEach(() => {
  host.remove()
})

const svg = () => host.querySelector('svg')!
const press = (key: string, init: KeyboardEventInit = {}) => {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init })
  svg().dispatchEvent(event)
  return event
}

/** A plot that counts its draws. */
function countingKind(): { kind: PlotKind<number, { draws: number }>; draws: () => number; memories: () => number } {
  let draws = 0
  let memories = 0
  const drawing: Drawing = { canvas: [], svg: [], cursor: () => [], probe: () => null, stops: { x: [], y: 0 }, rescaled: [] }
  const kind: PlotKind<number, { draws: number }> = {
    name: 'Counter',
    createMemory: () => {
      memories++
      return { draws: 0 }
    },
    draw: () => {
      draws++
      return drawing
    },
    headline: () => '',
    caption: () => '',
    summary: (data) => `Value ${data}.`,
    table: () => ({ columns: [], rows: [] }),
  }
  return { kind, draws: () => draws, memories: () => memories }
}

describe('mountPlot', () => {
  test('writes the size of the picture when it changes, not with every frame: the browser would lay out all its words', () => {
    const plot = mountPlot(countingKind().kind, host)
    const written = vi.spyOn(svg(), 'setAttribute')
    const sizes = () => written.mock.calls.filter(([name]) => name === 'viewBox').map(([, value]) => value)
    plot.update(1, OPTIONS)
    plot.update(2, OPTIONS)
    plot.update(3, { ...OPTIONS, size: { width: 400, height: 300 } })
    expect(sizes()).toEqual(['0 0 806 356', '0 0 400 300'])
  })

  test('draws once per update and names the first data at once, the newest soon', () => {
    vi.useFakeTimers()
    try {
      const { kind, draws } = countingKind()
      const plot = mountPlot(kind, host)
      expect(draws()).toBe(0)
      expect(svg().getAttribute('aria-label')).toBe('Counter')
      plot.update(1, OPTIONS)
      expect(svg().getAttribute('aria-label')).toBe('Counter. Value 1.')
      plot.update(5, OPTIONS)
      plot.update(8, OPTIONS)
      expect(draws()).toBe(3)
      expect(svg().getAttribute('aria-label')).toBe('Counter. Value 1.')
      vi.advanceTimersByTime(1000)
      expect(svg().getAttribute('aria-label')).toBe('Counter. Value 8.')
    } finally {
      vi.useRealTimers()
    }
  })

  test('does not draw data again while the pointer moves', () => {
    const { kind, draws } = countingKind()
    mountPlot(kind, host).update(1, OPTIONS)
    for (let k = 0; k < 5; k++) svg().dispatchEvent(new PointerEvent('pointermove', { clientX: k }))
    expect(draws()).toBe(1)
  })

  test('waits for a size: a host of no extent is left alone', () => {
    const { kind, draws } = countingKind()
    mountPlot(kind, host).update(1, { ...OPTIONS, size: undefined })
    expect(draws()).toBe(0)
  })

  test('starts with a fresh memory when another run begins', () => {
    const { kind, memories } = countingKind()
    const plot = mountPlot(kind, host)
    plot.update(1, { ...OPTIONS, runKey: 1 })
    const before = memories()
    plot.update(1, { ...OPTIONS, runKey: 1 })
    expect(memories()).toBe(before)
    plot.update(1, { ...OPTIONS, runKey: 2 })
    expect(memories()).toBe(before + 1)
  })

  test('leaves nothing behind and draws no more when destroyed', () => {
    const { kind, draws } = countingKind()
    const plot = mountPlot(kind, host)
    plot.update(1, OPTIONS)
    plot.destroy()
    plot.update(2, OPTIONS)
    expect(host.childElementCount).toBe(0)
    expect(draws()).toBe(1)
  })
})

describe('createLossPlot', () => {
  test('gives one picture with a name that tells the result, reached by the keyboard', () => {
    createLossPlot(host).update(lossData(61), OPTIONS)
    expect(svg().getAttribute('role')).toBe('img')
    expect(svg().getAttribute('tabindex')).toBe('0')
    expect(svg().getAttribute('aria-label')).toContain('Loss. At step 60: A, SGD 0.1')
    expect(host.querySelector('canvas')!.getAttribute('aria-hidden')).toBe('true')
  })

  test('typesets exponents as raised spans', () => {
    createLossPlot(host).update(lossData(400), OPTIONS)
    const tick = [...svg().querySelectorAll('text')].find((text) => text.textContent === '10−4')!
    const [base, raised] = tick.querySelectorAll('tspan')
    expect([base.textContent, raised.textContent]).toEqual(['10', '−4'])
    expect(Number(raised.getAttribute('dy'))).toBeLessThan(0)
    expect(Number(raised.getAttribute('font-size'))).toBeLessThan(Number(tick.getAttribute('font-size')))
  })

  test('walks the steps with the arrow keys, speaks, links and selects, and keeps the keys from the page', () => {
    const hovered: (number | null)[] = []
    const selected: number[] = []
    createLossPlot(host).update(lossData(400), {
      ...OPTIONS,
      onHoverStep: (step) => hovered.push(step),
      onSelectStep: (step) => selected.push(step),
    })
    const onPage = vi.fn<() => void>()
    document.body.addEventListener('keydown', onPage)
    expect(press('Home').defaultPrevented).toBe(true)
    press('ArrowRight')
    press('ArrowRight', { shiftKey: true })
    press('Enter')
    expect(hovered[0]).toBe(0)
    expect(hovered[2]).toBeGreaterThan(hovered[1]!)
    expect(selected).toEqual([hovered.at(-1)])
    expect(host.querySelector('[aria-live]')!.textContent).toContain(`step ${selected[0]}`)
    press('Escape')
    expect(hovered.at(-1)).toBeNull()
    expect(onPage).not.toHaveBeenCalled()
    expect(press('r').defaultPrevented).toBe(false)
    expect(onPage).toHaveBeenCalledOnce()
    document.body.removeEventListener('keydown', onPage)
  })

  test('marks the step of the pointer in another plot and the common cursor', () => {
    const plot = createLossPlot(host)
    plot.update(lossData(400), OPTIONS)
    const before = svg().querySelectorAll('path').length
    plot.update(lossData(400), { ...OPTIONS, cursorStep: 100, hoverStep: 200 })
    expect(svg().querySelectorAll('path').length).toBe(before + 4)
  })

  test('exports a standalone picture: well formed, titled, every seed a path, nothing fetched', () => {
    const plot = createLossPlot(host)
    plot.update({ ...lossData(400), arms: lossData(400).arms.map((arm) => ({ ...arm, label: '<script>&"x"' })) }, OPTIONS)
    const text = plot.toSvg()
    const parsed = new DOMParser().parseFromString(text, 'image/svg+xml')
    expect(parsed.querySelector('parsererror')).toBeNull()
    expect(parsed.querySelector('title')!.textContent).toBe('Loss')
    expect(parsed.querySelectorAll('path').length).toBeGreaterThan(64)
    expect(text).not.toMatch(/<script|href=|url\((?!#)/u)
    expect(text).not.toContain('NaN')
  })
})

describe('createGradientNormPlot', () => {
  test('tells which layer the pointer is on', () => {
    const layers: (number | null)[] = []
    createGradientNormPlot(host).update(gradientData(), { ...OPTIONS, onHoverLayer: (layer) => layers.push(layer) })
    press('End')
    press('Escape')
    expect(layers).toEqual([23, null])
  })

  test('exports its heat maps as vector cells', () => {
    const plot = createGradientNormPlot(host)
    plot.update(gradientData(), OPTIONS)
    expect(plot.toSvg().match(/<rect/gu)!.length).toBeGreaterThan(50)
    expect(plot.toSvg()).not.toContain('<image')
  })
})

describe('createHessianPlot', () => {
  test('walks the eigenvalues one by one', () => {
    createHessianPlot(host).update(hessianData(), OPTIONS)
    press('Home')
    expect(host.querySelector('[aria-live]')!.textContent).toContain('A: eigenvalue 1 of 24')
    press('ArrowRight')
    expect(host.querySelector('[aria-live]')!.textContent).toContain('A: eigenvalue 2 of 24')
  })
})
