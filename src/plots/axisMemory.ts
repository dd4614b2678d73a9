// When may an axis change its range? Only when data leave it, or when they have used little of it for long.
//
// An axis that follows the data hides exactly what is to be seen (how far something moved); so ranges grow in whole
// steps, shrink late, and each change is told, so that the frame can show a cue.

export interface AxisMemory {
  domain: readonly [number, number] | null
  /** Draws in a row in which the data used little of the axis. */
  quiet: number
  /** Changed by the last call of `settleDomain`, and not for the first time. */
  rescaled: boolean
}

/** A new axis without a range. */
export function createAxisMemory(): AxisMemory {
  return { domain: null, quiet: 0, rescaled: false }
}

/** How far an axis grows beyond the data, in the units of the axis (decades for log), and the grid of its ends. */
export interface AxisGrowth {
  readonly grid: number
  readonly headroom: number
}

const LITTLE = 0.34
const QUIET_DRAWS = 90

/**
 * The range of an axis that must show [low, high] (exponents for a log axis), given what it showed before.
 *
 * Ends lie on multiples of `grid`. Ends that are not finite change nothing. Growing adds `headroom` on the side that grew; shrinking needs 90 quiet draws in a row.
 */
export function settleDomain(memory: AxisMemory, low: number, high: number, growth: AxisGrowth): readonly [number, number] {
  const { grid, headroom } = growth
  // Adding 0 turns -0 into 0.
  const down = (value: number) => Math.floor(value / grid + 1e-9) * grid + 0
  const up = (value: number) => Math.ceil(value / grid - 1e-9) * grid + 0
  const fit = (): readonly [number, number] => {
    const from = down(low)
    const to = up(high)
    return to > from ? [from, to] : [from, from + grid]
  }
  memory.rescaled = false
  if (!Number.isFinite(low) || !Number.isFinite(high)) return memory.domain ?? [0, grid]
  const before = memory.domain
  if (before === null) {
    memory.domain = fit()
    return memory.domain
  }
  if (low < before[0] || high > before[1]) {
    memory.domain = [low < before[0] ? down(low - headroom) : before[0], high > before[1] ? up(high + headroom) : before[1]]
    memory.quiet = 0
    memory.rescaled = true
    return memory.domain
  }
  const tight = fit()
  memory.quiet = tight[1] - tight[0] < LITTLE * (before[1] - before[0]) ? memory.quiet + 1 : 0
  if (memory.quiet >= QUIET_DRAWS) {
    memory.domain = [down(low - headroom / 2), up(high + headroom / 2)]
    memory.quiet = 0
    memory.rescaled = true
  }
  return memory.domain!
}
