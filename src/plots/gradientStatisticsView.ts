// What do all seeds together say? Mean of the norms with its interval beside the median, and a column of slopes and lost seeds.
import type { GradientNormArm, GradientNormPlotData } from './gradientData.ts'
import { lostSeeds, rateWithDepth, sampleMeans, slopeOverLayers } from './gradientStatistics.ts'
import type { ProfilePanel } from './profilePlace.ts'
import { inflated } from './lossMarks.ts'
import { measuredFromLog10, plainNumber } from './numberText.ts'
import type { PlotBox, ReadoutLine } from './plotKind.ts'
import { joinLabels, type Box, type Label, type Mark } from './scene.ts'
import { statisticsMarks, type StatisticsRow } from './statisticsColumn.ts'
import { fitText } from './textWidth.ts'
import { armColour, armDash } from './theme.ts'

/** Pixels between two interval bars. */
const BAR_SPACING = 9

/** The mean bold, its 95 % interval as bars: one that reaches zero ends at the lower edge without a foot. */
export function meanMarks(data: GradientNormPlotData, place: ProfilePanel, box: PlotBox): readonly Mark[] {
  const { panel, xScale, yScale } = place
  const floor = panel.y + panel.height
  return data.arms.flatMap(({ arm, current }, index): readonly Mark[] => {
    if (current === null) return []
    const { mean, lower, upper } = sampleMeans(current, data.quantity)
    const stroke = armColour(box.theme, arm)
    // Bars of two arms stand side by side.
    const aside = data.arms.length > 1 ? (index === 0 ? -1.5 : 1.5) : 0
    const bars: number[] = []
    let free = -Infinity
    for (let layer = 0; layer < mean.length; layer++) {
      const x = xScale.at(layer + 1) + aside
      if (!Number.isFinite(mean[layer]) || x < free) continue
      free = x + BAR_SPACING * box.line
      const [top, bottom] = [yScale.at(upper[layer]), Number.isFinite(lower[layer]) ? yScale.at(lower[layer]) : floor]
      bars.push(x, Math.max(panel.y, top), x, Math.min(floor, bottom), x - 2.5, top, x + 2.5, top)
      if (bottom < floor) bars.push(x - 2.5, bottom, x + 2.5, bottom)
    }
    const points = Array.from(mean, (value, layer) => [xScale.at(layer + 1), Number.isFinite(value) ? yScale.at(value) : NaN]).flat()
    const clip = inflated(panel, 2)
    return [
      { type: 'segments', points: bars, stroke, width: box.line, opacity: 0.55 },
      { type: 'polyline', points, stroke: box.theme.background, width: 4.4 * box.line, opacity: 0.75, clip },
      { type: 'polyline', points, stroke, width: 2.4 * box.line, dash: armDash(arm, box.line), clip },
    ]
  })
}

/** Where the line of means of one arm ends; null where no seed is finite. */
export function meanEnd({ current }: GradientNormArm, data: GradientNormPlotData, place: ProfilePanel): readonly [number, number] | null {
  if (current === null) return null
  const { mean } = sampleMeans(current, data.quantity)
  const layer = mean.findLastIndex(Number.isFinite)
  return layer < 0 ? null : [place.xScale.at(layer + 1), place.yScale.at(mean[layer])]
}

/** Mean and interval of one layer, for the pointer. */
export function meanLine({ current }: GradientNormArm, data: GradientNormPlotData, layer: number): readonly ReadoutLine[] {
  if (current === null || current.seedCount < 2) return []
  const { mean, lower, upper } = sampleMeans(current, data.quantity)
  const parts = joinLabels(measuredFromLog10(mean[layer]), ', ', measuredFromLog10(lower[layer]), ' … ', measuredFromLog10(upper[layer]))
  return [{ name: 'mean, 95 % interval', value: parts }]
}

/** Slopes with intervals beside their predictions, dead and diverged seeds; one column per arm. */
export function statisticsRows(data: GradientNormPlotData): readonly StatisticsRow[] {
  const arms = data.arms.flatMap((arm) => (arm.current === null ? [] : [{ arm: arm.arm, sample: arm.current }]))
  const slopes = arms.map(({ sample }) => slopeOverLayers(sample, data.quantity, data.theory))
  const rates = arms.map(({ arm, sample }) => rateWithDepth(sample, data.rates?.[arm]))
  const lost = arms.map(({ sample }) => lostSeeds(sample))
  const many = arms.some(({ sample }) => sample.seedCount > 1)
  const row = (name: string, values: readonly Label[], short = name): StatisticsRow => ({ name, values, short })
  return [
    row(
      'slope per layer',
      slopes.map(({ measured }) => signedNumber(measured.mean)),
      'slope',
    ),
    row(
      '  from',
      slopes.map(({ measured }) => signedNumber(measured.lower)),
    ),
    row(
      '  to',
      slopes.map(({ measured }) => signedNumber(measured.upper)),
    ),
    ...(slopes.some(({ predicted }) => predicted !== null)
      ? [
          row(
            '  predicted',
            slopes.map(({ predicted }) => (predicted === null ? '–' : signedNumber(predicted))),
          ),
        ]
      : []),
    ...(rates.some((rate) => rate !== null)
      ? [
          row(
            'per layer of depth',
            rates.map((rate) => (rate === null ? '–' : signedNumber(rate.measured.mean))),
            'by depth',
          ),
          row(
            '  from',
            rates.map((rate) => (rate === null ? '–' : signedNumber(rate.measured.lower))),
          ),
          row(
            '  to',
            rates.map((rate) => (rate === null ? '–' : signedNumber(rate.measured.upper))),
          ),
          row(
            '  predicted',
            rates.map((rate) => (rate === null ? '–' : signedNumber(rate.predicted))),
          ),
        ]
      : []),
    ...(many
      ? [
          row(
            'dead seeds',
            arms.map(({ sample }, k) => `${lost[k].dead} of ${sample.seedCount}`),
          ),
          ...(arms.some(({ arm }) => (data.deadShare?.[arm] ?? 0) > 1e-3)
            ? [
                row(
                  '  at most, predicted',
                  arms.map(({ arm }) => shareText(data.deadShare?.[arm])),
                ),
              ]
            : []),
          row(
            'diverged seeds',
            arms.map(({ sample }, k) => `${lost[k].diverged} of ${sample.seedCount}`),
          ),
        ]
      : []),
  ]
}

/** The column with its heading. */
export function statisticsColumn(data: GradientNormPlotData, area: Box, box: PlotBox): readonly Mark[] {
  const drawn = data.arms.flatMap(({ arm, current }) => (current === null ? [] : [arm]))
  if (drawn.length === 0) return []
  const seeds = Math.max(...data.arms.map(({ current }) => current?.seedCount ?? 0))
  const size = 11 * box.text
  const heading: Mark = {
    type: 'text',
    x: area.x,
    y: area.y - size * 0.6,
    label: fitText(seeds > 1 ? `decades, 95 % over ${plainNumber(seeds)} seeds` : 'decades, 95 % over layers', area.width, size),
    size,
    fill: box.theme.muted,
    anchor: 'start',
  }
  return [
    heading,
    ...statisticsMarks(drawn, statisticsRows(data), { ...area, y: area.y + size * 1.1, height: area.height - size * 1.1 }, box),
  ]
}

/** Dead for one input: no network is dead for all of them more often. */
function shareText(share: number | undefined): string {
  return share === undefined ? '–' : `${Number((100 * share).toPrecision(2))} %`
}

/** Three decimals with a true minus sign: slopes are compared, not read. */
function signedNumber(value: number): string {
  if (!Number.isFinite(value)) return '–'
  const text = Math.abs(value).toFixed(3)
  return value < 0 && Number(text) !== 0 ? `−${text}` : text
}
