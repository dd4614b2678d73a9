// What does the cosine plot say in words and numbers, and from how many pairs?
import type { CosineSample, CosineStatistics } from '../core/sample.ts'
import { emptyReason, type CosineArm, type CosinePlotData } from './cosineData.ts'
import { emptyWords } from './emptyState.ts'
import { measuredFromLog10, measuredNumber, plainNumber } from './numberText.ts'
import type { DataTable } from './plotKind.ts'
import { inlineText, plainText, type Label } from './scene.ts'
import type { StatisticsRow } from './statisticsColumn.ts'

/** eta of each arm. */
export function cosineHeadline(data: CosinePlotData): string {
  const drawn = data.arms.filter(({ current }) => current !== null)
  return drawn
    .map(({ arm, current }) => `${drawn.length > 1 ? `${arm} ` : ''}η ${inlineText(scaledNumber(current!, 'eta', 2))}`)
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
  const row = (name: string, value: (arm: NonNullable<CosineArm['current']>) => Label, short?: string): StatisticsRow => ({
    name,
    short,
    values: arms.map(({ current }) => (current === null ? '–' : value(current))),
  })
  return [
    row('mean', ({ pairs }) => number(pairs.mean)),
    row('std. deviation', ({ pairs }) => number(pairs.standardDeviation)),
    row('minimum', ({ pairs }) => number(pairs.min)),
    row('below zero', ({ pairs }) => (pairs.fractionNegative === null ? '–' : `${plainNumber(100 * pairs.fractionNegative, 3)} %`)),
    ...(arms.some(({ current }) => current?.batches !== undefined)
      ? [
          row('all pairs of batches', ({ batches }) => (batches === undefined ? '–' : plainNumber(batches.count)), 'all batches'),
          row('  mean', ({ batches }) => number(batches?.mean ?? null)),
          row('  minimum', ({ batches }) => number(batches?.min ?? null)),
        ]
      : []),
    row('confusion η', (sample) => scaledNumber(sample, 'eta', 3)),
    row('  of directions', ({ etaNormalised }) => number(etaNormalised)),
    row('  on average', (sample) => scaledNumber(sample, 'etaAverage', 3)),
    row('diversity Δ', ({ diversity }) => number(diversity)),
    row('batch bound n Δ', ({ batchSizeBound }) => number(batchSizeBound), 'bound n Δ'),
    row('gradient variance', (sample) => scaledNumber(sample, 'gradientVariance', 3), 'variance'),
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
    current === null
      ? []
      : [
          tableRow(arm, `batches of ${current.pairBatch}`, current.pairs),
          ...(current.batches === undefined
            ? []
            : [tableRow(arm, `batches of ${current.pairBatch}, all of ${current.batches.count}`, current.batches)]),
          tableRow(arm, 'samples', current.perSample),
        ],
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

/** Numbers with a scale: where they come near the ends of float64, from their logarithm. */
function scaledNumber(sample: CosineSample, name: 'eta' | 'etaAverage' | 'gradientVariance', digits: number): Label {
  const log10 = sample.log10?.[name] ?? null
  if (log10 !== null && Number.isFinite(log10) && Math.abs(log10) > 290) return measuredFromLog10(log10, digits)
  const value = sample[name]
  return value === null ? '–' : measuredNumber(value, digits)
}

function say(value: number | null): string {
  return value === null ? 'unknown' : plainText(measuredNumber(value, 2))
}
