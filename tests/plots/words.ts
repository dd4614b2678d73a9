// Where do the words of a drawing stand? Boxes from the same estimate that the plots use, for tests of clipping and overlap.
import type { Drawing } from '../../src/plots/plotKind.ts'
import { plainText, type Box, type Mark, type TextMark } from '../../src/plots/scene.ts'
import { textWidth } from '../../src/plots/textWidth.ts'

export interface Word {
  readonly text: string
  readonly box: Box
  readonly mark: TextMark
}

/** All words of a drawing with the rectangles they fill (cap height above the base line, a little below). */
export function wordsOf(drawing: Pick<Drawing, 'svg'>): readonly Word[] {
  return drawing.svg
    .filter((mark): mark is TextMark => mark.type === 'text')
    .map((mark) => ({ text: plainText(mark.label), box: wordBox(mark), mark }))
}

function wordBox(mark: TextMark): Box {
  const width = textWidth(mark.label, mark.size, mark.bold)
  const x = mark.anchor === 'start' ? mark.x : mark.anchor === 'end' ? mark.x - width : mark.x - width / 2
  return { x, y: mark.y - mark.size * 0.75, width, height: mark.size * 0.85 }
}

/** Pairs of words whose rectangles share more than a hair. */
export function overlaps(words: readonly Word[]): readonly string[] {
  const found: string[] = []
  for (const [index, a] of words.entries()) {
    for (const b of words.slice(index + 1)) {
      const across = Math.min(a.box.x + a.box.width, b.box.x + b.box.width) - Math.max(a.box.x, b.box.x)
      const down = Math.min(a.box.y + a.box.height, b.box.y + b.box.height) - Math.max(a.box.y, b.box.y)
      if (across > 1 && down > 1) found.push(`"${a.text}" over "${b.text}"`)
    }
  }
  return found
}

/** Words that leave [0, width] x [0, height] by more than half a pixel. */
export function clipped(words: readonly Word[], width: number, height: number): readonly string[] {
  return words
    .filter(({ box }) => box.x < -0.5 || box.y < -0.5 || box.x + box.width > width + 0.5 || box.y + box.height > height + 0.5)
    .map(({ text, box }) => `"${text}" at ${Math.round(box.x)}, ${Math.round(box.y)}, ${Math.round(box.width)} wide`)
}

/** Marks of one kind. */
export function marksOf<Type extends Mark['type']>(marks: readonly Mark[], type: Type): readonly Extract<Mark, { type: Type }>[] {
  return marks.filter((mark): mark is Extract<Mark, { type: Type }> => mark.type === type)
}
