// Where does the name of a curve stand? Beside its line, where it hides nothing.
import type { TheoryCurve } from '../core/theoryCurve.ts'
import { lineMeetsBox } from './lineMeetsBox.ts'
import type { PlotBox } from './plotKind.ts'
import type { Box, Mark, PolylineMark } from './scene.ts'
import { fitText, textWidth } from './textWidth.ts'
import { theoryLabel } from './theoryMarks.ts'

/** Where a name may stand along its curve, as a share of it, and how far its middle is from there, in its own widths: the likeliest first. */
const STANDS: readonly (readonly [along: number, aside: number])[] = [
  ...[1, 0, 0.5].map((along) => [along, 0] as const),
  ...[0.75, 0.25].map((along) => [along, 0] as const),
  ...[0.5, -0.5].flatMap((aside) => [1, 0, 0.5, 0.75, 0.25].map((along) => [along, aside] as const)),
]

/** A name beside each curve that is seen, where it covers no dot, no line and no other name, or as few as can be. */
export function curveNames(
  curves: readonly TheoryCurve[],
  lines: readonly PolylineMark[],
  dots: readonly (readonly [number, number])[],
  panel: Box,
  box: PlotBox,
): readonly Mark[] {
  const size = 10.5 * box.text
  const taken: Box[] = []
  return curves.flatMap((curve, index): readonly Mark[] => {
    const inside = pointsInside(lines[index].points, panel)
    if (inside.length === 0) return []
    const label = fitText(theoryLabel(curve), panel.width * 0.96, size)
    const width = textWidth(label, size)
    const candidates = STANDS.flatMap(([along, aside]) =>
      [-5, size + 5].map((below): Box => {
        const [x, y] = inside[Math.floor(along * (inside.length - 1))]
        const left = Math.min(panel.x + panel.width - width, Math.max(panel.x + 3, x + (aside - 0.5) * width + 8 * Math.sign(aside)))
        const base = Math.min(panel.y + panel.height - 4, Math.max(panel.y + size, y + below))
        return { x: left, y: base - size, width, height: size * 1.2 }
      }),
    )
    const crowd = (place: Box) =>
      dots.filter(([x, y]) => x > place.x - 5 && x < place.x + place.width + 5 && y > place.y - 4 && y < place.y + place.height + 4)
        .length +
      lines.filter(({ points }) => lineMeetsBox(points, place)).length +
      10 * taken.filter((other) => overlap(place, other)).length
    const crowds = candidates.map(crowd)
    const place = candidates[crowds.indexOf(Math.min(...crowds))]
    taken.push(place)
    const { ink, background } = box.theme
    return [{ type: 'text', x: place.x, y: place.y + size, label, size, fill: ink, anchor: 'start', halo: background }]
  })
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}

function pointsInside(points: ArrayLike<number>, panel: Box): readonly (readonly [number, number])[] {
  return Array.from({ length: points.length / 2 }, (_, i) => [points[2 * i], points[2 * i + 1]] as const).filter(
    ([x, y]) => x >= panel.x - 1 && x <= panel.x + panel.width + 1 && y >= panel.y - 1 && y <= panel.y + panel.height + 1,
  )
}
