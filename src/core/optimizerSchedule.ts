// Which rate does an optimizer have at a step, when it decays in steps?
//
// Engines know only the rate of the moment: the run asks here and passes the answer on (same kind, so slots stay).
import type { OptimizerSettings } from './experiment.ts'

/** The settings in force for the update number `step` + 1: lr dropFactor^floor(step / dropEvery); the same object where nothing changes. */
export function scheduledOptimizer(optimizer: OptimizerSettings, step: number): OptimizerSettings {
  const drops = dropsBefore(optimizer, step)
  return drops === 0 ? optimizer : { ...optimizer, lr: optimizer.lr * optimizer.dropFactor ** drops }
}

/** The first step after `step` with another rate; Infinity when there is none. */
export function nextDrop(optimizer: OptimizerSettings, step: number): number {
  const { dropEvery, dropFactor } = optimizer
  if (dropEvery === 0 || dropFactor === 1) return Infinity
  return (Math.floor(step / dropEvery) + 1) * dropEvery
}

function dropsBefore({ dropEvery, dropFactor }: OptimizerSettings, step: number): number {
  return dropEvery === 0 || dropFactor === 1 ? 0 : Math.floor(step / dropEvery)
}
