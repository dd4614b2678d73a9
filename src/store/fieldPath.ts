// How does a control name the number that it moves? By its dotted path in the experiment.
//
// Arm B is a difference, so writing `versus.model.depth` must make the objects on the way, and reading a field
// of arm B falls back to arm A; both rules stand here once.
import type { ArmName, Experiment } from '../core/experiment.ts'
import { armExperiment } from '../core/resolve.ts'

type Tree = Readonly<Record<string, unknown>>

/** A copy of the experiment with the value at the path; not validated, that is `parseExperiment`'s work. */
export function withField(experiment: Experiment, path: string, value: unknown): unknown {
  return write(experiment, path.split('.'), value)
}

/** The value of one arm's field: for B what `versus` says, else what A has. */
export function fieldOfArm(experiment: Experiment, arm: ArmName, path: string): unknown {
  let value: unknown = armExperiment(experiment, arm)
  for (const key of path.split('.')) value = isTree(value) && Object.hasOwn(value, key) ? value[key] : undefined
  return value
}

function write(tree: Tree, keys: readonly string[], value: unknown): Tree {
  const [key, ...rest] = keys
  const child = Object.hasOwn(tree, key) ? tree[key] : undefined
  return { ...tree, [key]: rest.length === 0 ? value : write(isTree(child) ? child : {}, rest, value) }
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
