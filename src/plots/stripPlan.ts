// Where does each part of a network stand in its strip? Weighted layers side by side, pools as gaps between them, skips as spans.
//
// Positions are shares of the width, from the layer list alone, so that a test can read them and any row can use them.
import { isWeighted, type LayerSpec, type NormSpec, type PoolLayerSpec } from '../core/networkSpec.ts'

/** One weighted layer, [from, to] as shares of the width. */
export interface StripSlot {
  readonly kind: 'dense' | 'conv'
  readonly norm: NormSpec['kind'] | null
  readonly from: number
  readonly to: number
}

/** What lies between, over and under the slots. */
export interface StripPlan {
  readonly slots: readonly StripSlot[]
  readonly pools: readonly { readonly from: number; readonly to: number; readonly pooling: PoolLayerSpec['pooling'] }[]
  readonly skips: readonly { readonly from: number; readonly to: number }[]
}

/** A pool takes this part of a layer's width; nothing where there are too many layers to see it. */
const POOL_SHARE = 0.45
const MOST_LAYERS_WITH_POOLS = 60

/** The plan of a layer list; slots are in the order of the weighted layers. */
export function stripPlan(layers: readonly LayerSpec[]): StripPlan {
  const poolShare = layers.length > MOST_LAYERS_WITH_POOLS ? 0 : POOL_SHARE
  const widths = layers.map((layer): number => (isWeighted(layer) ? 1 : poolShare))
  const total = widths.reduce((sum, width) => sum + width, 0)
  const starts: number[] = []
  let at = 0
  for (const width of widths) {
    starts.push(at / total)
    at += width
  }
  const endOf = (position: number) => starts[position] + widths[position] / total
  const slots: StripSlot[] = []
  const pools: StripPlan['pools'][number][] = []
  const skips: StripPlan['skips'][number][] = []
  for (const [position, layer] of layers.entries()) {
    const place = { from: starts[position], to: endOf(position) }
    if (!isWeighted(layer)) {
      pools.push({ ...place, pooling: layer.pooling })
      continue
    }
    slots.push({ ...place, kind: layer.kind, norm: layer.norm?.kind ?? null })
    if (layer.skip !== undefined) skips.push({ from: starts[layer.skip.from], to: place.to })
  }
  return { slots, pools, skips }
}

/** A plan of `count` dense layers without anything else: what is drawn where only norms are known. */
export function plainPlan(count: number): StripPlan {
  const slots = Array.from({ length: count }, (_, layer): StripSlot => ({
    kind: 'dense',
    norm: null,
    from: layer / count,
    to: (layer + 1) / count,
  }))
  return { slots, pools: [], skips: [] }
}

/** The slot under a share of the width: the one it lies in, else the nearest on its left. */
export function slotAt({ slots }: StripPlan, share: number): number {
  let found = 0
  for (const [layer, slot] of slots.entries()) if (slot.from <= share) found = layer
  return found
}
