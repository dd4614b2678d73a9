// Are distance, radius and the gap to the tangent drawn as they were measured?
import { describe, expect, test } from 'vitest'
import { certificateRadii, kernelCertificate } from '../../src/core/kernelCertificate.ts'
import { kernelPlot } from '../../src/plots/kernelPlot.ts'
import { plainText } from '../../src/plots/scene.ts'
import { ballData, kernelData, kernelSample, MAIN_BOX, SMALL_BOX } from './plotSamples.ts'
import { marksOf, wordsOf } from './words.ts'

const LOSS = { kind: 'squaredError', reduction: 'mean' } as const
const draw = (data = ballData(), box = MAIN_BOX) => kernelPlot.draw(data, box, kernelPlot.createMemory())

describe('certificateRadii', () => {
  const samples = [0, 1, 2, 3].map((step) => ({
    ...kernelSample('A', step, 0),
    loss: 2,
    lambdaMin: [4, 1, 2, 0.25][step],
    lambdaMax: [9, 16, 4, 4][step],
  }))
  test('are those of the certificate of each prefix', () => {
    const radii = certificateRadii(samples, LOSS)!
    samples.forEach((_, k) => expect(radii[k]).toBe((kernelCertificate(samples.slice(0, k + 1), LOSS) as { radius: number }).radius))
    // 2 L_F |F_0 - y| / mu with |F_0 - y| = sqrt(2 * 2 * 6): L_F 3 and mu 4 at first.
    expect(radii[0]).toBeCloseTo((2 * 3 * Math.sqrt(24)) / 4, 12)
  })
  test('never fall, and are infinite from where the kernel is singular', () => {
    const radii = certificateRadii([...samples, { ...samples[3], step: 4, lambdaMin: 0 }, { ...samples[3], step: 5 }], LOSS)!
    expect([...radii]).toEqual([...radii].sort((a, b) => a - b))
    expect([radii[4], radii[5]]).toEqual([Infinity, Infinity])
  })
  test('have no meaning for other losses, or without a start', () => {
    expect(certificateRadii(samples, { kind: 'softmaxCrossEntropy', reduction: 'mean' })).toBeNull()
    expect(certificateRadii(samples.slice(1), LOSS)).toBeNull()
    expect(certificateRadii([], LOSS)).toBeNull()
  })
})

describe('the view of the ball', () => {
  test('draws a radius above the distance inside the ball, for each arm', () => {
    const data = ballData()
    const readout = (() => {
      const drawing = draw(data)
      return drawing.probe(drawing.stops.x[2], drawing.stops.y)!
    })()
    expect(readout.lines.map(({ name }) => name)).toEqual([
      'A distance',
      'A radius R',
      'A L_F so far',
      'B distance',
      'B radius R',
      'B L_F so far',
    ])
    expect(readout.lines[0].value).toBe('0.6')
    const dashed = marksOf(draw(data).canvas, 'polyline').filter(({ dash }) => dash !== undefined && dash[0] === 12)
    expect(dashed).toHaveLength(2)
  })

  test('shows the gap to the tangent beside it, and only where a tangent runs', () => {
    const texts = wordsOf(draw()).map(({ text }) => text)
    expect(texts).toEqual(expect.arrayContaining(['gap', 'moved']))
    const alone = { ...ballData(), arms: [ballData().arms[0]] }
    expect(wordsOf(draw(alone)).map(({ text }) => text)).not.toContain('gap')
    const gap = draw().probe(MAIN_BOX.width - 60, 150)!
    // Step 60: 9e-4 of 0.3.
    expect(gap.lines.map(({ value }) => value)).toEqual([expect.anything(), '0.3', '0.003'])
  })

  test('has no radius where the loss has no certificate', () => {
    const data = { ...ballData(), loss: { kind: 'softmaxCrossEntropy', reduction: 'mean' } as const }
    expect(marksOf(draw(data).canvas, 'polyline').filter(({ dash }) => dash !== undefined && dash[0] === 12)).toEqual([])
    const { columns, rows } = kernelPlot.table(data)
    expect(rows[0][columns.indexOf('radius R')]).toBeNull()
    expect(rows[0][columns.indexOf('L_F so far')]).toBe(10)
    expect(kernelPlot.caption(data)).toContain('certificate not measurable: the loss is not half a squared error')
  })

  test('says in words and numbers what it draws', () => {
    expect(kernelPlot.summary(ballData())).toContain('within the radius')
    expect(kernelPlot.summary(ballData())).toContain('A certificate holds: λmin ≥ 0.001')
    expect(kernelPlot.caption(ballData())).toContain('B certificate holds')
    expect(kernelPlot.summary(ballData())).toContain('network and tangent are 0.0009 apart'.replace('0.0009', '9e-4'))
    const { columns, rows } = kernelPlot.table(ballData())
    expect(columns.slice(-3)).toEqual(['radius R', 'gap to tangent', 'outputs moved'])
    expect(rows.at(-1)!.slice(-2)).toEqual([expect.closeTo(9e-4, 12), expect.closeTo(0.3, 12)] as unknown[])
  })

  test('tells the largest drift so far and the spectral norm of the change beside the drift of the moment', () => {
    const { arms, ...rest } = ballData()
    const back = arms.map((arm) => ({
      ...arm,
      samples: arm.samples.map((sample, k) => ({
        ...sample,
        drift: [0, 0.5, 0.2, 0.1][k],
        change: { value: k / 4, residual: 0, converged: true },
      })),
    }))
    const { columns, rows } = kernelPlot.table({ ...rest, arms: back })
    expect(rows.slice(0, 4).map((row) => row[columns.indexOf('largest drift so far')])).toEqual([0, 0.5, 0.5, 0.5])
    expect(rows.slice(0, 4).map((row) => row[columns.indexOf('|K − K₀|₂')])).toEqual([0, 0.25, 0.5, 0.75])
  })

  test('has the numbers of the kernel at the pointer of the first view: change, extremes, ratio, distance', () => {
    const { view: _, ...plain } = ballData()
    const arms = plain.arms.map((arm) => ({
      ...arm,
      samples: arm.samples.map((sample) => ({ ...sample, change: { value: 0.25, residual: 0, converged: true } })),
    }))
    const drawing = draw({ ...plain, arms })
    const readout = drawing.probe(drawing.stops.x[2] + 1, drawing.stops.y)!
    const own = readout.lines.slice(1, 5).map(({ name, value }) => `${name} ${plainText(value)}`)
    expect(own).toEqual(['|K − K₀|₂ 0.25', 'λmin … λmax 0.001 … 100', 'PL* ratio 2', 'distance from start 0.6'])
  })

  test('leaves the small card as it is', () => {
    const { loss: _, ...plain } = ballData()
    expect(JSON.stringify(draw(ballData(), SMALL_BOX).svg)).toBe(JSON.stringify(draw({ ...plain, view: 'kernel' }, SMALL_BOX).svg))
    expect(() => draw(kernelData())).not.toThrow()
  })
})
