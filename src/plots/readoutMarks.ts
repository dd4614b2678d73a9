// Where does the box with the numbers under the pointer go? Beside the place, on the side with room, never outside the plot.
import type { PlotBox, Readout } from './plotKind.ts'
import { segment, type Mark } from './scene.ts'
import { textWidth } from './textWidth.ts'

const PAD = 8
const GAP = 12

/** The marks of a readout: its own marks, then a box with a title and one line per series. */
export function readoutMarks(readout: Readout, box: PlotBox): readonly Mark[] {
  const { theme } = box
  const size = 11 * box.text
  const row = size * 1.5
  const sample = readout.lines.some((line) => line.stroke !== undefined) ? 18 * box.text : 0
  const nameWidth = Math.max(0, ...readout.lines.map((line) => textWidth(line.name, size)))
  const valueWidth = Math.max(0, ...readout.lines.map((line) => textWidth(line.value, size, true)))
  const inner = Math.max(textWidth(readout.title, size, true), sample + nameWidth + (nameWidth > 0 ? 10 : 0) + valueWidth)
  const width = Math.min(box.width, inner + 2 * PAD)
  const height = row * (readout.lines.length + 1) + PAD * 1.25
  const right = readout.x + GAP + width <= box.width
  const left = readout.x - GAP - width >= 0
  const x = right ? readout.x + GAP : left ? readout.x - GAP - width : Math.max(0, Math.min(box.width - width, readout.x - width / 2))
  const below = !right && !left ? readout.y + GAP : readout.y - height / 2
  const y = Math.max(0, Math.min(box.height - height, below))
  const marks: Mark[] = [
    ...readout.marks,
    { type: 'rect', box: { x, y, width, height }, fill: theme.background, stroke: theme.muted, radius: 5, opacity: 0.97 },
    { type: 'text', x: x + PAD, y: y + PAD * 0.6 + size, label: readout.title, size, fill: theme.ink, anchor: 'start', bold: true },
  ]
  for (const [index, line] of readout.lines.entries()) {
    const base = y + PAD * 0.6 + size + row * (index + 1)
    if (line.stroke !== undefined) {
      marks.push(
        segment(x + PAD, base - size * 0.33, x + PAD + 13 * box.text, base - size * 0.33, line.stroke, 2 * box.line, { dash: line.dash }),
      )
    }
    marks.push({ type: 'text', x: x + PAD + sample, y: base, label: line.name, size, fill: theme.muted, anchor: 'start' })
    marks.push({ type: 'text', x: x + width - PAD, y: base, label: line.value, size, fill: theme.ink, anchor: 'end', bold: true })
  }
  return marks
}
