// Where is the tangent kernel known exactly, and what does width do to its drift and to the curvature of the outputs?
import type { ArmName } from '../../core/experiment.ts'
import { armExperiment, armsOf } from '../../core/resolve.ts'
import type { TheoryCurve } from '../../core/theoryCurve.ts'
import { NOT_YET } from '../../plots/emptyState.ts'
import type { ChartPoint, PredictionChart } from '../../plots/predictionData.ts'
import { armCurves, relabelled } from '../../store/armCurves.ts'
import { shallowTheory } from '../../store/curvesOfSamples.ts'
import type { LabState } from '../../store/labState.ts'
import { sampleAt } from '../../store/sampleHistory.ts'

/** The charts of the kernel panel; `curves` are those of the run over width. */
export function kernelCharts(state: LabState, curves: readonly TheoryCurve[]): readonly PredictionChart[] {
  const { columns, cursor, experiment } = state
  const arms = armsOf(experiment).flatMap((arm) => {
    const now = sampleAt(columns[arm].kernel, cursor)
    if (now === null) return []
    const { width, outputActivation } = armExperiment(experiment, arm).model
    return [
      {
        arm,
        now,
        width,
        isBent: outputActivation !== 'identity',
        samples: columns[arm].kernel.samples,
        exact: shallowTheory(experiment, arm, now),
      },
    ]
  })
  const diagonal: ChartPoint[] = []
  const row: ChartPoint[] = []
  for (const { arm, now } of arms) {
    if (now.shallow === undefined) continue
    const { inputs } = now.shallow
    const n = now.sampleCount
    const far = inputs.reduce((best, x, i) => (Math.abs(x) > Math.abs(inputs[best]) ? i : best), 0)
    for (const [i, x] of inputs.entries()) {
      diagonal.push({ arm, x, y: now.traceKernel[i * n + i] })
      row.push({ arm, x, y: now.traceKernel[i * n + far] })
    }
  }
  const exactOf = (wanted: ArmName) => arms.flatMap(({ arm, exact: { curves: own } }) => (arm === wanted ? own : []))
  const exact = armCurves(exactOf('A'), exactOf('B'))
  const overInput = (name: string, points: readonly ChartPoint[], ids: RegExp): PredictionChart => ({
    name,
    xName: 'input x',
    x: 'linear',
    y: 'linear',
    points,
    curves: exact.filter(({ id }) => ids.test(id)),
    missing: NOT_YET,
  })
  const drifts = arms.map(({ arm, width, samples }): ChartPoint => ({
    arm,
    x: width,
    y: Math.max(0, ...samples.map(({ drift }) => drift)),
  }))
  const curvatures = arms.flatMap(({ arm, width, samples }): readonly ChartPoint[] => {
    const found = samples.findLast(({ outputHessianNorm }) => outputHessianNorm !== undefined)?.outputHessianNorm
    return found === undefined ? [] : [{ arm, x: width, y: found.value, low: found.value, high: found.value + found.residual }]
  })
  const levelsOf = (wanted: ArmName) =>
    arms.flatMap(({ arm, width, isBent, exact: { curvature } }): readonly TheoryCurve[] =>
      arm !== wanted || curvature === null || !(curvature > 0)
        ? []
        : [
            {
              id: 'kernel.shallowHessian',
              label: isBent ? '|φ″ g gᵀ + φ′ H|' : 'x² max|σ″| / √m',
              source: isBent ? 'Liu et al. 2020, equations 39 to 41 (corrected)' : 'Liu et al. 2020, equation 25',
              axis: 'width',
              x: Float64Array.of(width / 2, 2 * width),
              // What a bent output adds does not fall with width.
              y: isBent ? Float64Array.of(curvature, curvature) : Float64Array.of(curvature * Math.SQRT2, curvature / Math.SQRT2),
              hypotheses: [],
            },
          ],
    )
  const levels = armCurves(levelsOf('A'), levelsOf('B'))
  const overWidth = (name: string, points: readonly ChartPoint[], own: readonly TheoryCurve[], missing: PredictionChart['missing']) => ({
    name,
    xName: 'width',
    x: 'log' as const,
    y: 'log' as const,
    points,
    curves: own,
    missing,
  })
  const driftCurves = curves.filter(({ id }) => id.endsWith('driftByWidth'))
  const curvatureCurves =
    levels.length > 0
      ? levels
      : curves.filter(({ id }) => id.endsWith('outputHessianByWidth')).map((curve) => relabelled(curve, '1/√width'))
  const isFlat = arms.some(({ samples }) => samples.some(({ outputHessianNorm }) => outputHessianNorm?.value === 0))
  const onDemand = isFlat
    ? {
        head: 'The outputs do not curve',
        body: 'Every second derivative is zero: relu and linear units with constant output weights bend nowhere.',
      }
    : { head: 'Curvature of the outputs', body: 'Measured on demand: Output Hessian, at the top of this card.' }
  return [
    ...(diagonal.length === 0
      ? []
      : [overInput('kernel K(x, x)', diagonal, /Diagonal|Limit/), overInput('kernel K(x, x*), x* the largest input', row, /Row/)]),
    ...(driftCurves.length === 0
      ? []
      : [
          overWidth(
            'largest drift |K − K₀| / |K₀|',
            drifts,
            driftCurves.map((curve) => relabelled(curve, '1/√width')),
            { head: 'No drift yet', body: 'Press Run.' },
          ),
        ]),
    overWidth('curvature of the outputs |H|', curvatures, curvatureCurves, onDemand),
  ]
}
