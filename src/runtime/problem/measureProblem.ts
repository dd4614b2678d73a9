// What do our engines measure on exactly this problem?
//
// A problem is measured on engines of its own, whose training set is the problem's samples: a running experiment and
// a file of an outsider take the same route, so measuring a snapshot's problem gives the snapshot's numbers.
import type { OptimizerSettings } from '../../core/experiment.ts'
import { DomainFault } from '../../core/faults.ts'
import type { Probe, SampleSet } from '../../core/probe.ts'
import { resolveEps } from '../../core/resolve.ts'
import { jsonMatrix, jsonNumber, MEASURED_FIELDS, type Measured, type MeasuredField } from '../../core/snapshot.ts'
import { plRatio } from '../../diagnostics/polyakLojasiewicz.ts'
import type { EngineDescription, Trainer, TrainerOptions } from '../../engine/trainer.ts'
import { NO_ATTENTION, type Attention } from './attention.ts'
import { weightedPositions } from './jsonLayers.ts'
import { measuredBatchGradients, measuredGradNorm, measuredKde, measuredPerSample } from './measuredGradients.ts'
import { measuredHessian } from './measuredHessian.ts'
import { KERNEL_ROWS, measuredDrift, measuredKernel, type LendStart } from './measuredKernel.ts'
import { measuredOutputHessianNorms, outputHessianObstacle } from './measuredOutputHessian.ts'
import { measuredOptimizerStep, optimizerStepObstacle } from './measuredStep.ts'
import type { ResolvedProblem } from './parseProblem.ts'
import { normOf } from './problemOf.ts'
import { roundedToFloat32 } from './roundedProblem.ts'
import { trainableProbe } from './trainableProbe.ts'

/** Why there is no quantity of one sample. */
const COUPLED = 'batch norm in training mode couples the samples of a batch: there is no gradient of one sample'

/** Seed of the streams of Lanczos, the same for all: a problem that was cut out of its snapshot does not know the run's. */
const DRAWS = 0
/** Most samples, and most batches, that are compared with each other: a million pairs. */
const COMPARED = 1000

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
 * @param only fields to compute; what is left out for its size or for lack of samples is listed, what was not asked for is not.
 * @throws {FaultError} poisoned or deviceLost; the reason of the attention's signal when that is aborted.
 */
export async function measureProblem(
  given: ResolvedProblem,
  create: CreateTrainer,
  only: readonly MeasuredField[] = MEASURED_FIELDS,
  attention: Attention = NO_ATTENTION,
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
    const measured = await fields({ problem, trainer, optimizer, atStart, only, omitted, attention })
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
  readonly only: readonly MeasuredField[]
  readonly omitted: { name: string; why: string }[]
  readonly attention: Attention
}

async function fields({ problem, trainer, optimizer, atStart, only, omitted, attention }: Task): Promise<Measured> {
  const probe = pairsOnce(trainableProbe(trainer.probe(0), problem.trainable))
  const n = problem.dataset.train.count
  const setOf = (indices: Int32Array): SampleSet => ({ indices, from: 'probe' })
  const all = setOf(Int32Array.from({ length: n }, (_, i) => i))
  const batches = problem.batches.map(setOf)
  const pairs = problem.pairs.map(([a, b]) => [setOf(a), setOf(b)] as const)
  const obstacles = obstaclesOf(problem, probe, n)
  const wants = (field: MeasuredField): boolean => only.includes(field) && obstacles[field] === undefined
  for (const [name, why] of Object.entries(obstacles)) if (only.some((field) => name.split('.')[0] === field)) omitted.push({ name, why })

  const needsValue = wants('loss') || wants('outputs') || wants('plRatio')
  const hasKernel = obstacles['drift.kernelRelFro'] === undefined && (wants('kernel') || wants('drift'))
  const asked = MEASURED_FIELDS.filter(wants)
  const total = asked.length + Number(needsValue) + Number(hasKernel)
  let done = 0
  /** One part of the work, which tells how far it is itself where it is long. */
  const part = async <Value>(label: string, work: (own: Attention) => Promise<Value>): Promise<Value> => {
    attention.progress(done, total, label)
    await attention.breathe()
    const own: Attention = { ...attention, progress: (a, b) => attention.progress(done + (b === 0 ? 0 : a / b), total, label) }
    const value = await work(own)
    done++
    return value
  }
  const { signal } = attention
  const value = needsValue ? await part('loss', () => probe.loss(all, signal)) : null
  const kernel = hasKernel ? await part('tangent kernel', () => probe.kernelGram(all, signal)) : null
  const positions = weightedPositions(problem.spec, problem.entries).filter((_, layer) => problem.trainable[layer])
  const measures: { readonly [Field in MeasuredField]?: (own: Attention) => Promise<Measured[Field]> } = {
    loss: async () => jsonNumber(value!.loss),
    outputs: async () => jsonMatrix(value!.outputs, probe.outputCount),
    gradNorm: () => measuredGradNorm(probe, all, positions, signal),
    perSample: () => measuredPerSample(probe, all, signal),
    batchGradients: () => measuredBatchGradients(probe, batches, pairs, signal),
    kde: () => measuredKde(probe, pairs, signal),
    hessian: (own) => measuredHessian(probe, all, optimizer, DRAWS, problem.spec, own),
    kernel: (own) => measuredKernel(probe, kernel!, all, own),
    drift: () => measuredDrift(probe, kernel, all, atStart, signal),
    plRatio: async () => jsonNumber(plRatio(await probe.gradient(all, signal), value!.loss)),
    outputHessianNorms: (own) => measuredOutputHessianNorms(probe, all, DRAWS, own),
    // Last, because it moves the weights.
    optimizerStep: () => measuredOptimizerStep(problem, trainer, optimizer, attention),
  }
  const measured: Partial<Record<MeasuredField, unknown>> = {}
  for (const [field, measure] of Object.entries(measures) as [MeasuredField, (own: Attention) => Promise<unknown>][]) {
    if (!asked.includes(field)) continue
    try {
      measured[field] = await part(FIELD_WORDS[field], measure)
    } catch (fault) {
      // The problem was valid, its numbers left the range: the other fields still say how far ("inf").
      if (!(fault instanceof DomainFault && fault.message.includes('not finite'))) throw fault
      omitted.push({ name: field, why: `the numbers leave the range of ${probe.precision} (${fault.message})` })
    }
  }
  const { hessian } = measured as Measured
  if (hessian?.method === 'lanczos') {
    const why = `only products with the Hessian of P = ${probe.parameterCount} parameters were formed, not its entries`
    for (const name of ['hessian.eigenvalues', 'hessian.numNegative', 'hessian.blockMeanAbs', 'hessian.blockFrobenius'])
      omitted.push({ name, why })
  }
  return measured as Measured
}

/** The same probe, which computes the products of one list of pairs once: two fields are about them, and of images they take longest. */
function pairsOnce(probe: Probe): Probe {
  let known: { readonly pairs: Parameters<Probe['batchPairs']>[0]; readonly products: Promise<Float64Array> } | null = null
  return {
    ...probe,
    batchPairs(pairs, signal) {
      if (known?.pairs !== pairs) known = { pairs, products: probe.batchPairs(pairs, signal) }
      return known.products
    },
  }
}

/** What is being computed, for whoever waits. */
const FIELD_WORDS: Readonly<Record<MeasuredField, string>> = {
  loss: 'loss',
  outputs: 'outputs',
  gradNorm: 'gradient norms',
  perSample: 'gradients of single samples',
  batchGradients: 'gradients of batches',
  kde: 'cosine density',
  hessian: 'Hessian spectrum',
  kernel: 'eigenvalues of the kernel',
  drift: 'drift from the start',
  plRatio: 'PL ratio',
  outputHessianNorms: 'Hessians of the outputs',
  optimizerStep: 'one step of the optimizer',
}

/** Fields, or parts of one, that this problem does not have or that would be too large, with the reason. */
function obstaclesOf(problem: ResolvedProblem, probe: Probe, n: number): Readonly<Record<string, string>> {
  const norm = normOf(problem.spec)
  const coupled = norm?.kind === 'batch' && norm.frozen === null ? COUPLED : null
  const rows = n * probe.outputCount
  const kernel = coupled ?? (rows <= KERNEL_ROWS ? null : `n * c = ${rows} rows, at most ${KERNEL_ROWS} are written`)
  const compared = (what: string, count: number): string | null =>
    count <= COMPARED ? null : `${count} ${what}, at most ${COMPARED} are compared with each other`
  const noPair = coupled === null && n === 1 ? 'one sample has no pair' : null
  const reasons: Readonly<Record<string, string | null>> = {
    perSample: coupled ?? compared('samples', n),
    'perSample.eta': noPair,
    'perSample.minCosine': noPair,
    batchGradients:
      problem.batches.length + problem.pairs.length > 0
        ? compared('batches', problem.batches.length)
        : 'the problem names no batches and no pairs',
    kde: problem.pairs.length > 0 ? null : 'the problem names no pairs',
    kernel,
    'drift.kernelRelFro': kernel,
    outputHessianNorms: coupled ?? outputHessianObstacle(probe, n),
    optimizerStep: optimizerStepObstacle(problem, probe),
  }
  return Object.fromEntries(Object.entries(reasons).filter((entry): entry is [string, string] => entry[1] !== null))
}
