// How wide will a label be? An estimate without a browser, so that margins and label places are pure functions.
//
// Advances are those of a wide sans serif (DejaVu Sans), so that the narrower faces of the page never clip.
import { runsOf, type Label } from './scene.ts'

const NARROW = new Set("ijl|!.,:;'` ·")
const SEMI = new Set('frt()[]{}/\\-I"')
const WIDE = new Set('mwMWQO@%—…±×≥≤∞')

/** Share of the font size that exponents and indices have. */
export const SHIFT_SIZE = 0.74

/** Width in pixels at this font size; bold adds 8 %. */
export function textWidth(label: Label, size: number, bold = false): number {
  let ems = 0
  for (const run of runsOf(label)) {
    const scale = run.shift === undefined ? 1 : SHIFT_SIZE
    for (const character of run.text) ems += scale * advance(character)
  }
  return ems * size * (bold ? 1.08 : 1)
}

function advance(character: string): number {
  if (NARROW.has(character)) return 0.31
  if (SEMI.has(character)) return 0.41
  if (WIDE.has(character)) return 0.9
  if (character >= 'A' && character <= 'Z') return 0.69
  return 0.61
}

/** The label cut to fit, ending in an ellipsis; unchanged where it fits. */
export function fitText(text: string, width: number, size: number, bold = false): string {
  if (textWidth(text, size, bold) <= width) return text
  let cut = text
  while (cut.length > 0 && textWidth(`${cut}…`, size, bold) > width) cut = cut.slice(0, -1)
  return cut.length === 0 ? '' : `${cut.trimEnd()}…`
}
