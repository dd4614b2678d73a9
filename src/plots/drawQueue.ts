// When are plots drawn? All that changed, together, once per animation frame; in a hidden tab not at all.

type Draw = () => void

const waiting = new Set<Draw>()
let booked = false

/** Draws at the next frame; asked again before that, still only once. */
export function drawSoon(draw: Draw): void {
  waiting.add(draw)
  if (booked) return
  booked = true
  requestAnimationFrame(drawAll)
}

/** Takes a draw out of the queue. */
export function cancelDraw(draw: Draw): void {
  waiting.delete(draw)
}

function drawAll(): void {
  booked = false
  const draws = [...waiting]
  waiting.clear()
  for (const draw of draws) draw()
}
