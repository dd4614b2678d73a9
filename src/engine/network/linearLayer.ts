// Which passes belong to which kind of layer? A new kind is a file and a line here.
import type { LayerSpec } from '../../core/networkSpec.ts'
import { convLayer } from './convLayer.ts'
import { denseLayer } from './denseLayer.ts'
import type { LinearPasses } from './linearPasses.ts'
import { poolLayer } from './poolLayer.ts'

/** The passes of a layer's linear map, without norm, skip and activation. */
export function linearLayer(spec: LayerSpec): LinearPasses {
  switch (spec.kind) {
    case 'dense':
      return denseLayer(spec)
    case 'conv':
      return convLayer(spec)
    case 'pool':
      return poolLayer(spec)
    default:
      return spec satisfies never
  }
}
