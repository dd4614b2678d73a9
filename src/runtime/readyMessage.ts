// What does the page hear of a run before its first number: who computes, what the layers are called, how many weights there are?
import type { Experiment } from '../core/experiment.ts'
import type { Step } from '../core/units.ts'
import type { EngineDescription } from '../engine/trainer.ts'
import type { StreamBody } from '../protocol/addressed.ts'
import type { Arm } from './arm.ts'

type Ready = Extract<StreamBody, { type: 'ready' }>

/** @param goesOn true for a run that was restored. */
export function readyMessage(experiment: Experiment, arms: readonly Arm[], step: Step, goesOn: boolean): Ready {
  const perArm = <Value>(value: (arm: Arm) => Value) => Object.fromEntries(arms.map((arm) => [arm.name, value(arm)]))
  return {
    type: 'ready',
    chips: perArm((arm) => chipOf(experiment.engine, arm, arms[0], goesOn)),
    layerNames: perArm(({ trainer }) => trainer.layers.map((layer) => layer.name)),
    parameterCount: perArm(({ trainer }) => trainer.parameterCount),
    step,
  }
}

/** What the page is told of an engine; a wish that was only passed on must not read as the user's. */
function chipOf(wish: Experiment['engine'], { trainer, spec }: Arm, first: Arm, goesOn: boolean): EngineDescription {
  const { description } = trainer
  if (wish !== 'auto' || description.engine === 'chain' || spec.linearised === true) return description
  if (goesOn) return { ...description, reason: 'The run goes on with the engine that it had.' }
  return description.engine === first.trainer.description.engine
    ? { ...description, reason: first.trainer.description.reason }
    : description
}
