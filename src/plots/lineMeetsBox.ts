// Does a line strike words through?
import type { Box } from './scene.ts'

/** True where a line through `points` (x, y in turn) has a part inside the box; gaps (NaN) have none. */
export function lineMeetsBox(points: ArrayLike<number>, box: Box): boolean {
  for (let i = 2; i + 1 < points.length; i += 2)
    if (segmentMeetsBox(points[i - 2], points[i - 1], points[i], points[i + 1], box)) return true
  return false
}

/** The part of the segment that is left between two edges, then between the other two. */
function segmentMeetsBox(x0: number, y0: number, x1: number, y1: number, { x, y, width, height }: Box): boolean {
  let [from, to] = [0, 1]
  for (const [start, end, low, high] of [
    [x0, x1, x, x + width],
    [y0, y1, y, y + height],
  ]) {
    const step = end - start
    if (step === 0) {
      if (start <= low || start >= high) return false
      continue
    }
    const [a, b] = [(low - start) / step, (high - start) / step]
    from = Math.max(from, Math.min(a, b))
    to = Math.min(to, Math.max(a, b))
  }
  return from < to
}
