// Which words are too pale to read? Those in the orange of arm B on white: a line may be 3.9 : 1, a word must be 4.5 : 1.
//
// Done once where marks become elements, so that no plot can forget it; lines, areas and dots keep the colour they share.
import type { Mark } from './scene.ts'
import type { PlotTheme } from './theme.ts'

/** The same marks with words of arm B in the darker tone of the theme. */
export function readableWords(marks: readonly Mark[], theme: PlotTheme): readonly Mark[] {
  if (theme.wordB === theme.armB) return marks
  return marks.map((mark) => (mark.type === 'text' && mark.fill === theme.armB ? { ...mark, fill: theme.wordB } : mark))
}
