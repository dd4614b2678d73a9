// Where does one update of the problem's optimizer lead? The field optimizerStep of a snapshot.
import type { OptimizerSettings } from '../../core/experiment.ts'
import { DomainFault } from '../../core/faults.ts'
import type { Probe } from '../../core/probe.ts'
import { jsonRow, type Measured } from '../../core/snapshot.ts'
import { effectiveSteps } from '../../diagnostics/effectiveStep.ts'
import type { Trainer } from '../../engine/trainer.ts'
import { NO_ATTENTION, type Attention } from './attention.ts'
import type { ResolvedProblem } from './parseProblem.ts'

/** Said of a step that leaves the range of its engine. */
const DIVERGES = 'optimizerStep: weights not finite, got a step that diverges, expected finite weights'
/** Largest P whose updated weights are written out. */
const WEIGHTS_WRITTEN = 200_000

/** Why there is no step to write; null when there is. */
export function optimizerStepObstacle({ optimizer, noise }: ResolvedProblem, probe: Probe): string | null {
  if (probe.parameterCount > WEIGHTS_WRITTEN) return `P = ${probe.parameterCount} weights, at most ${WEIGHTS_WRITTEN} are written`
  if (optimizer.kind === 'perturbed' && optimizer.noise > 0 && noise === null) return 'the problem does not say the noise of this step'
  return null
}

/** [P] weights after the update (those that do not train as they were), and the step that a unit of each gradient entry makes; moves the trainer's weights. */
export async function measuredOptimizerStep(
  problem: ResolvedProblem,
  trainer: Trainer,
  optimizer: OptimizerSettings & { readonly eps: number },
  attention: Attention = NO_ATTENTION,
): Promise<NonNullable<Measured['optimizerStep']>> {
  const probe = trainer.probe(0)
  const weights =
    optimizer.kind === 'perturbed' ? await perturbed(problem, trainer, attention.signal) : await updated(problem, trainer, attention)
  const steps = effectiveSteps(optimizer, await probe.secondMoments(), probe.parameterCount)
  for (const [layer, { offset, size }] of probe.layers.entries()) {
    if (problem.trainable[layer]) continue
    weights.set(problem.weights.subarray(offset, offset + size), offset)
    steps?.fill(0, offset, offset + size)
  }
  return { weights: jsonRow(weights), effectiveStep: steps === null ? [] : jsonRow(steps) }
}

async function updated(problem: ResolvedProblem, trainer: Trainer, { signal, breathe }: Attention): Promise<Float64Array> {
  const between = async (): Promise<void> => {
    await breathe()
    signal?.throwIfAborted()
  }
  const { diverged } = await trainer.train([problem.optimizerBatch], { between })
  // The weights are then those before the step.
  if (diverged.length > 0) throw new DomainFault(DIVERGES)
  return await trainer.probe(0).weights()
}

/** By hand, because an engine would draw noise of its own. */
async function perturbed(
  { optimizer, noise, optimizerBatch }: ResolvedProblem,
  trainer: Trainer,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const probe = trainer.probe(0)
  const gradient = await probe.gradient({ indices: optimizerBatch, from: 'train' }, signal)
  const weights = await probe.weights()
  const round = probe.precision === 'float32' ? Math.fround : (value: number) => value
  const after = weights.map((weight, i) => round(weight - optimizer.lr * (gradient[i] + optimizer.noise * (noise?.[i] ?? 0))))
  if (!after.every(Number.isFinite)) throw new DomainFault(DIVERGES)
  return after
}
