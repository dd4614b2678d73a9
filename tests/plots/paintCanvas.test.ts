// Is a growing bundle of lines drawn once and kept, and never kept when it is another bundle?
import { describe, expect, test } from 'vitest'
import { lossPlot } from '../../src/plots/lossPlot.ts'
import { createCanvasPainter } from '../../src/plots/paintCanvas.ts'
import type { StrandsMark } from '../../src/plots/scene.ts'
import { lossArm, lossData, MAIN_BOX } from './plotSamples.ts'
import { marksOf } from './words.ts'

interface Counts {
  strokes: number
  segments: number
  cleared: number
  /** Widths of the pieces that were copied from kept pictures. */
  readonly copied: number[]
}

/** A canvas that counts strokes; canvases made through it report to the same counts. */
function countingCanvas(counts: Counts): HTMLCanvasElement {
  const nothing = () => {}
  const context = new Proxy<Record<string, unknown>>(
    {},
    {
      get: (target, name) => {
        if (name === 'stroke') return () => counts.strokes++
        if (name === 'lineTo') return () => counts.segments++
        if (name === 'drawImage') return (_: unknown, _x: number, _y: number, across: number) => counts.copied.push(across)
        if (name === 'canvas') return canvas
        return target[name as string] ?? nothing
      },
    },
  )
  let width = 0
  const canvas = {
    getContext: () => context,
    get width() {
      return width
    },
    set width(value: number) {
      width = value
      counts.cleared++
    },
    height: 0,
    ownerDocument: { createElement: () => countingCanvas(counts) },
  }
  return canvas as unknown as HTMLCanvasElement
}

function strandsAt(count: number, memory = lossPlot.createMemory()): readonly StrandsMark[] {
  const data = { ...lossData(), arms: [{ ...lossArm('A', 'SGD 0.1', 32, 400, 1e6), count }] }
  return marksOf(lossPlot.draw(data, MAIN_BOX, memory).canvas, 'strands')
}

describe('createCanvasPainter', () => {
  test('adds only what is new to a growing bundle of lines', () => {
    const counts: Counts = { strokes: 0, segments: 0, cleared: 0, copied: [] }
    const painter = createCanvasPainter(countingCanvas(counts))
    const memory = lossPlot.createMemory()
    painter.paint(strandsAt(300, memory), 806, 356, 1)
    const whole = counts.segments
    counts.segments = 0
    painter.paint(strandsAt(305, memory), 806, 356, 1)
    expect(whole).toBeGreaterThan(32 * 250)
    // 5 new columns and the open end of 32 lines, with the point that joins each piece.
    expect(counts.segments).toBeLessThan(32 * 12)
  })

  test('copies of a kept picture what has been drawn on, and all of it at the end', () => {
    const counts: Counts = { strokes: 0, segments: 0, cleared: 0, copied: [] }
    const painter = createCanvasPainter(countingCanvas(counts))
    const memory = lossPlot.createMemory()
    for (const count of [40, 200, 400]) painter.paint(strandsAt(count, memory), 806, 356, 2)
    const [early, middle, late] = counts.copied
    const { clip } = strandsAt(400)[0]
    // The axis has 400 steps; two device pixels for each of the page, and one line's width at the end.
    for (const [across, steps] of [
      [early, 40],
      [middle, 200],
      [late, 400],
    ])
      expect(Math.abs(across - 2 * (clip.x + (clip.width * steps) / 400))).toBeLessThan(2 * 8)
  })

  test('starts over for another run on the same axes, even when it is already longer', () => {
    const counts: Counts = { strokes: 0, segments: 0, cleared: 0, copied: [] }
    const painter = createCanvasPainter(countingCanvas(counts))
    painter.paint(strandsAt(200), 806, 356, 1)
    counts.segments = 0
    painter.paint(strandsAt(300), 806, 356, 1)
    expect(counts.segments).toBeGreaterThan(32 * 250)
  })

  test('leaves a canvas of the right size alone', () => {
    const counts: Counts = { strokes: 0, segments: 0, cleared: 0, copied: [] }
    const painter = createCanvasPainter(countingCanvas(counts))
    painter.paint([], 806, 356, 2)
    painter.paint([], 806, 356, 2)
    expect(counts.cleared).toBe(1)
    painter.paint([], 400, 356, 2)
    expect(counts.cleared).toBe(2)
  })

  test('draws nothing, and does not fail, without a 2D context', () => {
    const bare = { getContext: () => null } as unknown as HTMLCanvasElement
    expect(() => createCanvasPainter(bare).paint(strandsAt(10), 806, 356, 1)).not.toThrow()
  })
})
