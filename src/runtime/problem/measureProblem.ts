// What do our engines measure on exactly this problem?
//
// A problem is measured on engines of its own, whose training set is the problem's samples: a running experiment and
// a file of an outsider take the same route, so measuring a snapshot's problem gives the snapshot's numbers.
import type { OptimizerSettings } from '../../core/experiment.ts'
import type { Probe, SampleSet } from '../../core/probe.ts'
import { resolveEps } from '../../core/resolve.ts'
import { jsonMatrix, jsonNumber, jsonRow, MEASURED_FIELDS, type Measured, type MeasuredField } from '../../core/snapshot.ts'
import { effectiveSteps } from '../../diagnostics/effectiveStep.ts'
import { kernelDrift } from '../../diagnostics/kernelDrift.ts'
import { kernelEigenvalues } from '../../diagnostics/kernelEigenvalues.ts'
import { plRatio } from '../../diagnostics/polyakLojasiewicz.ts'
import { traceKernel } from '../../diagnostics/traceKernel.ts'
import { weightDistance } from '../../diagnostics/weightDistance.ts'
import { symmetricEigenvalues } from '../../numerics/symmetricEigenvalues.ts'
import type { EngineDescription, Trainer, TrainerOptions } from '../../engine/trainer.ts'
import { measuredBatchGradients, measuredGradNorm, measuredKde, measuredPerSample } from './measuredGradients.ts'
import { measuredHessian, measuredOutputHessianNorms, outputHessianObstacle } from './measuredHessian.ts'
import type { ResolvedProblem } from './parseProblem.ts'

/** Largest n * c of which the kernel is written out. */
const KERNEL_ROWS = 700
/** Largest P whose updated weights are written out. */
const WEIGHTS_WRITTEN = 200_000

/** Makes the engine that the problem is measured on; one arm's options without the reason. */
export type CreateTrainer = (options: Omit<TrainerOptions, 'reason'>, kind: ResolvedProblem['kind']) => Promise<Trainer>

export interface MeasuredProblem {
  /** As the engine used it: rounded to float32 where the engine is. */
  readonly problem: ResolvedProblem
  readonly description: EngineDescription
  /** eps as the engine used it. */
  readonly eps: number
  readonly measured: Measured
  readonly omitted: readonly { readonly name: string; readonly why: string }[]
}

/** Every value of the problem as a float32 engine sees it. */
function roundedToFloat32(problem: ResolvedProblem): ResolvedProblem {
  const { train } = problem.dataset
  const startWeights = Float64Array.from(problem.startWeights, Math.fround)
  return {
    ...problem,
    dataset: {
      ...problem.dataset,
      train: { ...train, inputs: Float32Array.from(train.inputs), targets: Float32Array.from(train.targets) },
    },
    startWeights,
    weights: problem.weights === problem.startWeights ? startWeights : Float64Array.from(problem.weights, Math.fround),
  }
}

/**
 * Computes the asked fields of `measured`.
 *
 * @param seed of the streams of Lanczos; exact quantities do not depend on it.
 * @param only fields to compute; what is left out for its size or for lack of samples is listed, what was not asked for is not.
 * @throws {FaultError} poisoned or deviceLost.
 */
export async function measureProblem(
  given: ResolvedProblem,
  create: CreateTrainer,
  seed: number,
  only: readonly MeasuredField[] = MEASURED_FIELDS,
): Promise<MeasuredProblem> {
  const count = given.dataset.train.count
  const optionsAt = (problem: ResolvedProblem, weights: Float64Array) => ({
    spec: problem.spec,
    dataset: problem.dataset,
    probeCount: count,
    optimizer: problem.optimizer,
    initialWeights: [weights],
  })
  const trainer = await create(optionsAt(given, given.weights), given.kind)
  try {
    const { description } = trainer
    const problem = description.precision === 'float32' ? roundedToFloat32(given) : given
    const optimizer = { ...problem.optimizer, eps: resolveEps(problem.optimizer, description.engine) }
    await trainer.restore({
      step: 0,
      weights: [problem.weights],
      slots: [problem.optimizerState.slots],
      slotSteps: [problem.optimizerState.updates],
      divergedAt: Int32Array.of(-1),
      optimizer: problem.optimizer,
    })
    const atStart = async <Result>(use: (probe: Probe) => Promise<Result>): Promise<Result> => {
      if (problem.weights === problem.startWeights) return await use(trainer.probe(0))
      const first = await create(optionsAt(problem, problem.startWeights), problem.kind)
      try {
        return await use(first.probe(0))
      } finally {
        await first.dispose()
      }
    }
    const omitted: { name: string; why: string }[] = []
    const measured = await fields({ problem, trainer, optimizer, atStart, seed, only, omitted })
    return { problem, description, eps: optimizer.eps, measured, omitted }
  } finally {
    await trainer.dispose()
  }
}

interface Task {
  readonly problem: ResolvedProblem
  readonly trainer: Trainer
  readonly optimizer: OptimizerSettings & { readonly eps: number }
  readonly atStart: <Result>(use: (probe: Probe) => Promise<Result>) => Promise<Result>
  readonly seed: number
  readonly only: readonly MeasuredField[]
  readonly omitted: { name: string; why: string }[]
}

async function fields({ problem, trainer, optimizer, atStart, seed, only, omitted }: Task): Promise<Measured> {
  const probe = trainer.probe(0)
  const n = problem.dataset.train.count
  const all: SampleSet = { indices: Int32Array.from({ length: n }, (_, i) => i), from: 'probe' }
  const setOf = (indices: Int32Array): SampleSet => ({ indices, from: 'probe' })
  const batches = problem.batches.map(setOf)
  const pairs = problem.pairs.map(([a, b]) => [setOf(a), setOf(b)] as const)
  const wants = (field: MeasuredField): boolean => only.includes(field)
  const leaveOut = (name: string, why: string): void => void omitted.push({ name, why })

  const value = wants('loss') || wants('outputs') || wants('plRatio') ? await probe.loss(all) : null
  const rows = n * probe.outputCount
  const kernelFits = rows <= KERNEL_ROWS
  const tooManyRows = `n * c = ${rows} rows, at most ${KERNEL_ROWS} are written`
  const kernel = (wants('kernel') || wants('drift')) && kernelFits ? await probe.kernelGram(all) : null

  const measured: Measured = {
    ...(value !== null && wants('loss') ? { loss: jsonNumber(value.loss) } : {}),
    ...(value !== null && wants('outputs') ? { outputs: jsonMatrix(value.outputs, probe.outputCount) } : {}),
    ...(wants('gradNorm') ? { gradNorm: await measuredGradNorm(probe, all) } : {}),
    ...(wants('perSample') ? { perSample: await measuredPerSample(probe, all) } : {}),
    ...(wants('batchGradients') && batches.length + pairs.length > 0
      ? { batchGradients: await measuredBatchGradients(probe, batches, pairs) }
      : {}),
    ...(wants('kde') && pairs.length > 0 ? { kde: await measuredKde(probe, pairs) } : {}),
    ...(wants('hessian') ? { hessian: await measuredHessian(probe, all, optimizer, seed) } : {}),
    ...(kernel !== null && wants('kernel') ? { kernel: await kernelFields(probe, kernel, all) } : {}),
    ...(wants('drift') ? await driftFields(probe, kernel, all, atStart) : {}),
    ...(value !== null && wants('plRatio') ? { plRatio: jsonNumber(plRatio(await probe.gradient(all), value.loss)) } : {}),
  }
  if (only.some((field) => field === 'batchGradients') && batches.length + pairs.length === 0)
    leaveOut('batchGradients', 'the problem names no batches and no pairs')
  if (wants('kde') && pairs.length === 0) leaveOut('kde', 'the problem names no pairs')
  if (wants('perSample') && n === 1) leaveOut('perSample.eta', 'one sample has no pair')
  if (wants('perSample') && n === 1) leaveOut('perSample.minCosine', 'one sample has no pair')
  if (!kernelFits && wants('kernel')) leaveOut('kernel', tooManyRows)
  if (!kernelFits && wants('drift')) leaveOut('drift.kernelRelFro', tooManyRows)
  const obstacle = outputHessianObstacle(probe, n)
  if (wants('outputHessianNorms') && obstacle !== null) leaveOut('outputHessianNorms', obstacle)
  const outputHessianNorms =
    wants('outputHessianNorms') && obstacle === null ? { outputHessianNorms: await measuredOutputHessianNorms(probe, all) } : {}
  if (!wants('optimizerStep')) return { ...measured, ...outputHessianNorms }
  if (probe.parameterCount > WEIGHTS_WRITTEN) {
    leaveOut('optimizerStep', `P = ${probe.parameterCount} weights, at most ${WEIGHTS_WRITTEN} are written`)
    return { ...measured, ...outputHessianNorms }
  }
  // Last, because it moves the weights.
  await trainer.train([problem.optimizerBatch])
  const steps = effectiveSteps(optimizer, await probe.secondMoments(), probe.parameterCount)
  return {
    ...measured,
    optimizerStep: { weights: jsonRow(await probe.weights()), effectiveStep: steps === null ? [] : jsonRow(steps) },
    ...outputHessianNorms,
  }
}

async function kernelFields(probe: Probe, kernel: Float64Array, set: SampleSet): Promise<NonNullable<Measured['kernel']>> {
  const n = set.indices.length
  const rows = n * probe.outputCount
  const context = {
    breathe: () => Promise.resolve(),
    eigenvalues: async (matrix: Float64Array, size: number) => symmetricEigenvalues(matrix, size),
  }
  const eigenvalues = await kernelEigenvalues(probe, kernel, set, context)
  const lambdaMin = eigenvalues[0]
  const lambdaMax = eigenvalues[rows - 1]
  return {
    matrix: jsonMatrix(kernel, rows),
    lambdaMin: jsonNumber(lambdaMin),
    lambdaMax: jsonNumber(lambdaMax),
    condition: jsonNumber(lambdaMin > 0 ? lambdaMax / lambdaMin : Infinity),
    traceKernel: jsonMatrix(traceKernel(kernel, n, probe.outputCount), n),
  }
}

async function driftFields(
  probe: Probe,
  kernel: Float64Array | null,
  set: SampleSet,
  atStart: Task['atStart'],
): Promise<Pick<Measured, 'drift'>> {
  const start = await atStart(async (first) => ({
    kernel: kernel === null ? null : await first.kernelGram(set),
    weights: await first.weights(),
  }))
  return {
    drift: {
      ...(kernel === null || start.kernel === null ? {} : { kernelRelFro: jsonNumber(kernelDrift(kernel, start.kernel)) }),
      weightDistance: jsonNumber(weightDistance(await probe.weights(), start.weights)),
    },
  }
}
