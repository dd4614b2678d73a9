// Where does one update of the problem's optimizer lead? The field optimizerStep of a snapshot.
import type { OptimizerSettings } from '../../core/experiment.ts'
import type { Probe } from '../../core/probe.ts'
import { jsonRow, type Measured } from '../../core/snapshot.ts'
import { effectiveSteps } from '../../diagnostics/effectiveStep.ts'
import type { Trainer } from '../../engine/trainer.ts'
import type { ResolvedProblem } from './parseProblem.ts'

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
): Promise<NonNullable<Measured['optimizerStep']>> {
  const probe = trainer.probe(0)
  const weights = optimizer.kind === 'perturbed' ? await perturbed(problem, trainer) : await updated(problem, trainer)
  const steps = effectiveSteps(optimizer, await probe.secondMoments(), probe.parameterCount)
  for (const [layer, { offset, size }] of probe.layers.entries()) {
    if (problem.trainable[layer]) continue
    weights.set(problem.weights.subarray(offset, offset + size), offset)
    steps?.fill(0, offset, offset + size)
  }
  return { weights: jsonRow(weights), effectiveStep: steps === null ? [] : jsonRow(steps) }
}

async function updated(problem: ResolvedProblem, trainer: Trainer): Promise<Float64Array> {
  await trainer.train([problem.optimizerBatch])
  return await trainer.probe(0).weights()
}

/** By hand, because an engine would draw noise of its own. */
async function perturbed({ optimizer, noise, optimizerBatch }: ResolvedProblem, trainer: Trainer): Promise<Float64Array> {
  const probe = trainer.probe(0)
  const gradient = await probe.gradient({ indices: optimizerBatch, from: 'train' })
  const weights = await probe.weights()
  const round = probe.precision === 'float32' ? Math.fround : (value: number) => value
  return weights.map((weight, i) => round(weight - optimizer.lr * (gradient[i] + optimizer.noise * (noise?.[i] ?? 0))))
}
