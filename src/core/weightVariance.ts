// How large are the weights that an initialiser draws, on the one scale that compares them all?
//
// Pure arithmetic, so that the page can say it beside the choice and the engines draw by the same numbers.
import type { InitSettings, ModelSettings } from './experiment.ts'

/** Weights into and out of one unit, as `fansOf` counts them. */
export interface Fans {
  readonly fanIn: number
  readonly fanOut: number
  /** The layer that sees the data; absent: false. */
  readonly isFirst?: boolean
}

/**
 * The tau whose uniform law has the variance of this scheme: sqrt(3 fanIn sigma^2). Equal in variance only.
 *
 * `constant` has no variance: its mean square stands in. In the NTK parameterization the forward scale 1/sqrt(fanIn) is counted in.
 */
export function equivalentTau(
  init: InitSettings,
  model: Pick<ModelSettings, 'kind' | 'parameterization'>,
  fanIn: number,
  fanOut: number,
  isFirst = false,
): number {
  if (hasUnitWeights(model)) return Math.sqrt(3)
  return Math.sqrt(3 * fanIn * entryVariance(init, { fanIn, fanOut, isFirst }))
}

/** True where every weight is N(0, 1) whatever the scheme says: the NTK parameterization, which chains do not have. */
export function hasUnitWeights(model: Pick<ModelSettings, 'kind' | 'parameterization'>): boolean {
  return model.kind !== 'chain' && model.parameterization === 'ntk'
}

/** Mean square of one weight; for delta-orthogonal filters over all taps, most of which are zero. */
export function entryVariance(init: InitSettings, { fanIn, fanOut, isFirst = false }: Fans): number {
  switch (init.scheme) {
    case 'uniform':
      return init.tau ** 2 / (3 * fanIn)
    case 'lecunUniform':
      return 1 / (3 * fanIn)
    case 'lecunNormal':
      return 1 / fanIn
    case 'glorotUniform':
    case 'glorotNormal':
      return 2 / (fanIn + fanOut)
    case 'heUniform':
    case 'heNormal':
      return 2 / fanIn
    case 'orthogonal':
      return init.gain ** 2 / Math.max(fanIn, fanOut)
    case 'unitNormal':
      return 1
    case 'constant':
      return init.tau ** 2
    case 'kappaNormal':
      return 1 / ((isFirst ? 1 : init.gain) * fanIn)
    default:
      return init.scheme satisfies never
  }
}
