// How does the eye learn that an axis changed its range? The strip of its tick labels lights up and fades.
import type { PlotBox } from './plotKind.ts'
import type { Box } from './scene.ts'

const SVG = 'http://www.w3.org/2000/svg'
const FADE_MS = 1200

/** Lights up the place of an axis; with reduced motion it stands still and goes at once after the same time. */
export function showRescaleCue(svg: SVGSVGElement, place: Box, box: PlotBox, still: boolean): void {
  const glow = svg.ownerDocument.createElementNS(SVG, 'rect')
  for (const name of ['x', 'y', 'width', 'height'] as const) glow.setAttribute(name, String(place[name]))
  glow.setAttribute('rx', '4')
  glow.setAttribute('fill', box.theme.muted)
  glow.setAttribute('fill-opacity', '0.22')
  glow.setAttribute('data-cue', 'rescaled')
  if (typeof glow.animate !== 'function') return
  svg.prepend(glow)
  const frames = still ? [{ opacity: 1 }, { opacity: 1 }] : [{ opacity: 1 }, { opacity: 0 }]
  glow.animate(frames, { duration: FADE_MS, easing: 'ease-out' }).addEventListener('finish', () => glow.remove())
}
