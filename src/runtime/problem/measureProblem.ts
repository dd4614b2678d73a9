// What do our engines measure on exactly this problem?
//
// A problem is measured on engines of its own, whose training set is the problem's samples: a running experiment and
// a file of an outsider take the same route, so measuring a snapshot's problem gives the snapshot's numbers.
import type { OptimizerSettings } from '../../core/experiment.ts'
import type { Probe, SampleSet } from '../../core/probe.ts'
import { resolveEps } from '../../core/resolve.ts'
import { jsonMatrix, jsonNumber, MEASURED_FIELDS, type Measured, type MeasuredField } from '../../core/snapshot.ts'
import { plRatio } from '../../diagnostics/polyakLojasiewicz.ts'
import type { EngineDescription, Trainer, TrainerOptions } from '../../engine/trainer.ts'
import { weightedPositions } from './jsonLayers.ts'
import { measuredBatchGradients, measuredGradNorm, measuredKde, measuredPerSample } from './measuredGradients.ts'
import { measuredHessian, measuredOutputHessianNorms, outputHessianObstacle } from './measuredHessian.ts'
import { KERNEL_ROWS, measuredDrift, measuredKernel, type LendStart } from './measuredKernel.ts'
import { measuredOptimizerStep, optimizerStepObstacle } from './measuredStep.ts'
import type { ResolvedProblem } from './parseProblem.ts'
import { normOf } from './problemOf.ts'
import { roundedToFloat32 } from './roundedProblem.ts'
import { trainableProbe } from './trainableProbe.ts'

/** Why there is no quantity of one sample. */
const COUPLED = 'batch norm in training mode couples the samples of a batch: there is no gradient of one sample'

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
  const optionsOf = ({ dataset, optimizer }: ResolvedProblem, spec: ResolvedProblem['spec'], weights: Float64Array) => ({
    spec,
    dataset,
    probeCount: dataset.train.count,
    optimizer,
    initialWeights: [weights],
  })
  const open = async (asked: ResolvedProblem): Promise<Trainer> => await create(optionsOf(asked, asked.spec, asked.weights), asked.kind)
  let trainer = await open(given)
  try {
    const { description } = trainer
    const isRounded = description.precision === 'float32'
    const problem = isRounded ? roundedToFloat32(given) : given
    if (isRounded && normOf(given.spec)?.frozen) {
      // An engine rounds data and weights at its door; statistics are part of the network it was made for.
      await trainer.dispose()
      trainer = await open(problem)
    }
    const optimizer = { ...problem.optimizer, eps: resolveEps(problem.optimizer, description.engine) }
    await trainer.restore({
      step: 0,
      weights: [problem.weights],
      slots: [problem.optimizerState.slots],
      slotSteps: [problem.optimizerState.updates],
      divergedAt: Int32Array.of(-1),
      optimizer: problem.optimizer,
    })
    const atStart: LendStart = async (use) => {
      if (problem.weights === problem.startWeights) return await use(trainableProbe(trainer.probe(0), problem.trainable))
      const first = await create(optionsOf(problem, problem.startSpec, problem.startWeights), problem.kind)
      try {
        return await use(trainableProbe(first.probe(0), problem.trainable))
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
  readonly atStart: LendStart
  readonly seed: number
  readonly only: readonly MeasuredField[]
  readonly omitted: { name: string; why: string }[]
}

async function fields({ problem, trainer, optimizer, atStart, seed, only, omitted }: Task): Promise<Measured> {
  const probe = trainableProbe(trainer.probe(0), problem.trainable)
  const n = problem.dataset.train.count
  const setOf = (indices: Int32Array): SampleSet => ({ indices, from: 'probe' })
  const all = setOf(Int32Array.from({ length: n }, (_, i) => i))
  const batches = problem.batches.map(setOf)
  const pairs = problem.pairs.map(([a, b]) => [setOf(a), setOf(b)] as const)
  const obstacles = obstaclesOf(problem, probe, n)
  const wants = (field: MeasuredField): boolean => only.includes(field) && obstacles[field] === undefined
  for (const [name, why] of Object.entries(obstacles)) if (only.some((field) => name.split('.')[0] === field)) omitted.push({ name, why })

  const value = wants('loss') || wants('outputs') || wants('plRatio') ? await probe.loss(all) : null
  const hasKernel = obstacles['drift.kernelRelFro'] === undefined && (wants('kernel') || wants('drift'))
  const kernel = hasKernel ? await probe.kernelGram(all) : null
  const positions = weightedPositions(problem.spec, problem.entries).filter((_, layer) => problem.trainable[layer])
  const measured: Measured = {
    ...(value !== null && wants('loss') ? { loss: jsonNumber(value.loss) } : {}),
    ...(value !== null && wants('outputs') ? { outputs: jsonMatrix(value.outputs, probe.outputCount) } : {}),
    ...(wants('gradNorm') ? { gradNorm: await measuredGradNorm(probe, all, positions) } : {}),
    ...(wants('perSample') ? { perSample: await measuredPerSample(probe, all) } : {}),
    ...(wants('batchGradients') ? { batchGradients: await measuredBatchGradients(probe, batches, pairs) } : {}),
    ...(wants('kde') ? { kde: await measuredKde(probe, pairs) } : {}),
    ...(wants('hessian') ? { hessian: await measuredHessian(probe, all, optimizer, seed, problem.spec) } : {}),
    ...(kernel !== null && wants('kernel') ? { kernel: await measuredKernel(probe, kernel, all) } : {}),
    ...(wants('drift') ? { drift: await measuredDrift(probe, kernel, all, atStart) } : {}),
    ...(value !== null && wants('plRatio') ? { plRatio: jsonNumber(plRatio(await probe.gradient(all), value.loss)) } : {}),
    ...(wants('outputHessianNorms') ? { outputHessianNorms: await measuredOutputHessianNorms(probe, all) } : {}),
  }
  if (!wants('optimizerStep')) return measured
  // Last, because it moves the weights.
  return { ...measured, optimizerStep: await measuredOptimizerStep(problem, trainer, optimizer) }
}

/** Fields, or parts of one, that this problem does not have or that would be too large, with the reason. */
function obstaclesOf(problem: ResolvedProblem, probe: Probe, n: number): Readonly<Record<string, string>> {
  const norm = normOf(problem.spec)
  const coupled = norm?.kind === 'batch' && norm.frozen === null ? COUPLED : null
  const rows = n * probe.outputCount
  const kernel = coupled ?? (rows <= KERNEL_ROWS ? null : `n * c = ${rows} rows, at most ${KERNEL_ROWS} are written`)
  const noPair = coupled === null && n === 1 ? 'one sample has no pair' : null
  const reasons: Readonly<Record<string, string | null>> = {
    perSample: coupled,
    'perSample.eta': noPair,
    'perSample.minCosine': noPair,
    batchGradients: problem.batches.length + problem.pairs.length > 0 ? null : 'the problem names no batches and no pairs',
    kde: problem.pairs.length > 0 ? null : 'the problem names no pairs',
    kernel,
    'drift.kernelRelFro': kernel,
    outputHessianNorms: coupled ?? outputHessianObstacle(probe, n),
    optimizerStep: optimizerStepObstacle(problem, probe),
  }
  return Object.fromEntries(Object.entries(reasons).filter((entry): entry is [string, string] => entry[1] !== null))
}
