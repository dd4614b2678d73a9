// Where does a step's gradient lie between the kernels that form it and the update? The layers' tensors side by side in a bank.
//
// What costs on this engine is the dispatch, and a dispatch reads eight buffers: lying in one, the gradient of many layers is
// summed by one (stepNorms.ts). Banks are bounded, so that a large network's gradient is never there as a whole.
import type { Tensor } from '@tensorflow/tfjs-core'
import type { LayerPlaces, LayerTensors } from './layerTensors.ts'

/** Numbers that a bank holds at most, unless a single layer has more. */
const BANK_ENTRIES = 2 ** 22

const PARTS = ['weight', 'bias', 'gamma', 'beta'] as const

/** Layers next to each other that share a buffer. */
export interface GradientBank {
  readonly size: number
  readonly layers: readonly BankedLayer[]
}

/** Position in the spec and where its tensors begin, in flat order; those without are missing. */
export interface BankedLayer {
  readonly index: number
  readonly parts: readonly { readonly part: keyof LayerTensors; readonly offset: number; readonly size: number }[]
}

/**
 * The banks of a network, from tensors of the gradient's shapes; layers without tensors are in none.
 *
 * @param limit numbers that a bank of several layers holds at most.
 */
export function gradientBanks(layers: readonly LayerTensors[], limit = BANK_ENTRIES): GradientBank[] {
  const banks: { size: number; readonly layers: BankedLayer[] }[] = []
  for (const [index, layer] of layers.entries()) {
    const sizes = PARTS.flatMap((part) => (layer[part] === null ? [] : [{ part, size: layer[part].size }]))
    if (sizes.length === 0) continue
    const total = sizes.reduce((sum, { size }) => sum + size, 0)
    let bank = banks.at(-1)
    if (bank === undefined || bank.size + total > limit) banks.push((bank = { size: 0, layers: [] }))
    let offset = bank.size
    bank.layers.push({
      index,
      parts: sizes.map(({ part, size }) => {
        const place = { part, offset, size }
        offset += size
        return place
      }),
    })
    bank.size = offset
  }
  return banks
}

/** A layer's places in the buffer of its bank. */
export function placesOf({ parts }: BankedLayer, tensor: Tensor): LayerPlaces {
  const of = (name: keyof LayerTensors) => {
    const place = parts.find(({ part }) => part === name)
    return place === undefined ? null : { tensor, offset: place.offset }
  }
  return { weight: of('weight'), bias: of('bias'), gamma: of('gamma'), beta: of('beta') }
}
