// Which short word in a link stands for which field? Published for ever: a key may be added, never renamed or reused.
//
// The names are those a reader would guess (`depth=24`, `lr=1e-3`), because links are read, typed and edited by hand.

import type { OwnFile } from '../core/experiment.ts'

/** How the text of a value is read; names are written as they are. */
export type LinkValueKind = 'number' | 'name' | 'flag' | 'numberOrAuto' | 'nameOrAuto' | 'file'

export interface LinkKey {
  readonly key: string
  /** Dotted path in the experiment. */
  readonly path: string
  readonly kind: LinkValueKind
}

const field = (key: string, path: string, kind: LinkValueKind = 'number'): LinkKey => ({ key, path, kind })

/** Fields that arm B may change, with their paths inside `versus` as well. */
const ARM_KEYS: readonly LinkKey[] = [
  field('model', 'model.kind', 'name'),
  field('family', 'model.family', 'name'),
  field('depth', 'model.depth'),
  field('blocks', 'model.blocks', 'nameOrAuto'),
  field('width', 'model.width'),
  field('params', 'model.parameterBudget', 'numberOrAuto'),
  field('act', 'model.activation', 'name'),
  field('out', 'model.outputActivation', 'name'),
  field('bias', 'model.bias', 'flag'),
  field('param', 'model.parameterization', 'name'),
  field('outw', 'model.outputWeights', 'name'),
  field('norm', 'model.norm', 'name'),
  field('skip', 'model.skipSpan'),
  field('skipat', 'model.skipPlacement', 'name'),
  field('branch', 'model.branchScale', 'numberOrAuto'),
  field('kernel', 'model.kernel'),
  field('pad', 'model.padding', 'name'),
  field('pool', 'model.pooling', 'name'),
  field('init', 'init.scheme', 'name'),
  field('tau', 'init.tau'),
  field('gain', 'init.gain'),
  field('opt', 'optimizer.kind', 'name'),
  field('lr', 'optimizer.lr'),
  field('mu', 'optimizer.momentum'),
  field('decay', 'optimizer.decay'),
  field('b1', 'optimizer.beta1'),
  field('b2', 'optimizer.beta2'),
  field('eps', 'optimizer.eps', 'numberOrAuto'),
  field('xi', 'optimizer.noise'),
  field('dropevery', 'optimizer.dropEvery'),
  field('drop', 'optimizer.dropFactor'),
  field('batch', 'batch'),
]

/** All plain keys in the order in which links are written. */
export const LINK_KEYS: readonly LinkKey[] = [
  ...ARM_KEYS,
  field('data', 'data.kind', 'name'),
  field('side', 'data.side'),
  field('targets', 'data.targets', 'name'),
  field('file', 'data.file', 'file'),
  field('n', 'data.trainCount'),
  field('ntest', 'data.testCount'),
  field('din', 'data.inputs'),
  field('dout', 'data.outputs'),
  field('scaling', 'data.scaling', 'name'),
  field('noise', 'data.noise'),
  field('sampling', 'sampling', 'name'),
  field('loss', 'loss.kind', 'name'),
  field('reduce', 'loss.reduction', 'name'),
  field('steps', 'steps'),
  field('seed', 'seed'),
  field('seeds', 'seeds'),
  field('engine', 'engine', 'name'),
  field('probe', 'diagnostics.probeCount'),
  field('pairs', 'diagnostics.pairCount'),
  field('pairbatch', 'diagnostics.pairBatch'),
  field('lsteps', 'diagnostics.lanczosSteps'),
  field('lprobes', 'diagnostics.lanczosProbes'),
  field('everyeval', 'diagnostics.every.evaluation'),
  field('everygrad', 'diagnostics.every.gradientNorms'),
  field('everycos', 'diagnostics.every.cosines'),
  field('everyhess', 'diagnostics.every.hessian'),
  field('everykern', 'diagnostics.every.kernel'),
  field('normsof', 'diagnostics.normsOf', 'name'),
  field('budget', 'diagnostics.budget'),
]

/** Keys inside `vs=`; the same words, read as differences of arm B. */
export const VERSUS_KEYS: readonly LinkKey[] = [...ARM_KEYS, field('lin', 'linearised', 'flag')]

/** Keys inside one change of `ch=`. */
export const OPTIMIZER_KEYS: readonly LinkKey[] = ARM_KEYS.filter(({ path }) => path.startsWith('optimizer.'))

/** The shortest text that reads back to exactly the same number. */
export function numberText(value: number): string {
  const plain = String(value).replace('e+', 'e')
  const scientific = value.toExponential().replace('e+', 'e')
  return scientific.length < plain.length ? scientific : plain
}

/** Text of a value in a link. */
export function valueText(kind: LinkValueKind, value: unknown): string {
  if (kind === 'flag') return value === true ? '1' : '0'
  if (kind === 'file') return fileText(value as OwnFile | null)
  if (value === null) return 'auto'
  return typeof value === 'number' ? numberText(value) : typeof value === 'string' ? value : ''
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/iu

/** The value that a text stands for; a text that does not fit stays text, so that the validator can name it. */
export function valueOf(kind: LinkValueKind, text: string): unknown {
  if (kind === 'name') return text
  if (kind === 'flag') return text === '1' || text === 'true' ? true : text === '0' || text === 'false' ? false : text
  if (kind === 'file') return fileOf(text)
  if ((kind === 'numberOrAuto' || kind === 'nameOrAuto') && text === 'auto') return null
  if (kind === 'nameOrAuto') return text
  return NUMBER.test(text) ? Number(text) : text
}

/** `<sha256>.<channels>.<height>.<width>.<classes>.<name>`, `n3` for three numbers in place of classes, the name last because it may hold anything; or `none`. */
function fileText(file: OwnFile | null): string {
  if (file === null) return 'none'
  const { sha256, channels, height, width, classes, outputs, name } = file
  const learnt = outputs === undefined || classes > 0 ? classes : `n${outputs}`
  return [sha256, channels, height, width, learnt, encodeURIComponent(name)].join('.')
}

function fileOf(text: string): unknown {
  if (text === 'none') return null
  const [sha256, channels, height, width, classes, ...name] = text.split('.')
  if (name.length === 0) return text
  const outputs = /^n(\d+)$/u.exec(classes)
  const learnt = outputs === null ? { classes: Number(classes) } : { classes: 0, outputs: Number(outputs[1]) }
  const numbers = { channels: Number(channels), height: Number(height), width: Number(width), ...learnt }
  return { sha256, ...numbers, name: name.join('.') }
}

/** The value at a dotted path, undefined where there is none. */
export function valueAt(tree: unknown, path: string): unknown {
  let value = tree
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Readonly<Record<string, unknown>>)[key]
  }
  return value
}

/** Nested plain data from dotted paths of the tables above; never from words of a link. */
export function treeOf(entries: readonly (readonly [string, unknown])[]): Readonly<Record<string, unknown>> {
  const tree: Record<string, unknown> = {}
  for (const [path, value] of entries) {
    const keys = path.split('.')
    let at = tree
    for (const key of keys.slice(0, -1)) {
      at[key] ??= {}
      at = at[key] as Record<string, unknown>
    }
    at[keys[keys.length - 1]] = value
  }
  return tree
}
