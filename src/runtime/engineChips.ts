// What is the page told of the engine of an arm? A wish that was only passed on must not read as the user's.
import type { Experiment } from '../core/experiment.ts'
import type { EngineDescription } from '../engine/trainer.ts'
import type { Arm } from './arm.ts'

/** @param first the arm that chose for all; @param goesOn true for a run that was restored. */
export function chipOf(
  wish: Experiment['engine'],
  { trainer, spec }: Pick<Arm, 'trainer' | 'spec'>,
  first: Pick<Arm, 'trainer'>,
  goesOn: boolean,
): EngineDescription {
  const { description } = trainer
  if (wish !== 'auto' || description.engine === 'chain' || spec.linearised === true) return description
  if (goesOn) return { ...description, reason: 'The run goes on with the engine that it had.' }
  return description.engine === first.trainer.description.engine
    ? { ...description, reason: first.trainer.description.reason }
    : description
}
