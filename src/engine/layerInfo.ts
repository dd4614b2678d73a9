// Where does each layer's block stand in the flat parameter vector, and what is it called?
//
// Names count from 1 because people read them (a fault names the layer that diverged); everything else counts from 0.
import type { LayerInfo } from '../core/probe.ts'
import { isWeighted, layerParameterCount, type NetworkSpec } from '../core/networkSpec.ts'

/**
 * Name, kind, offset and size of every weighted layer, from the input to the output; pools have no block.
 *
 * @param kind 'chain' when the chain engine answers, whose layers are single weights.
 */
export function layerInfo(spec: NetworkSpec, kind: 'chain' | 'layers' = 'layers'): readonly LayerInfo[] {
  const infos: LayerInfo[] = []
  let offset = 0
  for (const shape of spec.layers) {
    if (!isWeighted(shape)) continue
    const size = layerParameterCount(shape)
    const number = infos.length + 1
    infos.push(
      kind === 'chain'
        ? { name: `weight ${number}`, kind, offset, size }
        : { name: `${shape.kind === 'conv' ? 'conv' : 'layer'} ${number}`, kind: shape.kind, offset, size },
    )
    offset += size
  }
  return infos
}
