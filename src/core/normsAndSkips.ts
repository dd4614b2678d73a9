// Where do norms and skip connections stand in a network?
//
// Hidden layers are the weighted ones but the last, numbered from 0. Blocks of `span` follow each other from hidden layer 1
// on (the first one changes the width), and only whole blocks whose input has the shape of their output get a skip.
import type { ModelSettings } from './experiment.ts'
import { inputWidthOf, isWeighted, outputWidthOf, channelsOf, type LayerSpec, type NormSpec, type SkipSpec } from './networkSpec.ts'

/** Added to the variance; the usual one. */
export const NORM_EPS = 1e-5
/** Hidden layer at which the first block starts. */
export const FIRST_BLOCK = 1

/** The layers with the norms and skips that the model asks for. */
export function withNormsAndSkips(layers: readonly LayerSpec[], model: ModelSettings): readonly LayerSpec[] {
  const hidden = layers.flatMap((layer, position) => (isWeighted(layer) && position < layers.length - 1 ? [position] : []))
  const norm: NormSpec | null = model.norm === 'none' ? null : { kind: model.norm, eps: NORM_EPS, frozen: null }
  const blocks = model.skipSpan === 0 ? [] : blocksOf(layers, hidden, model.skipSpan)
  const branchScale = model.branchScale ?? 1 / Math.sqrt(Math.max(1, blocks.length))
  const skips = new Map(
    blocks.map(({ from, to }): [number, SkipSpec] => [to, { from, placement: model.skipPlacement, scale: 1, branchScale }]),
  )
  const isHidden = new Set(hidden)
  return layers.map((layer, position) => {
    if (!isWeighted(layer) || !isHidden.has(position)) return layer
    const skip = skips.get(position)
    return { ...layer, ...(norm === null ? {} : { norm }), ...(skip === undefined ? {} : { skip }) }
  })
}

function blocksOf(layers: readonly LayerSpec[], hidden: readonly number[], span: number): readonly { from: number; to: number }[] {
  const blocks: { from: number; to: number }[] = []
  for (let first = FIRST_BLOCK; first + span <= hidden.length; first += span) {
    const from = hidden[first]
    const to = hidden[first + span - 1]
    if (sameShape(layers, from, to)) blocks.push({ from, to })
  }
  return blocks
}

/** Channels and size agree; equal sizes with other channels would add unlike things. */
function sameShape(layers: readonly LayerSpec[], from: number, to: number): boolean {
  const first = layers[from]
  const channelsIn = first.kind === 'conv' ? first.inChannels : first.kind === 'dense' ? first.fanIn : first.channels
  return channelsIn === channelsOf(layers[to]) && inputWidthOf(first) === outputWidthOf(layers[to])
}
