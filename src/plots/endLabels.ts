// How does a reader know which line is which? By its name at its end, in its colour, never over another name.
import { END_LABEL_SIZE } from './frame.ts'
import { placeLabels } from './labelPlacement.ts'
import type { PlotBox } from './plotKind.ts'
import { segment, type Box, type Mark } from './scene.ts'
import { fitText, textWidth } from './textWidth.ts'

/** The end of one line and what to call it. */
export interface EndLabel {
  readonly text: string
  /** Used where the text does not fit; without it the text is cut. */
  readonly short?: string
  readonly colour: string
  readonly x: number
  readonly y: number
  readonly bold: boolean
  /** Where the line ends, when the name stands further on. */
  readonly lineEnd?: number
}

/** Between the end of a line and its name, at text scale 1. */
const GAP = 7

/** Space to leave on the right for these names, at most `share` of the width of the plot. */
export function endLabelMargin(texts: readonly string[], box: PlotBox, share = 0.22): number {
  const size = END_LABEL_SIZE * box.text
  const widest = Math.max(0, ...texts.map((text) => textWidth(text, size, true)))
  return Math.min(box.width * share, widest + (GAP + 3) * box.text)
}

/**
 * Names right of the line ends; those side by side are moved apart, and a thin leader shows from where.
 *
 * A name may rise over the upper edge but not sink onto the lower one, where the axis would strike it through.
 */
export function endLabelMarks(labels: readonly EndLabel[], panel: Box, box: PlotBox): Mark[] {
  const size = END_LABEL_SIZE * box.text
  const height = size * 1.25
  const gap = GAP * box.text
  const placed = labels.map((label) => {
    const text = fittingName(label, box.width - label.x - gap, size, box)
    const width = textWidth(text, size, label.bold)
    const x = Math.min(label.x + gap, box.width - width)
    return { ...label, text, left: x, right: x + width, wanted: Math.min(panel.y + panel.height, Math.max(panel.y, label.y)) }
  })
  const marks: Mark[] = []
  for (const group of sideBySide(placed)) {
    const centres = placeLabels(
      group.map((label) => label.wanted),
      group.map(() => height),
      panel.y - height / 2,
      panel.y + panel.height,
    )
    for (const [index, label] of group.entries()) {
      const y = centres[index]
      if (Math.abs(y - label.wanted) > height * 0.7)
        marks.push(segment((label.lineEnd ?? label.x) + 1, label.wanted, label.left - 2, y, label.colour, 1, { opacity: 0.7 }))
      const { text, colour, bold, left } = label
      marks.push({
        type: 'text',
        x: left,
        y: y + size * 0.35,
        label: text,
        size,
        fill: colour,
        anchor: 'start',
        bold,
        halo: box.theme.background,
      })
    }
  }
  return marks
}

/** The whole name where it fits, or where the line is still far from the edge; else the short one; else the name cut. */
function fittingName(label: EndLabel, room: number, size: number, box: PlotBox): string {
  if (textWidth(label.text, size, label.bold) <= room) return label.text
  if (label.short !== undefined && label.short !== '') return label.short
  return fitText(label.text, Math.max(room, box.width * 0.3), size, label.bold)
}

/** Groups of labels whose horizontal extents overlap, directly or through others. */
function sideBySide<Extent extends { readonly left: number; readonly right: number }>(labels: readonly Extent[]): readonly Extent[][] {
  const groups: { right: number; members: Extent[] }[] = []
  for (const label of labels.toSorted((a, b) => a.left - b.left)) {
    const last = groups.at(-1)
    if (last !== undefined && label.left < last.right + 4) {
      last.members.push(label)
      last.right = Math.max(last.right, label.right)
    } else groups.push({ right: label.right, members: [label] })
  }
  return groups.map((group) => group.members)
}
