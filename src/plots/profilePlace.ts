// Where is a profile over layers drawn? Shared by the lines of the median and those of the mean.
import type { PositionScale } from './positionScale.ts'
import type { Box } from './scene.ts'

/** The panel with its scales: layers 1 .. L across, exponents up. */
export interface ProfilePanel {
  readonly panel: Box
  readonly xScale: PositionScale
  readonly yScale: PositionScale
  readonly layerCount: number
}
