// What noise does a chunk of perturbed descent take along? Drawn on the CPU like on every engine, laid out as the kernels read it.
import type { DenseNetworkSpec } from '../../core/networkSpec.ts'
import { gradientNoise } from '../gradientNoise.ts'
import { packedPositions, type FusedLayout } from './layout.ts'

/**
 * [steps][seeds][4 seedQuads] N(0, 1) of the updates `firstStep` .. `firstStep + steps - 1`; 0 in the padding and for seeds that stand still.
 *
 * @param isAlive by seed index.
 */
export function perturbation(
  spec: DenseNetworkSpec,
  layout: FusedLayout,
  noiseSeed: number,
  firstStep: number,
  steps: number,
  isAlive: readonly boolean[],
): Float32Array<ArrayBuffer> {
  const positions = packedPositions(spec, layout)
  const block = 4 * layout.seedQuads
  const packed = new Float32Array(steps * isAlive.length * block)
  for (let step = 0; step < steps; step++) {
    for (const [seedIndex, alive] of isAlive.entries()) {
      if (!alive) continue
      const start = (step * isAlive.length + seedIndex) * block
      const noise = gradientNoise(noiseSeed, seedIndex, firstStep + step, layout.parameterCount)
      for (let i = 0; i < noise.length; i++) packed[start + positions[i]] = noise[i]
    }
  }
  return packed
}
