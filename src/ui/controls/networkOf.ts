// Which layers does an arm have, before any engine has built them? The same rules, asked by the page.
import type { ArmName, Experiment } from '../../core/experiment.ts'
import { dataShape } from '../../core/footprint.ts'
import { parameterCount, type NetworkSpec } from '../../core/networkSpec.ts'
import { armExperiment, mlpWidth, networkSpec } from '../../core/resolve.ts'

const specs = new WeakMap<Experiment, Partial<Record<ArmName, NetworkSpec>>>()

/** The network of one arm; the same object for the same experiment, so that a frame may ask. */
export function networkOf(experiment: Experiment, arm: ArmName): NetworkSpec {
  const kept = specs.get(experiment) ?? {}
  const spec = (kept[arm] ??= networkSpec(armExperiment(experiment, arm), dataShape(experiment.data)))
  specs.set(experiment, kept)
  return spec
}

/** Width and parameter count of one arm's MLP, as the budget solves them. */
export function solvedWidth(experiment: Experiment, arm: ArmName): { readonly width: number; readonly parameters: number } {
  const { model, data } = armExperiment(experiment, arm)
  return { width: mlpWidth(model, dataShape(data)), parameters: parameterCount(networkOf(experiment, arm)) }
}
