// Where does each layer's block stand in the flat parameter vector, and what is it called?
//
// Names count from 1 because people read them (a fault names the layer that diverged); everything else counts from 0.
import type { LayerInfo } from '../core/probe.ts'
import { layerParameterCount, type NetworkSpec } from '../core/networkSpec.ts'

/**
 * Name, offset and size of every weighted layer, from the input to the output.
 *
 * @param kind 'chain' when the chain engine answers, whose layers are single weights.
 */
export function layerInfo(spec: NetworkSpec, kind: LayerInfo['kind'] = 'dense'): readonly LayerInfo[] {
  const infos: LayerInfo[] = []
  let offset = 0
  for (const [layer, shape] of spec.layers.entries()) {
    const size = layerParameterCount(shape)
    infos.push({ name: kind === 'chain' ? `weight ${layer + 1}` : `layer ${layer + 1}`, kind, offset, size })
    offset += size
  }
  return infos
}
