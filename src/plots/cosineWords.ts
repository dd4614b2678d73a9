// What does the cosine plot say in words and numbers, and from how many pairs?
import type { CosineStatistics } from '../core/sample.ts'
import { emptyReason, type CosineArm, type CosinePlotData } from './cosineData.ts'
import { emptyWords } from './emptyState.ts'
import { measuredNumber, plainNumber } from './numberText.ts'
import type { DataTable } from './plotKind.ts'
import { inlineText, plainText, type Label } from './scene.ts'
import type { StatisticsRow } from './statisticsColumn.ts'

/** eta of each arm. */
export function cosineHeadline(data: CosinePlotData): string {
  const drawn = data.arms.filter(({ current }) => current !== null)
  return drawn
    .map(
      ({ arm, current }) =>
        `${drawn.length > 1 ? `${arm} ` : ''}η ${current!.eta === null ? '–' : inlineText(measuredNumber(current!.eta, 2))}`,
    )
    .join(' · ')
}

/** How many pairs of which size. */
export function cosineCaption(data: CosinePlotData): string {
  const sample = data.arms.find(({ current }) => current !== null)?.current
  if (sample === undefined || sample === null) return ''
  const { pairs, perSample } = sample
  return `${plainNumber(pairs.cosines.length)} pairs of batches of ${sample.pairBatch}, ${plainNumber(perSample.cosines.length)} pairs of samples`
}

/** One sentence per arm: mean, spread, minimum and share below zero. */
export function cosineSummary(data: CosinePlotData): string {
  const reason = emptyReason(data.arms)
  if (reason !== undefined) {
    const { head, body } = emptyWords('cosines', reason)
    return `${head}. ${body}`
  }
  return data.arms
    .flatMap(({ arm, label, current }) => {
      if (current === null) return []
      const { pairs } = current
      const negative = pairs.fractionNegative === null ? '' : `, ${plainNumber(100 * pairs.fractionNegative, 3)} % below zero`
      return [
        `${arm}, ${label}, at step ${plainNumber(current.step)}: ${pairs.cosines.length} batch pairs with mean cosine ${say(pairs.mean)}, standard deviation ${say(pairs.standardDeviation)}, minimum ${say(pairs.min)}${negative}.`,
      ]
    })
    .join(' ')
}

/** The numbers beside the large plot, with what decides whether they may lie. */
export function cosineRows(arms: readonly CosineArm[]): readonly StatisticsRow[] {
  const row = (name: string, value: (arm: NonNullable<CosineArm['current']>) => Label): StatisticsRow => ({
    name,
    values: arms.map(({ current }) => (current === null ? '–' : value(current))),
  })
  return [
    row('mean', ({ pairs }) => number(pairs.mean)),
    row('std. deviation', ({ pairs }) => number(pairs.standardDeviation)),
    row('minimum', ({ pairs }) => number(pairs.min)),
    row('below zero', ({ pairs }) => (pairs.fractionNegative === null ? '–' : `${plainNumber(100 * pairs.fractionNegative, 3)} %`)),
    row('confusion η', ({ eta }) => number(eta)),
    row('diversity Δ', ({ diversity }) => number(diversity)),
    row('batch bound', ({ batchSizeBound }) => number(batchSizeBound)),
    row('pairs', ({ pairs }) => plainNumber(pairs.cosines.length)),
    row('batch size', ({ pairBatch }) => plainNumber(pairBatch)),
    row('bandwidth', ({ pairs }) => number(pairs.curve?.bandwidth ?? null)),
    row('zero, left out', ({ pairs, perSample }) => plainNumber(pairs.excluded + perSample.excluded)),
  ]
}

/** One row per statistic and arm and kind of pair. */
export function cosineTable(data: CosinePlotData): DataTable {
  const columns = ['arm', 'pairs of', 'count', 'mean', 'standard deviation', 'minimum', 'share below zero', 'left out']
  const rows = data.arms.flatMap(({ arm, current }) =>
    current === null ? [] : [tableRow(arm, `batches of ${current.pairBatch}`, current.pairs), tableRow(arm, 'samples', current.perSample)],
  )
  return { columns, rows }
}

function tableRow(
  arm: string,
  kind: string,
  { cosines, mean, standardDeviation, min, fractionNegative, excluded }: CosineStatistics,
): readonly (string | number | null)[] {
  return [arm, kind, cosines.length, mean, standardDeviation, min, fractionNegative, excluded]
}

function number(value: number | null): Label {
  return value === null ? '–' : measuredNumber(value, 3)
}

function say(value: number | null): string {
  return value === null ? 'unknown' : plainText(measuredNumber(value, 2))
}
