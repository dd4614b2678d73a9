// How does a run become one long table? One measured number per row: run, arm, seed, step, series, value.
//
// Tidy on purpose: every statistics program groups, filters and plots it without reshaping.
import type { ArmName } from '../core/experiment.ts'
import type { CosineStatistics, Sample } from '../core/sample.ts'
import { csvText, type CsvCell } from './csv.ts'

export const TIDY_COLUMNS = ['run', 'arm', 'seed', 'step', 'series', 'value'] as const

/** Losses as columns, as a store keeps them: row r holds every seed at `steps[r]`. */
export interface LossTable {
  readonly arm: ArmName
  readonly steps: Float64Array
  /** [count, seedCount] row-major. */
  readonly values: Float64Array
  readonly count: number
  readonly seedCount: number
}

/** One run to be written: its name, its losses, and any samples of the instruments. */
export interface TidyRun {
  readonly run: string
  readonly losses: readonly LossTable[]
  readonly samples: readonly Sample[]
}

type TidyRow = readonly [run: string, arm: ArmName, seed: number | null, step: number, series: string, value: number | null]

/** All rows of all runs; seed is the index in the ensemble, empty where a number belongs to no seed or to the focus seed 0. */
export function* tidyRows(runs: readonly TidyRun[]): Generator<TidyRow> {
  for (const { run, losses, samples } of runs) {
    for (const { arm, steps, values, count, seedCount } of losses) {
      for (let row = 0; row < count; row++) {
        for (let seed = 0; seed < seedCount; seed++) yield [run, arm, seed, steps[row], 'loss', values[row * seedCount + seed]]
      }
      if (count > 0) {
        const newest = values.subarray((count - 1) * seedCount, count * seedCount)
        yield [run, arm, null, steps[count - 1], 'seeds.diverged', newest.filter((value) => Number.isNaN(value)).length]
      }
    }
    for (const sample of samples) yield* sampleRows(run, sample)
  }
}

/** The whole table as CSV. */
export function tidyCsv(runs: readonly TidyRun[]): string {
  return csvText(TIDY_COLUMNS, tidyRows(runs) as Iterable<readonly CsvCell[]>)
}

function* sampleRows(run: string, sample: Sample): Generator<TidyRow> {
  const { arm, step } = sample
  const row = (series: string, value: number | null, seed: number | null = 0): TidyRow => [run, arm, seed, step, series, value]
  switch (sample.type) {
    case 'loss': {
      const { values, seedCount } = sample
      for (let i = 0; i < values.length; i++) yield [run, arm, i % seedCount, step + Math.floor(i / seedCount), 'loss', values[i]]
      return
    }
    case 'evaluation':
      for (const name of ['trainLoss', 'testLoss', 'trainAccuracy', 'testAccuracy'] as const)
        if (sample[name] !== null) yield row(name, sample[name])
      return
    case 'gradientNorms':
      for (let seed = 0; seed < sample.seedCount; seed++) {
        for (let layer = 0; layer < sample.layerCount; layer++) {
          const at = seed * sample.layerCount + layer
          yield row(`gradientNorm.layer${layer}.log10`, sample.log10[at], seed)
          yield row(`gradientMeanAbs.layer${layer}.log10`, sample.meanAbsLog10[at], seed)
        }
        if (sample.batchRows !== undefined) yield row('gradientNorm.batchRows', sample.batchRows, seed)
        yield row('gradientNorm.global.log10', sample.globalLog10[seed], seed)
        if (sample.dead !== undefined) yield row('gradientNorm.dead', sample.dead[seed], seed)
      }
      return
    case 'cosines':
      yield* cosineRows('cosine.batchPairs', sample.pairs, row)
      if (sample.batches !== undefined) yield* cosineRows('cosine.allBatchPairs', sample.batches, row)
      yield* cosineRows('cosine.samplePairs', sample.perSample, row)
      for (const name of ['eta', 'etaNormalised', 'etaAverage', 'diversity', 'batchSizeBound', 'gradientVariance'] as const)
        yield row(name, sample[name])
      // Right where the number itself is below 1e-308.
      if (sample.log10 !== undefined)
        for (const name of ['eta', 'etaAverage', 'gradientVariance'] as const) yield row(`${name}.log10`, sample.log10[name])
      return
    case 'hessian':
      for (const name of [
        'lambdaMax',
        'lambdaMin',
        'lambdaMaxResidual',
        'lambdaMinResidual',
        'numNegative',
        'trace',
        'traceStderr',
        'frobenius',
        'frobeniusStderr',
      ] as const)
        yield row(`hessian.${name}`, sample[name])
      for (const end of ['largest', 'smallest'] as const) {
        for (const [rank, value] of (sample.ends?.[end] ?? []).entries()) {
          yield row(`hessian.${end}${rank}`, value)
          yield row(`hessian.${end}${rank}.residual`, sample.ends![`${end}Residuals`][rank])
        }
      }
      if (sample.preconditionedSpectrum !== undefined && sample.preconditionedSpectrum !== null)
        for (const name of ['lambdaMax', 'lambdaMin', 'lambdaMaxResidual', 'lambdaMinResidual'] as const)
          yield row(`hessian.preconditioned.${name}`, sample.preconditionedSpectrum[name])
      if (sample.effectiveStep !== null)
        for (const name of ['min', 'median', 'max'] as const) yield row(`effectiveStep.${name}`, sample.effectiveStep[name])
      for (const [index, value] of (sample.eigenvalues ?? []).entries()) yield row(`hessian.eigenvalue${index}`, value)
      return
    case 'kernel':
      for (const name of ['drift', 'lambdaMin', 'lambdaMax', 'condition', 'plRatio', 'plLower', 'plUpper', 'weightDistance'] as const)
        yield row(`kernel.${name}`, sample[name])
      if (sample.change !== undefined) yield row('kernel.changeNorm', sample.change.value)
      if (sample.tangentGap !== undefined)
        for (const name of ['rms', 'moved'] as const) yield row(`kernel.tangentGap.${name}`, sample.tangentGap[name])
      return
    case 'cost':
      yield row(`cost.${sample.instrument}.milliseconds`, sample.duration, null)
      return
    case 'unavailable':
      return
    default:
      sample satisfies never
  }
}

function* cosineRows(
  name: string,
  statistics: CosineStatistics,
  row: (series: string, value: number | null) => TidyRow,
): Generator<TidyRow> {
  for (const field of ['mean', 'standardDeviation', 'min', 'fractionNegative'] as const) yield row(`${name}.${field}`, statistics[field])
  yield row(`${name}.count`, statistics.cosines.length)
}
