// What do all plots over steps share? The axis, the cursor line and the markers of optimizer changes.
import type { Step } from '../core/units.ts'
import { armColour } from './theme.ts'
import { crisp, TICK_SIZE } from './frame.ts'
import type { ChangeMarker } from './lossData.ts'
import type { PlotBox } from './plotKind.ts'
import type { PositionScale } from './positionScale.ts'
import { linearScale } from './positionScale.ts'
import { segment, type Box, type Mark } from './scene.ts'
import { textWidth } from './textWidth.ts'

/** Steps 0 .. total over the width of a panel; never changes during a run. */
export function timeScale(total: Step, panel: Pick<Box, 'x' | 'width'>): PositionScale {
  return linearScale([0, Math.max(1, total)], [panel.x, panel.x + panel.width])
}

/** The line of the common cursor through one panel, with a handle at the lower end; empty outside the axis. */
export function cursorMarks(step: Step, xScale: PositionScale, panel: Box, box: PlotBox): readonly Mark[] {
  if (step < xScale.domain[0] || step > xScale.domain[1]) return []
  const x = crisp(xScale.at(step))
  const bottom = panel.y + panel.height
  return [
    segment(x, panel.y, x, bottom, box.theme.ink, 1 * box.line, { opacity: 0.45 }),
    { type: 'dots', points: [x, bottom], radius: 2.6 * box.line, fill: box.theme.ink },
  ]
}

/** A hairline and a flag with words at each change; flags that would touch the one before keep only their line. */
export function changeMarks(changes: readonly ChangeMarker[], xScale: PositionScale, panel: Box, box: PlotBox): readonly Mark[] {
  const size = (TICK_SIZE - 1) * box.text
  const marks: Mark[] = []
  let free = panel.x
  for (const change of changes.toSorted((a, b) => a.step - b.step)) {
    const x = crisp(xScale.at(change.step))
    const colour = armColour(box.theme, change.arm)
    marks.push(segment(x, panel.y, x, panel.y + panel.height, colour, 1 * box.line, { dash: [2, 3], opacity: 0.8 }))
    marks.push({ type: 'dots', points: [x, panel.y], radius: 2.6 * box.line, fill: colour })
    const label = `${change.arm}: ${change.label}`
    const width = textWidth(label, size)
    if (box.variant !== 'main' || x + 4 < free) continue
    const fits = x + 5 + width <= panel.x + panel.width
    marks.push({
      type: 'text',
      x: fits ? x + 5 : x - 5,
      y: panel.y - size * 0.55,
      label,
      size,
      fill: colour,
      anchor: fits ? 'start' : 'end',
      halo: box.theme.background,
    })
    free = x + 5 + (fits ? width : 0) + 6
  }
  return marks
}

/** The strip of an axis' tick labels, for the cue when its range changes. */
export function yLabelStrip(panel: Box): Box {
  return { x: 0, y: panel.y - 4, width: Math.max(0, panel.x - 2), height: panel.height + 8 }
}
