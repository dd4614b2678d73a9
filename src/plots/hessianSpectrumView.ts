// Flat, saddle or sharp? The eigenvalues of the Hessian on an axis where negative, zero and positive are all legible.
//
// Each arm has a strip of its own over one axis, because two overlaid spectra cannot be told apart by colour alone.
import { crisp, frameMarks, marginsFor, panelOf, tickCount } from './frame.ts'
import { emptyReason } from './cosineData.ts'
import { emptyMarks, emptyWords, type EmptyWords } from './emptyState.ts'
import { extremesPanel, extremesProbe } from './extremesPanel.ts'
import { drawnValues, type HessianArm, type HessianPlotData } from './hessianData.ts'
import { measuredNumber } from './numberText.ts'
import type { Drawing, PlotBox, Readout } from './plotKind.ts'
import { linearScale, symlogScale, type PositionScale } from './positionScale.ts'
import { segment, type Box, type Mark } from './scene.ts'
import { spectrumRange, type SpectrumMemory } from './spectrumAxis.ts'
import { spectrumMarks } from './spectrumMarks.ts'
import { stabilityMarks, stripWords, type Strip } from './spectrumStrip.ts'
import { armColour } from './theme.ts'
import { cursorMarks } from './timeAxis.ts'

/** Why there is no axis: nothing but zeros, or numbers that are none. */
function flatOrBroken(data: HessianPlotData): EmptyWords {
  const finite = data.arms.every(
    ({ current }) => current === null || (Number.isFinite(current.lambdaMax) && Number.isFinite(current.lambdaMin)),
  )
  return finite
    ? { head: 'Every eigenvalue is zero', body: 'The loss is exactly flat around these weights.' }
    : emptyWords('hessian', 'nonFinite')
}

/** The spectra at the cursor; beside them, in the large variant, their ends over time. */
export function drawSpectrum(data: HessianPlotData, box: PlotBox, memory: SpectrumMemory): Drawing {
  const reason = emptyReason(data.arms)
  const range = reason === undefined ? spectrumRange(data.arms, memory) : null
  if (range === null) {
    const words = reason === undefined ? flatOrBroken(data) : emptyWords('hessian', reason)
    return { canvas: [], svg: emptyMarks(words, box), cursor: () => [], probe: () => null, stops: { x: [], y: 0 }, rescaled: [] }
  }
  const drawn = data.arms.filter(({ current }) => current !== null)
  const history = box.variant === 'main' && box.width > 560 && drawn.some(({ samples }) => samples.length > 1)
  const left = history ? { ...box, width: Math.round(box.width * 0.6) } : box
  const outer = panelOf(left, marginsFor(left, [{ value: 0, label: '1000' }], history ? 18 : 12, true))
  const xScale = symlogScale([range.low, range.high], [outer.x + 6, outer.x + outer.width - 6], range.linear)
  const strips = stripsOf(drawn, outer, xScale, box)
  const canvas: Mark[] = [...zeroStrip(range.linear, xScale, outer, box)]
  const svg: Mark[] = []
  for (const [index, strip] of strips.entries()) {
    canvas.push(...strip.spectrum.marks)
    svg.push(...stripWords(strip, index, strips.length, xScale, outer, box), ...stabilityMarks(strip, xScale, range.high, box))
  }
  const bottom = frameMarks(
    {
      panel: outer,
      xScale,
      yScale: linearScale([0, 1], [0, 1]),
      xTicks: xScale.ticks(tickCount(outer.width, box.variant === 'main' ? 46 : 34, box.text)),
      yTicks: [],
      xName: box.variant === 'main' ? 'eigenvalue (log on both sides of 0)' : 'eigenvalue',
      yName: '',
    },
    box,
  )
  svg.push(...bottom.words)
  const right = { x: left.width + 44 * box.text, y: outer.y, width: box.width - left.width - 44 * box.text - 44, height: outer.height }
  const extremes = history ? extremesPanel(data, range, right, { perEnd: 1, title: 'largest and smallest eigenvalue' }, box) : null
  return {
    canvas: [...canvas, ...(extremes?.canvas ?? [])],
    svg: [...svg, ...(extremes?.svg ?? [])],
    cursor: (step) => (extremes === null ? [] : cursorMarks(step, extremes.xScale, right, box)),
    probe: (x, y) => stripProbe(strips, x, y, box) ?? (extremes === null ? null : extremesProbe(data, extremes.xScale, right, x, y, box)),
    stops: {
      x: strips.length === 0 ? [] : evenPlaces(strips[0].spectrum.places),
      y: strips.length === 0 ? 0 : strips[0].panel.y + strips[0].panel.height / 2,
    },
    rescaled:
      memory.decades.rescaled || memory.negative.rescaled
        ? [{ x: outer.x, y: outer.y + outer.height, width: outer.width, height: 18 * box.text }]
        : [],
  }
}

function stripsOf(arms: readonly HessianArm[], outer: Box, xScale: PositionScale, box: PlotBox): readonly Strip[] {
  const title = Math.ceil(15 * box.text)
  const height = outer.height / Math.max(1, arms.length)
  return arms.map((arm, index) => {
    const panel = {
      x: outer.x,
      y: outer.y + index * height + (index === 0 ? 0 : title),
      width: outer.width,
      height: height - (index === 0 ? 0 : title) - 5,
    }
    const look = { colour: armColour(box.theme, arm.arm), hollow: arm.arm === 'B', box }
    return { arm, panel, spectrum: spectrumMarks(arm.current!, xScale, panel, look) }
  })
}

/** A tinted strip where the axis is linear, with a line at exactly zero. */
function zeroStrip(linear: number, xScale: PositionScale, outer: Box, box: PlotBox): readonly Mark[] {
  const from = xScale.at(-linear)
  const to = xScale.at(linear)
  const x = crisp(xScale.at(0))
  return [
    { type: 'rect', box: { x: from, y: outer.y, width: to - from, height: outer.height }, fill: box.theme.soft },
    segment(x, outer.y, x, outer.y + outer.height, box.theme.muted, 1, { opacity: 0.5 }),
  ]
}

function stripProbe(strips: readonly Strip[], x: number, y: number, box: PlotBox): Readout | null {
  const strip = strips.find(({ panel }) => y >= panel.y - 14 && y <= panel.y + panel.height + 8) ?? strips.at(-1)
  if (strip === undefined || x < strip.panel.x - 8 || x > strip.panel.x + strip.panel.width + 8) return null
  const { places } = strip.spectrum
  let best = -1
  let distance = Infinity
  for (let i = 0; i < places.length / 2; i++) {
    const d = Math.hypot(places[2 * i] - x, 0.25 * (places[2 * i + 1] - y))
    if (d < distance) [best, distance] = [i, d]
  }
  if (best < 0) return null
  const sample = strip.arm.current!
  const values = drawnValues(sample)
  const exact = sample.eigenvalues !== null
  const stroke = armColour(box.theme, strip.arm.arm)
  const title = exact ? `${strip.arm.arm}: eigenvalue ${best + 1} of ${values.length}` : `${strip.arm.arm}: Lanczos node`
  const share = exact || sample.nodeWeights === null ? [] : [{ name: 'share', value: measuredNumber(sample.nodeWeights[best], 2) }]
  const mark: Mark = {
    type: 'dots',
    points: [places[2 * best], places[2 * best + 1]],
    radius: 5.5 * box.line,
    fill: null,
    stroke: box.theme.ink,
    strokeWidth: 1.4,
  }
  return {
    x: places[2 * best],
    y: places[2 * best + 1],
    title,
    lines: [{ name: 'λ', value: measuredNumber(values[best], 4), stroke }, ...share],
    marks: [mark],
  }
}

/** x of every other place of [n, 2]. */
function evenPlaces(places: Float64Array): Float64Array {
  return Float64Array.from({ length: places.length / 2 }, (_, i) => places[2 * i])
}
