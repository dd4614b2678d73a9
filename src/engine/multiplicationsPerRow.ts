// How much work is one sample? Parameters do not say: a convolution uses each of its weights at every position.
import { imageAfter, weightCount, type NetworkSpec } from '../core/networkSpec.ts'

/** Multiplications of weights in one forward pass of one sample; pools, norms and activations are not counted. */
export function multiplicationsPerRow({ layers }: NetworkSpec): number {
  let sum = 0
  for (const layer of layers) {
    if (layer.kind === 'pool') continue
    const [height, width] = layer.kind === 'conv' ? imageAfter(layer) : [1, 1]
    sum += weightCount(layer) * height * width
  }
  return sum
}
