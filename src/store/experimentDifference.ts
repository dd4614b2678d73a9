// How do two experiments differ, in the fewest words that a chip can hold?
import type { Experiment } from '../core/experiment.ts'

const NAMES: Readonly<Record<string, string>> = {
  'model.kind': '',
  'model.family': '',
  'model.parameterBudget': 'budget',
  'model.norm': 'norm',
  'model.skipSpan': 'skip',
  'model.skipPlacement': 'skip',
  'model.branchScale': 'branch',
  'model.kernel': 'kernel',
  'model.padding': 'padding',
  'model.pooling': 'pool',
  'model.parameterization': '',
  'model.outputWeights': 'output weights',
  'model.depth': 'depth',
  'model.blocks': 'blocks',
  'model.width': 'width',
  'model.activation': '',
  'model.outputActivation': 'output',
  'model.bias': 'bias',
  'init.scheme': '',
  'init.tau': 'τ',
  'init.gain': 'gain',
  'data.kind': '',
  'data.side': 'side',
  'data.targets': 'targets',
  'data.trainCount': 'samples',
  'data.inputs': 'inputs',
  'data.outputs': 'outputs',
  'data.noise': 'noise',
  'loss.kind': '',
  'loss.reduction': '',
  'optimizer.kind': 'A',
  'optimizer.lr': 'A rate',
  'versus.optimizer.kind': 'B',
  'versus.optimizer.lr': 'B rate',
  'versus.model.norm': 'B norm',
  'versus.model.skipSpan': 'B skip',
  'versus.model.depth': 'B depth',
  'versus.model.width': 'B width',
  batch: 'batch',
  sampling: '',
  seed: 'seed',
  seeds: 'seeds',
  steps: 'steps',
}

/** Dotted paths of all fields that differ, in the order of the schema. */
export function differingPaths(a: Experiment, b: Experiment): readonly string[] {
  return pathsBetween(a, b, '')
}

/** What `run` had that `now` has not, such as "depth 24, seed 7"; at most three fields, "same settings" when equal. */
export function describeDifference(run: Experiment, now: Experiment): string {
  const paths = differingPaths(run, now).filter((path) => !path.startsWith('changes') && !path.startsWith('diagnostics'))
  if (paths.length === 0) return 'same settings'
  const parts = paths.slice(0, 3).map((path) => `${NAMES[path] ?? path} ${shown(valueAt(run, path))}`.trim())
  return paths.length > 3 ? `${parts.join(', ')} …` : parts.join(', ')
}

function pathsBetween(a: unknown, b: unknown, path: string): readonly string[] {
  if (Object.is(a, b)) return []
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return [path]
  const left = a as Readonly<Record<string, unknown>>
  const right = b as Readonly<Record<string, unknown>>
  const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])]
  return keys.flatMap((key) => pathsBetween(left[key], right[key], path === '' ? key : `${path}.${key}`))
}

function valueAt(experiment: Experiment, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Readonly<Record<string, unknown>> | undefined)?.[key], experiment)
}

function shown(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3)))
  if (value === null || value === undefined) return 'off'
  return typeof value === 'string' || typeof value === 'boolean' ? String(value) : 'on'
}
