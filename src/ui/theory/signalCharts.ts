// How far do the signals of the seeds lie apart, and is their mean carried by a few? Behind every layer, beside the closed forms.
import type { ArmName } from '../../core/experiment.ts'
import { armsOf } from '../../core/resolve.ts'
import type { GradientNormSample } from '../../core/sample.ts'
import type { TheoryCurve } from '../../core/theoryCurve.ts'
import type { ChartPoint, PredictionChart } from '../../plots/predictionData.ts'
import { signalPoints, signalSeeds } from '../../plots/signalPoints.ts'
import type { LabState } from '../../store/labState.ts'
import { LEAST_SEEDS, SIGNALS_OVER_SEEDS } from './hasCharts.ts'
import { oneOfTwo } from './oneOfTwo.ts'

/** Two charts, or one where only one law is known. */
export function signalCharts(state: LabState): readonly PredictionChart[] {
  const { experiment, theory } = state
  const curves = theory.filter(({ id }) => SIGNALS_OVER_SEEDS.test(id))
  const arms = armsOf(experiment).flatMap((arm) => {
    const sample = newestSignal(state, arm)
    const seeds = sample === null ? 0 : signalSeeds(sample)
    return sample === null || seeds < LEAST_SEEDS ? [] : [{ arm, sample, seeds }]
  })
  const [first] = arms
  const many = first === undefined ? '' : `, ${first.seeds} seeds, step ${first.sample.step}`
  const chart = (name: string, ids: RegExp, y: 'log' | 'linear', points: readonly ChartPoint[], more: readonly TheoryCurve[]) => {
    const own = oneOfTwo(
      curves.filter(({ id }) => ids.test(id)),
      experiment,
    )
    const missing = { head: 'The signal is not measured yet', body: `Pause the run: then it is, with ${LEAST_SEEDS} seeds or more.` }
    return own.length === 0
      ? []
      : [{ name: `${name}${many}`, xName: 'layers passed', x: 'linear' as const, y, points, curves: [...own, ...more], missing }]
  }
  const points = (quantity: 'spread' | 'tail') => arms.flatMap(({ arm, sample }) => signalPoints(arm, sample, quantity))
  const depth = Math.max(1, ...arms.map(({ sample }) => sample.layerCount))
  return [
    ...chart('spread of log₁₀|h|', /\.signalSpread$/, 'linear', points('spread'), []),
    ...chart('E|h|⁴ / (E|h|²)²', /\.signalTail$/, 'log', points('tail'), first === undefined ? [] : [most(first.seeds, depth)]),
  ]
}

/** The ratio of n numbers is at most n: a sample cannot show a tail that it has not met. */
function most(seeds: number, depth: number): TheoryCurve {
  return {
    id: 'signalTailCeiling',
    label: `most that ${seeds} seeds can show`,
    source: '',
    axis: 'depth',
    x: Float64Array.of(1, depth),
    y: Float64Array.of(seeds, seeds),
    hypotheses: [],
  }
}

/** Signals are measured at the start and on demand: the newest up to the cursor. */
function newestSignal({ columns, cursor }: LabState, arm: ArmName): GradientNormSample | null {
  const { samples } = columns[arm].gradientNorms
  return samples.findLast(({ step, forwardLog10 }) => forwardLog10 !== undefined && (cursor === null || step <= cursor)) ?? null
}
