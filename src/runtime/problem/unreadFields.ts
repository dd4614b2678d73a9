// Which fields of a problem file does nobody read?
//
// Other software may write more than this format has, and a misspelt field looks just the same: neither is refused, both are
// told, so that nobody believes that `layer_norm` was measured.
import type { Json } from '../../core/strictJson.ts'

interface Unread {
  readonly name: string
  readonly why: string
}

const WHY = 'no field of this format: not read'
/** More than these are counted, not named. */
const NAMED = 20

/** By the part of a problem in which they stand, words apart by blanks. */
const FIELDS = {
  problem: 'model loss weights weights2 inputs targets batches pairs optimizer',
  model: `kind activation outputActivation parameterization skip batchNorm bnEps bnMode layerNorm lnEps outputScale biasScale
    denseLayout convLayout dataLayout inputShape paddingMode`,
  skip: 'span first placement scale branchScale',
  loss: 'kind reduction',
  layer: `type W b gamma beta stride padding paddingMode trainable size order activation scale runningMean runningVar`,
  tensor: 'shape data',
  optimizer: 'kind lr momentum nesterov convention beta1 beta2 eps noiseStd noise placement batch state',
  state: 't v m',
}

const TENSORS = ['W', 'b', 'gamma', 'beta', 'runningMean', 'runningVar'] as const

/**
 * Every field of a problem that was parsed which nothing has looked at, by its place.
 *
 * @param convention of the update as we write it, where there is one: other words than these may mean another update.
 */
export function unreadFields(problem: unknown, convention = 'w -= lr g'): readonly Unread[] {
  const found: string[] = []
  const look = (value: unknown, where: string, known: keyof typeof FIELDS): Json => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return {}
    const names = FIELDS[known].split(/\s+/u)
    for (const field of Object.keys(value)) if (!names.includes(field)) found.push(`${where}.${field}`)
    return value as Json
  }
  const whole = look(problem, 'problem', 'problem')
  look(look(whole.model, 'problem.model', 'model').skip, 'problem.model.skip', 'skip')
  look(whole.loss, 'problem.loss', 'loss')
  for (const list of ['weights', 'weights2'] as const) {
    const entries = Array.isArray(whole[list]) ? (whole[list] as readonly unknown[]) : []
    for (const [i, entry] of entries.entries()) {
      const where = `problem.${list}[${i}]`
      const layer = look(entry, where, 'layer')
      for (const tensor of TENSORS) look(layer[tensor], `${where}.${tensor}`, 'tensor')
    }
  }
  const optimizer = look(whole.optimizer, 'problem.optimizer', 'optimizer')
  look(optimizer.state, 'problem.optimizer.state', 'state')
  const rest = found.length - NAMED
  return [
    ...found.slice(0, NAMED).map((name) => ({ name, why: WHY })),
    ...(rest > 0 ? [{ name: 'problem', why: `${rest} more fields are of another format: not read` }] : []),
    ...otherConvention(optimizer.convention, convention),
  ]
}

function otherConvention(given: unknown, ours: string): readonly Unread[] {
  const bare = (words: string): string => words.replaceAll(/\s+/gu, '')
  if (given === undefined || (typeof given === 'string' && bare(given) === bare(ours))) return []
  return [{ name: 'problem.optimizer.convention', why: `other words than ours: measured was ${ours}` }]
}
