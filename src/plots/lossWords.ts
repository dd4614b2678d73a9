// What does the loss plot say in words and numbers, for people who listen, read tables or glance at the head of a card?
import { quantiles } from '../numerics/quantiles.ts'
import { rowAt, type LossArm, type LossPlotData } from './lossData.ts'
import { measuredNumber, plainNumber } from './numberText.ts'
import type { DataTable } from './plotKind.ts'
import { inlineText, plainText } from './scene.ts'
import { rowMean } from './seedMeans.ts'
import { evenRows } from './tableRows.ts'

interface RowStatistics {
  readonly low: number
  readonly median: number
  readonly high: number
  readonly mean: number
  readonly meanLower: number
  readonly meanUpper: number
  readonly diverged: number
}

function statisticsOf(arm: LossArm, row: number): RowStatistics {
  const alive = arm.values.subarray(row * arm.seedCount, (row + 1) * arm.seedCount).filter((value) => !Number.isNaN(value))
  const [low, median, high] = quantiles(alive, [0.05, 0.5, 0.95])
  const { mean, lower, upper } = rowMean(alive, 0, alive.length)
  return { low, median, high, mean, meanLower: lower, meanUpper: upper, diverged: arm.seedCount - alive.length }
}

/** ", 3 diverged", with the arm where there are two; empty while all live. */
function divergedWords({ arms }: LossPlotData): string {
  const lost = arms.flatMap((arm) => {
    if (arm.count === 0) return []
    const { diverged } = statisticsOf(arm, arm.count - 1)
    return diverged > 0 ? [`${arms.length > 1 ? `${arm.arm} ` : ''}${diverged} diverged`] : []
  })
  return lost.map((words) => `, ${words}`).join('')
}

const NOTHING: RowStatistics = { low: NaN, median: NaN, high: NaN, mean: NaN, meanLower: NaN, meanUpper: NaN, diverged: NaN }

/** Median of each arm at the newest step. */
export function lossHeadline(data: LossPlotData): string {
  const arms = data.arms.filter((arm) => arm.count > 0)
  return arms
    .map((arm) => `${arms.length > 1 ? `${arm.arm} ` : ''}${inlineText(measuredNumber(statisticsOf(arm, arm.count - 1).median, 2))}`)
    .join(' · ')
}

/** What the lines and bands are. */
export function lossCaption(data: LossPlotData): string {
  const seeds = Math.max(0, ...data.arms.map((arm) => arm.seedCount))
  const scale = data.yScale === 'linear' ? '' : ', log scale'
  const lost = divergedWords(data)
  if (seeds > 1 && data.statistic === 'mean') return `${seeds} seeds${lost}, mean bold with 95 % interval, median dotted${scale}`
  if (seeds > 1) return `${seeds} seeds${lost}, median bold${seeds >= 4 ? ', bands 25–75 and 5–95 %' : ''}${scale}`
  return `batch loss thin${data.evaluations.length > 0 ? ', train set bold, test set ○' : ''}${scale}`
}

/** One sentence with the newest step, each arm's median, and which one is lower. */
export function lossSummary(data: LossPlotData): string {
  const arms = data.arms.filter((arm) => arm.count > 0)
  if (arms.length === 0) return 'No loss has been measured yet.'
  const step = Math.max(...arms.map((arm) => arm.steps[arm.count - 1]))
  const parts = arms.map((arm) => {
    const { low, median, high, mean, meanLower, meanUpper, diverged } = statisticsOf(arm, arm.count - 1)
    const spread =
      arm.seedCount > 1
        ? `, 5 to 95 % of ${arm.seedCount} seeds from ${say(low)} to ${say(high)}, mean ${say(mean)} (95 % interval ${say(meanLower)} to ${say(meanUpper)})`
        : ''
    const lost = diverged > 0 ? `, ${diverged} of ${arm.seedCount} diverged` : ''
    return `${arms.length > 1 ? `${arm.arm}, ${arm.label},` : arm.label} has ${arm.seedCount > 1 ? 'median ' : ''}loss ${say(median)}${spread}${lost}`
  })
  const accuracy = data.evaluations.flatMap(({ arm, testAccuracy }) =>
    testAccuracy === null || testAccuracy.length === 0
      ? []
      : [`test accuracy of ${arm} ${(100 * testAccuracy[testAccuracy.length - 1]).toFixed(1)} %`],
  )
  return `At step ${plainNumber(step)}: ${[...parts, ...accuracy].join('; ')}.`
}

/** Step, and per arm median with its 5 and 95 % quantiles, and the evaluations; at most 400 rows, the last one included. */
export function lossTable(data: LossPlotData): DataTable {
  const many = data.arms.map((arm) => arm.seedCount > 1)
  const columns = [
    'step',
    ...data.arms.flatMap(({ arm }, k) =>
      many[k]
        ? [`${arm} median`, `${arm} 5 %`, `${arm} 95 %`, `${arm} diverged`, `${arm} mean`, `${arm} mean, lower`, `${arm} mean, upper`]
        : [`${arm} loss`],
    ),
  ]
  const evaluated = data.evaluations.flatMap((evaluation) =>
    (['trainLoss', 'testLoss', 'trainAccuracy', 'testAccuracy'] as const).flatMap((field) => {
      const values = evaluation[field]
      return values === null ? [] : [{ name: `${evaluation.arm} ${WORDS[field]}`, steps: evaluation.steps, values }]
    }),
  )
  columns.push(...evaluated.map(({ name }) => name))
  const longest = data.arms.reduce((best, arm) => (arm.count > best.count ? arm : best), data.arms[0])
  const rows = evenRows(longest?.count ?? 0).map((row) => {
    const step = longest.steps[row]
    const cells: (number | null)[] = [step]
    for (const [k, arm] of data.arms.entries()) {
      const at = rowAt(arm.steps, arm.count, step)
      const present = at >= 0 && arm.steps[at] === step
      const found = present ? statisticsOf(arm, at) : NOTHING
      const { low, median, high, mean, meanLower, meanUpper, diverged } = found
      const all = many[k] ? [median, low, high, diverged, mean, meanLower, meanUpper] : [median]
      cells.push(...all.map((value) => (Number.isNaN(value) ? null : value)))
    }
    for (const { steps, values } of evaluated) {
      const at = rowAt(steps, steps.length, step)
      cells.push(at >= 0 && steps[at] === step ? values[at] : null)
    }
    return cells
  })
  return { columns, rows }
}

const WORDS = { trainLoss: 'train loss', testLoss: 'test loss', trainAccuracy: 'train accuracy', testAccuracy: 'test accuracy' } as const

function say(value: number): string {
  return plainText(measuredNumber(value, 2))
}
