// Layer norms and equal blocks of skips in a stack of dense layers.
import type { DenseNetworkSpec, SkipSpec } from '../../../src/core/networkSpec.ts'

export interface Blocks {
  readonly norm: boolean
  /** 0: no skips. */
  readonly span: number
  readonly placement?: SkipSpec['placement']
  readonly scale?: number
  readonly branchScale?: number
  /** Of the norms. */
  readonly eps?: number
}

/** The same stack with norms behind every layer but the last and blocks from layer 1 on; an unfinished block has no skip. */
export function withBlocks(spec: DenseNetworkSpec, blocks: Blocks): DenseNetworkSpec {
  const { norm, span, placement = 'postAct', scale = 0.75, branchScale = 0.5, eps = 1e-3 } = blocks
  const last = spec.layers.length - 1
  return {
    ...spec,
    layers: spec.layers.map((layer, l) => ({
      ...layer,
      ...(norm && l < last ? { norm: { kind: 'layer' as const, eps, frozen: null } } : {}),
      ...(span > 0 && l < last && l >= span && l % span === 0 ? { skip: { from: l - span + 1, placement, scale, branchScale } } : {}),
    })),
  }
}
