// Flat, saddle or sharp? The eigenvalues of the Hessian on an axis where negative, zero and positive are all legible.
//
// Each arm has a strip of its own over one axis, because two overlaid spectra cannot be told apart by colour alone.
import { crisp, frameMarks, marginsFor, panelOf, tickCount } from './frame.ts'
import { emptyReason } from './cosineData.ts'
import { emptyMarks, emptyWords, type EmptyWords } from './emptyState.ts'
import { extremesPanel } from './extremesPanel.ts'
import { drawnValues, type HessianArm, type HessianPlotData } from './hessianData.ts'
import { stripTitle } from './hessianWords.ts'
import { measuredNumber } from './numberText.ts'
import type { Drawing, PlotBox, Readout } from './plotKind.ts'
import { linearScale, symlogScale, type PositionScale, type Tick } from './positionScale.ts'
import { joinLabels, segment, type Box, type Label, type Mark } from './scene.ts'
import { spectrumRange, type SpectrumMemory } from './spectrumAxis.ts'
import { spectrumMarks, type SpectrumMarks } from './spectrumMarks.ts'
import { fitText, textWidth } from './textWidth.ts'
import { armColour, THEORY_DASH } from './theme.ts'
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

/** Relative size from which on a bound is written beside its number. */
const NOTICEABLE = 1e-6
/** Below this height in lines of text a strip shows its marks only. */
const LEAST_LINES = 3.4

interface Strip {
  readonly arm: HessianArm
  readonly panel: Box
  readonly spectrum: SpectrumMarks
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

function stripWords(strip: Strip, index: number, count: number, xScale: PositionScale, outer: Box, box: PlotBox): readonly Mark[] {
  const { panel, spectrum, arm } = strip
  const { theme } = box
  const size = 11 * box.text
  const base = crisp(panel.y + panel.height)
  const words: Mark[] = index === count - 1 ? [] : [segment(panel.x, base, panel.x + panel.width, base, theme.muted, 1, { opacity: 0.45 })]
  const title = stripTitle(arm, count > 1, box.variant, spectrum.unit)
  const colour = armColour(theme, arm.arm)
  words.push({
    type: 'text',
    x: index === 0 ? 0 : Math.min(0, outer.x),
    y: panel.y - size * 0.55,
    label: fitText(title, box.width, size, count > 1),
    size,
    fill: count > 1 ? colour : theme.muted,
    anchor: 'start',
    bold: count > 1,
  })
  // A strip of a few lines holds its title and its marks, and no scale.
  if (spectrum.yScale !== null && panel.height >= LEAST_LINES * size) {
    for (const { y, label } of apart(spectrum.yTicks, spectrum.yScale, panel, index === count - 1, size))
      words.push({ type: 'text', x: panel.x - 5, y: y + size * 0.33, label, size: size * 0.95, fill: theme.muted, anchor: 'end' })
  }
  if (box.variant === 'main') words.push(...extremeLabels(strip, xScale, xScale.domain, box))
  return words
}

/** Ticks from the top that touch neither each other nor, at the foot of an upper strip, the title of the next. */
function apart(
  ticks: readonly Tick[],
  yScale: PositionScale,
  panel: Box,
  isLast: boolean,
  size: number,
): readonly { readonly y: number; readonly label: Label }[] {
  const kept: { y: number; label: Label }[] = []
  const lowest = panel.y + panel.height - (isLast ? 0 : size * 0.6)
  for (const { value, label } of ticks.toSorted((a, b) => yScale.at(a.value) - yScale.at(b.value))) {
    const y = yScale.at(value)
    if (y <= lowest && (kept.length === 0 || y - kept[kept.length - 1].y >= size * 1.25)) kept.push({ y, label })
  }
  return kept
}

/** Names of the two extremes over their marks, kept inside the panel and off each other. */
function extremeLabels(strip: Strip, xScale: PositionScale, range: readonly [number, number], box: PlotBox): readonly Mark[] {
  const { arm, panel, spectrum } = strip
  const sample = arm.current!
  const size = 11 * box.text
  const { places } = spectrum
  const name = (sub: string, value: number, bound: number): Label => {
    // A bound far below the digits shown says "exact" at length.
    const error = bound > NOTICEABLE * Math.abs(value) ? joinLabels(' ± ', measuredNumber(bound, 1)) : []
    return joinLabels([{ text: 'λ', italic: true }, { text: sub, shift: 'sub' }, { text: ' ' }], measuredNumber(value, 2), error)
  }
  const low = name('min', sample.lambdaMin, sample.lambdaMinResidual)
  const high = name('max', sample.lambdaMax, sample.lambdaMaxResidual)
  // Above everything that stands under the words.
  const topOf = (from: number, to: number) => {
    let y = panel.y + panel.height
    for (let i = 0; i < places.length; i += 2) if (places[i] > from - 5 && places[i] < to + 5) y = Math.min(y, places[i + 1])
    return Math.max(panel.y + size, y - 9 * box.line)
  }
  const place = (label: Label, value: number): WordPlace => {
    const width = textWidth(label, size)
    const x = Math.min(panel.x + panel.width - width, Math.max(panel.x, xScale.at(value) - width / 2))
    return { x, y: topOf(x, x + width), width }
  }
  const a = place(low, sample.lambdaMin)
  const b = besideLimit(place(high, sample.lambdaMax), strip, limitPlace(strip, xScale, range[1], size), size)
  const clash = a.x + a.width + 6 > b.x && Math.abs(a.y - b.y) < size * 1.2
  const lowY = clash ? Math.max(panel.y + size, b.y - size * 1.3) : a.y
  const style = { size, fill: box.theme.ink, anchor: 'start', halo: box.theme.background } as const
  return [
    { type: 'text', x: a.x, y: lowY, label: low, ...style },
    { type: 'text', x: b.x, y: clash && lowY === b.y ? b.y + size * 1.3 : b.y, label: high, ...style },
  ]
}

interface WordPlace {
  readonly x: number
  readonly y: number
  readonly width: number
}

/** The same place, or the nearest beside the optimizer's limit: its line would strike the words through, its name stands left of its top. */
function besideLimit(words: WordPlace, { panel }: Strip, limit: LimitPlace | null, size: number): WordPlace {
  if (limit === null) return words
  const end = words.x + words.width
  const besideName = words.y < limit.y + 1.3 * size
  const from = besideName ? limit.from : limit.x
  if (limit.x < words.x - 4 || from > end + 4 || (!limit.inside && !besideName)) return words
  const right = limit.x + 5
  const fits = right + words.width <= panel.x + panel.width
  const isNearer = right - words.x < end - (from - 5)
  return { ...words, x: fits && isNearer ? right : Math.max(panel.x, from - 5 - words.width) }
}

/** Where the limit and its name stand; null where there is none or no room for it. */
interface LimitPlace {
  readonly inside: boolean
  readonly x: number
  /** Left end of the name, and its base line. */
  readonly from: number
  readonly y: number
  readonly label: Label
}

function limitPlace({ arm, panel }: Strip, xScale: PositionScale, high: number, size: number): LimitPlace | null {
  if (arm.stability === null) return null
  const { value, label: name } = arm.stability
  const inside = value <= high
  if (!inside && panel.height < LEAST_LINES * size) return null
  const x = inside ? crisp(xScale.at(value)) : panel.x + panel.width
  const label: Label = inside ? name : joinLabels(`${name} `, measuredNumber(value, 2), ' →')
  return { inside, x, from: x - (inside ? 4 : 0) - textWidth(label, size), y: panel.y + size * 0.9, label }
}

/** The optimizer's limit: a long-dashed line, or an arrow at the edge where it is far beyond. */
function stabilityMarks(strip: Strip, xScale: PositionScale, high: number, box: PlotBox): readonly Mark[] {
  const size = 11 * box.text
  const limit = limitPlace(strip, xScale, high, size)
  if (limit === null) return []
  const { inside, x, y, label } = limit
  const { panel } = strip
  const dash = THEORY_DASH.map((length) => length * 0.7 * box.line)
  const line = inside ? [segment(x, panel.y - 2, x, panel.y + panel.height, box.theme.theory, 1.3 * box.line, { dash, opacity: 0.85 })] : []
  return [
    ...line,
    { type: 'text', x: x - (inside ? 4 : 0), y, label, size, fill: box.theme.theory, anchor: 'end', halo: box.theme.background },
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

/** What the pointer says on a panel of extremes over time. */
export function extremesProbe(
  data: HessianPlotData,
  xScale: PositionScale,
  panel: Box,
  x: number,
  y: number,
  box: PlotBox,
): Readout | null {
  if (x < panel.x || x > panel.x + panel.width || y < panel.y || y > panel.y + panel.height) return null
  const wanted = xScale.invert(x)
  const found = data.arms.flatMap(({ arm, samples }) => {
    const sample = samples.findLast(({ step }) => step <= wanted)
    return sample === undefined ? [] : [{ arm, sample }]
  })
  if (found.length === 0) return null
  const step = Math.max(...found.map(({ sample }) => sample.step))
  const lines = found.flatMap(({ arm, sample }) => {
    const stroke = armColour(box.theme, arm)
    return [
      { name: `${arm} largest`, value: measuredNumber(sample.lambdaMax), stroke },
      { name: `${arm} smallest`, value: measuredNumber(sample.lambdaMin), stroke },
    ]
  })
  return { x: xScale.at(step), y, step, title: `step ${step}`, lines, marks: [] }
}

/** x of every other place of [n, 2]. */
function evenPlaces(places: Float64Array): Float64Array {
  return Float64Array.from({ length: places.length / 2 }, (_, i) => places[2 * i])
}
