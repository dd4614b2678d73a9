// What is the curvature of a problem? The field hessian of a snapshot.
//
// Exact up to 1500 parameters, else Lanczos quadrature with its error bars; never one in the other's clothes. Where a
// product is dear, as with convolutions, there are fewer of them: the numbers of probes and steps stand in the answer.
import type { OptimizerSettings } from '../../core/experiment.ts'
import type { NetworkSpec } from '../../core/networkSpec.ts'
import type { Probe, SampleSet } from '../../core/probe.ts'
import { jsonMatrix, jsonNumber, jsonRow, type Measured } from '../../core/snapshot.ts'
import type { Attention } from './attention.ts'
import { exactHessian } from '../../diagnostics/exactHessian.ts'
import { layerBlocks } from '../../diagnostics/layerBlocks.ts'
import { NEGATIVE_TOLERANCE, negativeCount } from '../../diagnostics/negativeCount.ts'
import { preconditionedMatrix, preconditionerOf } from '../../diagnostics/preconditioner.ts'
import { multiplicationsPerRow } from '../../core/stepWork.ts'
import { norm } from '../../numerics/logMagnitude.ts'
import { spectralDensity } from '../../numerics/spectralDensity.ts'
import { namedStream } from '../../numerics/streams.ts'

/** Largest number of parameters whose whole Hessian is formed. */
export const EXACT_LIMIT = 1500
/** Probes and steps of the quadrature beyond, and the fewest. */
const PROBES = { most: 8, fewest: 2 } as const
const STEPS = { most: 60, fewest: 30 } as const
/** Multiplications for one spectrum: about half a minute in float64. */
const WORK = 2e10
/** A residual bound assumes exact products; below this share of the largest |eigenvalue| it would claim more than they know. */
const ROUNDING: Readonly<Record<Probe['precision'], number>> = { float64: 1e-14, float32: 1e-6 }
/** Passes of a product through the network, each with a tangent. */
const PASSES = 8
/** Spectrum of the Hessian of the reduced loss; `spec` says what a product with it costs. */
export async function measuredHessian(
  probe: Probe,
  set: SampleSet,
  optimizer: OptimizerSettings & { readonly eps: number },
  seed: number,
  spec: NetworkSpec,
  attention: Attention,
): Promise<NonNullable<Measured['hessian']>> {
  const tolerance = NEGATIVE_TOLERANCE[probe.precision]
  const dimension = probe.parameterCount
  const plan = spectrumPlan(dimension, PASSES * multiplicationsPerRow(spec) * set.indices.length)
  if (plan.type === 'lanczos') return await estimated(probe, set, seed, tolerance, plan, attention)
  const { matrix, asymmetry, eigenvalues: known } = await exactHessian(probe, set, { ...attention, isAwaited: undefined })
  const eigenvalues = known ?? (await attention.eigenvalues(matrix, dimension))
  const blocks = layerBlocks(matrix, probe.layers)
  const preconditioner = preconditionerOf(optimizer, await probe.secondMoments())
  let trace = 0
  for (let i = 0; i < dimension; i++) trace += matrix[i * dimension + i]
  return {
    method: 'exact',
    eigenvalues: jsonRow(eigenvalues),
    density: null,
    lambdaMax: jsonNumber(eigenvalues[dimension - 1]),
    lambdaMin: jsonNumber(eigenvalues[0]),
    trace: jsonNumber(trace),
    frobenius: jsonNumber(norm(matrix)),
    numNegative: negativeCount(eigenvalues, tolerance),
    numNegativeTolerance: tolerance,
    blockMeanAbs: jsonMatrix(blocks.meanAbs, probe.layers.length),
    blockFrobenius: jsonMatrix(blocks.frobenius, probe.layers.length),
    asymmetry: jsonNumber(asymmetry),
    converged: true,
    stderr: { lambdaMax: 0, lambdaMin: 0, trace: 0, frobenius: 0 },
    ...(preconditioner === null
      ? {}
      : {
          preconditionedEigenvalues: jsonRow(
            (await attention.eigenvalues(preconditionedMatrix(matrix, preconditioner.roots), dimension)).map(
              (value) => value * preconditioner.factor,
            ),
          ),
        }),
  }
}

type SpectrumPlan = { readonly type: 'exact' } | { readonly type: 'lanczos'; readonly probes: number; readonly steps: number }

/**
 * Which spectrum is affordable?
 *
 * @param parameterCount columns of the exact one.
 * @param cost multiplications of one product with the Hessian.
 */
export function spectrumPlan(parameterCount: number, cost: number): SpectrumPlan {
  const affordable = WORK / cost
  if (parameterCount <= EXACT_LIMIT && parameterCount <= affordable) return { type: 'exact' }
  const within = ({ most, fewest }: { most: number; fewest: number }, wanted: number): number =>
    Math.max(fewest, Math.min(most, Math.floor(wanted)))
  const steps = within(STEPS, affordable / PROBES.most)
  return { type: 'lanczos', probes: within(PROBES, affordable / steps), steps: Math.min(steps, parameterCount) }
}

async function estimated(
  probe: Probe,
  set: SampleSet,
  seed: number,
  tolerance: number,
  { probes, steps }: { readonly probes: number; readonly steps: number },
  { signal, progress, breathe }: Attention,
): Promise<NonNullable<Measured['hessian']>> {
  let done = 0
  const operator = async (block: Float64Array, count: number): Promise<Float64Array> => {
    const products = await probe.hessianVectors(block, count, set, signal)
    progress(++done, steps, 'Lanczos steps')
    await breathe()
    return products
  }
  const found = await spectralDensity(operator, probe.parameterCount, namedStream(seed, 'snapshot/hessian'), {
    probes,
    steps,
    signal,
  })
  const rounding = ROUNDING[probe.precision] * Math.max(Math.abs(found.lambdaMax.value), Math.abs(found.lambdaMin.value))
  return {
    method: 'lanczos',
    eigenvalues: null,
    density: {
      grid: jsonRow(found.grid),
      values: jsonRow(found.values),
      stderr: jsonRow(found.stderr),
      nodes: jsonRow(found.nodes),
      nodeWeights: jsonRow(found.nodeWeights),
      probes: found.probes,
      steps: found.steps,
      broadening: jsonNumber(found.broadening),
    },
    lambdaMax: jsonNumber(found.lambdaMax.value),
    lambdaMin: jsonNumber(found.lambdaMin.value),
    trace: jsonNumber(found.trace.value),
    frobenius: jsonNumber(found.frobenius.value),
    numNegative: null,
    numNegativeTolerance: tolerance,
    blockMeanAbs: null,
    blockFrobenius: null,
    asymmetry: 0,
    converged: found.lambdaMax.converged && found.lambdaMin.converged,
    stderr: {
      lambdaMax: jsonNumber(Math.max(found.lambdaMax.residual, rounding)),
      lambdaMin: jsonNumber(Math.max(found.lambdaMin.residual, rounding)),
      trace: jsonNumber(found.trace.standardError),
      frobenius: jsonNumber(found.frobenius.standardError),
    },
  }
}
