// Which numbers stand beside a large plot? A short table in the plot itself, one column per arm, right-aligned.
import type { ArmName } from '../core/experiment.ts'
import { armColour } from './theme.ts'
import type { PlotBox } from './plotKind.ts'
import { segment, type Box, type Label, type Mark } from './scene.ts'
import { fitText, textWidth } from './textWidth.ts'

export interface StatisticsRow {
  /** Blanks before it set it in, under the row that it belongs to. */
  readonly name: string
  /** Instead of the name where that does not fit; without it the name is cut. */
  readonly short?: string
  /** One value per arm, in the order of `arms`. */
  readonly values: readonly Label[]
}

/** Words only, from the top of `area`; rows that do not fit are left out from the end. */
export function statisticsMarks(arms: readonly ArmName[], rows: readonly StatisticsRow[], area: Box, box: PlotBox): readonly Mark[] {
  const size = 11.5 * box.text
  const line = size * 1.62
  const column = Math.min(64 * box.text, (area.width * 0.62) / Math.max(1, arms.length))
  const right = (index: number) => area.x + area.width - (arms.length - 1 - index) * column
  const marks: Mark[] = []
  let y = area.y + size * 0.2
  if (arms.length > 1) {
    for (const [index, arm] of arms.entries())
      marks.push({ type: 'text', x: right(index), y, label: arm, size, fill: armColour(box.theme, arm), anchor: 'end', bold: true })
    y += line
  }
  for (const row of rows) {
    if (y > area.y + area.height) break
    // Up to the first number: few of them fill their column.
    const inset = row.name.startsWith(' ') ? size * 0.9 : 0
    const name = row.name.trimStart()
    const room = area.width - inset - column * (arms.length - 1) - textWidth(row.values[0] ?? '', size) - size * 0.7
    const fits = (text: string) => textWidth(text, size) <= room
    marks.push({
      type: 'text',
      x: area.x + inset,
      y,
      label: fitText(fits(name) ? name : (row.short ?? name), room, size),
      size,
      fill: box.theme.muted,
      anchor: 'start',
    })
    for (const [index, label] of row.values.entries())
      marks.push({ type: 'text', x: right(index), y, label, size, fill: box.theme.ink, anchor: 'end' })
    marks.push(segment(area.x, y + line * 0.32, area.x + area.width, y + line * 0.32, box.theme.hair, 1))
    y += line
  }
  return marks
}
