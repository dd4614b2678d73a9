// Which closed forms stand beside this run now? Both arms, with what has been measured so far.
import type { ArmName, Experiment, LossSettings } from '../core/experiment.ts'
import { dataShape } from '../core/footprint.ts'
import { armExperiment } from '../core/resolve.ts'
import type { KernelSample } from '../core/sample.ts'
import type { TheoryCurve } from '../core/theoryCurve.ts'
import { quantiles } from '../numerics/quantiles.ts'
import { theoryFor } from '../theory/curvesFor.ts'
import { runFacts, type MeasuredFacts } from '../theory/runFacts.ts'
import type { ArmColumns, RunColumns } from './armColumns.ts'
import { armCurves } from './armCurves.ts'
import { effectiveOptimizer } from './effectiveOptimizer.ts'

/** Of both arms, as `armCurves` names them. */
export function theoryCurves(experiment: Experiment, columns: RunColumns): readonly TheoryCurve[] {
  const curvesOf = (arm: ArmName) => {
    const settings = armExperiment(experiment, arm)
    const shape = { ...dataShape(settings.data), trainCount: settings.data.trainCount }
    const optimizer = effectiveOptimizer(experiment, arm, columns[arm].hessian.samples.at(-1)?.step ?? 0)
    const moments = columns[arm].gradientNorms.samples.at(0)?.data ?? null
    return theoryFor(runFacts({ ...settings, optimizer }, shape, moments, measuredFacts(columns[arm], settings)))
  }
  const a = curvesOf('A')
  if (experiment.versus === null) return a
  return armCurves(a, curvesOf('B'))
}

/** What of the run theory may use; leaves out what is not measured yet. */
export function measuredFacts(columns: ArmColumns, arm?: Pick<Experiment, 'loss' | 'diagnostics' | 'data'>): MeasuredFacts {
  const { hessian, kernel, loss } = columns
  const spectra = hessian.samples
  const kernels = kernel.samples
  const confusions = columns.cosines.samples.flatMap(({ eta }) => (eta === null ? [] : [eta]))
  const outputHessian = kernels.findLast(({ outputHessianNorm }) => outputHessianNorm !== undefined)?.outputHessianNorm
  const evaluated = columns.evaluation.samples.at(0)
  const felt = spectra.at(-1)?.preconditionedSpectrum ?? null
  return {
    ...(columns.gradientNorms.samples.length > 0 ? { step: columns.gradientNorms.samples.at(-1)!.step } : {}),
    ...(spectra.length > 0 ? { lambdaMax: Math.max(...spectra.map((sample) => sample.lambdaMax)) } : {}),
    ...(felt === null ? {} : { preconditionedLambdaMax: felt.lambdaMax }),
    ...(loss !== null && loss.count > 0 && loss.steps[0] === 0 ? { initialLoss: loss.values[0] } : {}),
    ...(evaluated?.step === 0 ? { initialTrainLoss: evaluated.trainLoss } : {}),
    ...(confusions.length > 0 ? { confusion: Math.max(...confusions) } : {}),
    ...(outputHessian === undefined ? {} : { outputHessianNorm: outputHessian.value }),
    ...(kernels.length > 1 ? { drift: Math.max(...kernels.map(({ drift }) => drift)) } : {}),
    ...(arm === undefined ? {} : residualInputNorm(columns, arm)),
    ...(kernels.length > 0 ? { outputGradientSquare: diagonalRange(kernels[0]) } : {}),
    ...measuredBall(kernels, arm?.loss),
    ...(kernels.length > 0
      ? {
          kernel: {
            steps: kernels.map((sample) => sample.step),
            lower: kernels.map((sample) => sample.plLower),
            upper: kernels.map((sample) => sample.plUpper),
          },
        }
      : {}),
  }
}

/**
 * |sum r_i x_i^T|_F / n: in an orthogonal linear network the last layer's gradient has exactly this norm at the start.
 *
 * Of the seeds the median one, as the plot's line.
 */
function residualInputNorm(
  { gradientNorms }: ArmColumns,
  { loss, diagnostics, data }: Pick<Experiment, 'loss' | 'diagnostics' | 'data'>,
): Pick<MeasuredFacts, 'residualInputNorm'> {
  const start = gradientNorms.samples.at(0)
  if (start?.step !== 0) return {}
  const { seedCount, layerCount, log10 } = start
  const last = Float64Array.from({ length: seedCount }, (_, seed) => log10[(seed + 1) * layerCount - 1]).filter(Number.isFinite)
  if (last.length === 0) return {}
  const count = loss.reduction === 'sum' ? Math.min(diagnostics.probeCount, data.trainCount) : 1
  return { residualInputNorm: 10 ** quantiles(last, [0.5])[0] / count }
}

/** What bounds the way of the weights and of the kernel; nothing before the kernel of step 0. */
function measuredBall(kernels: readonly KernelSample[], loss: LossSettings | undefined): Pick<MeasuredFacts, 'ball'> {
  const [first] = kernels
  if (first?.step !== 0) return {}
  const curvatures = kernels.flatMap(({ outputHessianNorm: norm }) => (norm === undefined ? [] : [norm.value + norm.residual]))
  const samples = loss?.reduction === 'sum' ? 1 : first.sampleCount
  const lipschitz: number[] = []
  for (const { lambdaMax } of kernels) lipschitz.push(Math.max(lipschitz.at(-1) ?? 0, Math.sqrt(Math.max(0, lambdaMax))))
  return {
    ball: {
      steps: kernels.map(({ step }) => step),
      lipschitz,
      distance: kernels.map(({ weightDistance }) => weightDistance),
      ...(loss?.kind === 'squaredError' && first.loss !== undefined ? { residual: Math.sqrt(2 * samples * first.loss) } : {}),
      kernelNorm: Math.hypot(...first.eigenvalues),
      rows: first.sampleCount * first.outputCount,
      ...(curvatures.length > 0 ? { curvature: Math.max(...curvatures) } : {}),
      ...(first.shallow === undefined ? {} : { reach: Math.max(0, ...first.shallow.inputs.map(Math.abs)) }),
    },
  }
}

/** Least and largest squared gradient of a sample's outputs, from the kernel's diagonal. */
function diagonalRange({ traceKernel, sampleCount }: KernelSample): { readonly min: number; readonly max: number } {
  const diagonal = Float64Array.from({ length: sampleCount }, (_, i) => traceKernel[i * sampleCount + i])
  return { min: Math.min(...diagonal), max: Math.max(...diagonal) }
}
