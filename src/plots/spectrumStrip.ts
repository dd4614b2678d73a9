// What stands beside the marks of a spectrum? Its title, its scale, the names of its extremes and the optimizer's limit, none over another.
import { crisp } from './frame.ts'
import type { HessianArm } from './hessianData.ts'
import { stripTitle } from './hessianWords.ts'
import { measuredNumber } from './numberText.ts'
import type { PlotBox } from './plotKind.ts'
import type { PositionScale, Tick } from './positionScale.ts'
import { joinLabels, segment, type Box, type Label, type Mark } from './scene.ts'
import { knownEnds } from './spectrumEnds.ts'
import type { SpectrumMarks } from './spectrumMarks.ts'
import { fitText, textWidth } from './textWidth.ts'
import { armColour, THEORY_DASH } from './theme.ts'

/** Relative size from which on a bound is written beside its number. */
const NOTICEABLE = 1e-6
/** Below this height in lines of text a strip shows its marks only. */
const LEAST_LINES = 3.4

/** The spectrum of one arm and its place. */
export interface Strip {
  readonly arm: HessianArm
  readonly panel: Box
  readonly spectrum: SpectrumMarks
}

/** Title, scale and names of the extremes of one strip of `count`. */
export function stripWords(strip: Strip, index: number, count: number, xScale: PositionScale, outer: Box, box: PlotBox): readonly Mark[] {
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
  // Of an end that has not converged the value is a bound from inside, whatever its residual.
  const name = (sub: string, value: number, bound: number, relation: '≤' | '≥' | null): Label => {
    // A bound far below the digits shown says "exact" at length.
    const error = relation === null && bound > NOTICEABLE * Math.abs(value) ? joinLabels(' ± ', measuredNumber(bound, 1)) : []
    const sign = relation === null ? ' ' : ` ${relation} `
    return joinLabels([{ text: 'λ', italic: true }, { text: sub, shift: 'sub' }, { text: sign }], measuredNumber(value, 2), error)
  }
  const known = knownEnds(sample)
  const low = name('min', sample.lambdaMin, sample.lambdaMinResidual, known.smallest ? null : '≤')
  const high = name('max', sample.lambdaMax, sample.lambdaMaxResidual, known.largest ? null : '≥')
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
export function stabilityMarks(strip: Strip, xScale: PositionScale, high: number, box: PlotBox): readonly Mark[] {
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
