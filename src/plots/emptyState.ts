// What does a plot show when there is nothing to measure? A sentence that says why, in the middle, with a small sign.
//
// "Not yet" and "never here" look different: the first leaves the axes empty, the second explains.
import type { InstrumentName, UnavailableReason } from '../core/sample.ts'
import type { PlotBox } from './plotKind.ts'
import type { Mark } from './scene.ts'
import { textWidth } from './textWidth.ts'

/** Head and explanation of an empty plot. */
export interface EmptyWords {
  readonly head: string
  readonly body: string
}

/** True at rest and in a run: a measurement may come some steps later, when its share of the time allows it. */
export const NOT_YET: EmptyWords = { head: 'No measurement yet', body: 'It comes as the network trains.' }

const GENERAL: Readonly<Record<UnavailableReason, EmptyWords>> = {
  oneSample: { head: 'One sample, no pair', body: 'Comparing gradients needs at least two training samples.' },
  tooLarge: {
    head: 'Too large to measure live',
    body: 'The network has more parameters than this instrument can afford. Make it smaller, or measure fewer samples.',
  },
  zeroGradient: { head: 'Every gradient is exactly zero', body: 'A zero vector has no direction, so there is nothing to compare.' },
  underflow: {
    head: 'Too small to measure',
    body: 'The gradients are not zero, but they or their squares are below the smallest numbers of this engine.',
  },
  switchedOff: { head: 'Switched off', body: 'Set its schedule under More to measure again.' },
  nonFinite: { head: 'Not a finite number', body: 'The run left the finite numbers. Lower the learning rate, or go back some steps.' },
}

const ONE_SAMPLE_COSINES: EmptyWords = {
  head: 'One sample, no pair',
  body: 'A cosine compares the gradients of two samples or two batches. This run trains on a single point.',
}

/** Words for a reason; null means that nothing has been measured yet. */
export function emptyWords(instrument: InstrumentName, reason: UnavailableReason | null): EmptyWords {
  if (reason === null) return NOT_YET
  return instrument === 'cosines' && reason === 'oneSample' ? ONE_SAMPLE_COSINES : GENERAL[reason]
}

/** A dashed circle over head and wrapped body in the middle of the plot; the body goes where it does not fit, then the circle. */
export function emptyMarks(words: EmptyWords, box: PlotBox): readonly Mark[] {
  const { theme } = box
  const head = 13 * box.text
  const body = 12 * box.text
  const room = Math.min(box.width - 12, 320 * box.text)
  const headLines = wrapped(words.head, room, head, true)
  const sign = 11 * box.line
  const wordless = 2 * sign + head + headLines.length * head * 1.35
  const wholeBody = wrapped(words.body, room, body, false)
  const bodyLines = wordless + wholeBody.length * body * 1.4 <= box.height ? wholeBody : []
  const height = wordless + bodyLines.length * body * 1.4
  const x = box.width / 2
  const signed = wordless <= box.height
  const top = signed ? Math.max(sign + 2, (box.height - height) / 2 + sign) : Math.max(0, (box.height - height) / 2)
  const marks: Mark[] = signed
    ? [
        { type: 'polyline', points: ring(x, top, sign), stroke: theme.muted, width: 1.4 * box.line, dash: [3, 3] },
        { type: 'dots', points: [x, top], radius: 2.6 * box.line, fill: theme.muted },
      ]
    : []
  let y = signed ? top + sign + head * 1.6 : top + head
  for (const label of headLines) {
    marks.push({ type: 'text', x, y, label, size: head, fill: theme.ink, anchor: 'middle', bold: true, halo: theme.background })
    y += head * 1.35
  }
  for (const label of bodyLines) {
    marks.push({ type: 'text', x, y, label, size: body, fill: theme.muted, anchor: 'middle', halo: theme.background })
    y += body * 1.4
  }
  return marks
}

/** The text in lines no wider than `room`; a word that is wider stands alone. */
export function wrapped(text: string, room: number, size: number, bold: boolean): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && textWidth(longer, size, bold) > room) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return line === '' ? lines : [...lines, line]
}

function ring(x: number, y: number, radius: number): Float64Array {
  const corners = 48
  const points = new Float64Array(2 * (corners + 1))
  for (let i = 0; i <= corners; i++) {
    points[2 * i] = x + radius * Math.cos((2 * Math.PI * i) / corners)
    points[2 * i + 1] = y + radius * Math.sin((2 * Math.PI * i) / corners)
  }
  return points
}
