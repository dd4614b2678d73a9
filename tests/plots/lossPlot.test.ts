// Does the loss plot tell the truth about the seeds: where lines end, what the bands are, what lies below the axis?
import { describe, expect, test } from 'vitest'
import type { LossPlotData } from '../../src/plots/lossData.ts'
import { chosenSeeds } from '../../src/plots/lossMemory.ts'
import { lossPlot } from '../../src/plots/lossPlot.ts'
import type { PlotBox } from '../../src/plots/plotKind.ts'
import type { PolylineMark } from '../../src/plots/scene.ts'
import { GHOST_DASH, LIGHT_THEME, THEORY_DASH } from '../../src/plots/theme.ts'
import { imageLossData, lossArm, lossData, MAIN_BOX, SMALL_BOX } from './plotSamples.ts'
import { marksOf, wordsOf } from './words.ts'

const draw = (data: LossPlotData, box: PlotBox = MAIN_BOX) => lossPlot.draw(data, box, lossPlot.createMemory())
const lines = (data: LossPlotData, stroke: string) => marksOf(draw(data).canvas, 'polyline').filter((mark) => mark.stroke === stroke)
const boldest = (marks: readonly PolylineMark[]) => marks.toSorted((a, b) => b.width - a.width)[0]

describe('lossPlot', () => {
  test('ends the median line where the data end, in time and in height', () => {
    const rows = 241
    const data = { ...lossData(rows), arms: [lossArm('A', 'SGD 0.1', 1, rows, 100)], ghosts: [], prediction: null }
    const drawing = draw(data)
    const { points } = boldest(lines(data, LIGHT_THEME.armA))
    const readout = drawing.probe(points[points.length - 2], points[points.length - 1])
    expect(readout?.step).toBe(240)
    // The dot of the readout lies on the end of the line.
    expect(marksOf(readout!.marks, 'dots')[0].points).toEqual([points[points.length - 2], points[points.length - 1]])
    const right = wordsOf(drawing).find(({ text }) => text === '400')!
    expect(points[points.length - 2]).toBeLessThan(right.box.x)
  })

  test('places values by their logarithm: each decade of loss is the same height', () => {
    const arm = lossArm('A', 'SGD 0.1', 1, 401, 100)
    const data = { ...lossData(), arms: [arm], ghosts: [], prediction: null, theory: [], changes: [] }
    const { points } = boldest(lines(data, LIGHT_THEME.armA))
    const heightAt = (step: number) => {
      const dot = marksOf(draw(data).probe(points[0] + (step / 400) * (points[points.length - 2] - points[0]), 100)!.marks, 'dots')[0]
      return dot.points[1]
    }
    const decades = [100, 200, 300, 400].map((step) => heightAt(step) - heightAt(step - 100))
    for (const decade of decades) expect(decade).toBeCloseTo(decades[0], 6)
  })

  test('draws A solid, B dashed, ghosts dotted and theory long-dashed', () => {
    const data = lossData()
    expect(boldest(lines(data, LIGHT_THEME.armA)).dash).toEqual([])
    expect(boldest(lines(data, LIGHT_THEME.armB)).dash).not.toEqual([])
    expect(lines(data, LIGHT_THEME.armA).map(({ dash }) => dash)).toContainEqual([...GHOST_DASH])
    expect(lines(data, LIGHT_THEME.theory)[0].dash).toEqual([...THEORY_DASH])
  })

  test('draws one thin line per seed, of very many a fair choice from the first to the last', () => {
    expect(marksOf(draw(lossData()).canvas, 'strands').map(({ lineCount }) => lineCount)).toEqual([32, 32])
    const chosen = chosenSeeds(4096)
    expect([chosen.length, chosen[0], chosen.at(-1)]).toEqual([64, 0, 4095])
    expect(new Set(chosen).size).toBe(64)
  })

  test('has two bands per arm from four seeds on, none for fewer', () => {
    expect(marksOf(draw(lossData()).canvas, 'area')).toHaveLength(4)
    const few = { ...lossData(), arms: [lossArm('A', 'SGD 0.1', 3, 100, 50)] }
    expect(marksOf(draw(few).canvas, 'area')).toHaveLength(0)
  })

  test('marks the lowest tick with "or less" as soon as a seed lies below the axis, and only then', () => {
    const deep = { ...lossData(), arms: [lossArm('A', 'SGD 0.1', 8, 400, 10)] }
    expect(wordsOf(draw(deep)).map(({ text }) => text)).toContain('≤10^-10')
    expect(
      wordsOf(draw(imageLossData()))
        .map(({ text }) => text)
        .join(),
    ).not.toContain('≤')
  })

  test('keeps its axis while a run goes on inside it and asks for a cue when it does not', () => {
    const memory = lossPlot.createMemory()
    const arm = lossArm('A', 'SGD 0.1', 8, 400, 40)
    const cues = [10, 20, 40, 60, 62, 64].map(
      (count) => lossPlot.draw({ ...lossData(), ghosts: [], arms: [{ ...arm, count }] }, MAIN_BOX, memory).rescaled.length,
    )
    expect(cues[0]).toBe(0)
    expect(cues.reduce((sum, cue) => sum + cue, 0)).toBeGreaterThan(0)
    expect(cues.slice(-2)).toEqual([0, 0])
  })

  test('shows train and test accuracy in a panel of their own where there are classes and room', () => {
    const main = wordsOf(draw(imageLossData())).map(({ text }) => text)
    expect(main).toEqual(expect.arrayContaining(['accuracy', '100 %', '50 %', '0 %', 'step']))
    // 0.1 + 0.8 (1 - exp(-200/50)) = 88.5 %
    expect(main).toContain('train 88.5 %')
    expect(wordsOf(draw(imageLossData(), SMALL_BOX)).map(({ text }) => text)).not.toContain('accuracy')
  })

  test('survives no rows, only NaN, only zeros and a step count of zero', () => {
    const arm = lossArm('A', 'SGD 0.1', 4, 10, 50)
    for (const values of [arm.values.map(() => NaN), arm.values.map(() => 0), arm.values.map(() => Infinity)])
      expect(draw({ ...lossData(), arms: [{ ...arm, values }] }).svg.length).toBeGreaterThan(0)
    expect(draw({ ...lossData(), arms: [{ ...arm, count: 0 }], totalSteps: 0 }).svg.length).toBeGreaterThan(0)
    expect(draw({ ...lossData(), arms: [] }).svg.length).toBeGreaterThan(0)
  })

  test('draws the cursor at its step and nothing outside the axis', () => {
    const drawing = draw(lossData())
    const x = (step: number) => marksOf(drawing.cursor(step), 'segments')[0].points[0]
    expect(x(200) - x(100)).toBeCloseTo(x(300) - x(200), -1)
    expect(drawing.cursor(401)).toEqual([])
  })

  test('puts small losses on a linear axis where asked', () => {
    const words = wordsOf(draw({ ...imageLossData(), yScale: 'linear' })).map(({ text }) => text)
    expect(words).toContain('0')
    expect(words).toContain('2')
  })
})

describe('lossPlot.summary', () => {
  test('says step, median and spread of each arm', () => {
    const text = lossPlot.summary(lossData(61))
    expect(text).toContain('At step 60: A, SGD 0.1, has median loss 0.5')
    expect(text).toContain('B, RMSprop 0.002, has median loss 0.016')
    expect(text).toContain('5 to 95 % of 32 seeds from')
  })

  test('counts diverged seeds', () => {
    const arm = lossArm('A', 'SGD 0.1', 4, 10, 50)
    arm.values.set([NaN, 1, 1, NaN], 36)
    expect(lossPlot.summary({ ...lossData(), arms: [arm] })).toContain('2 of 4 diverged')
  })

  test('says that nothing was measured before the first row', () => {
    expect(lossPlot.summary({ ...lossData(), arms: [{ ...lossArm('A', '', 1, 1, 1), count: 0 }] })).toBe('No loss has been measured yet.')
  })
})

describe('lossPlot.table', () => {
  test('has at most 400 rows, the first and the last step among them', () => {
    const { columns, rows } = lossPlot.table({ ...lossData(1000) })
    expect([rows.length, rows[0][0], rows.at(-1)![0]]).toEqual([400, 0, 999])
    expect(columns.slice(0, 5)).toEqual(['step', 'A median', 'A 5 %', 'A 95 %', 'A diverged'])
  })

  test('puts evaluations beside their step and nothing beside the others', () => {
    const { columns, rows } = lossPlot.table(imageLossData())
    const column = columns.indexOf('A test accuracy')
    expect([rows[0][column], rows[1][column]]).toEqual([expect.closeTo(0.1, 12), null])
  })
})
