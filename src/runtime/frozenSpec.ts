// Which affine map does a batch norm become when a snapshot is taken?
//
// The statistics that an engine lends (those of the whole probe set) are written into the network: per-sample quantities
// exist only then, and other software can recompute them.
import type { NetworkSpec } from '../core/networkSpec.ts'
import { FaultError } from '../core/faults.ts'
import type { Probe } from '../core/probe.ts'

/** True where a layer normalises by the rows at hand. */
export function hasLiveStatistics({ layers }: NetworkSpec): boolean {
  return layers.some((layer) => layer.kind !== 'pool' && layer.norm?.kind === 'batch' && layer.norm.frozen === null)
}

/**
 * The network in evaluation mode at the weights of the probe; the same object where no statistics are live.
 *
 * @throws {FaultError} unsupported when the engine lends none.
 */
export async function frozenSpec(spec: NetworkSpec, probe: Probe): Promise<NetworkSpec> {
  if (!hasLiveStatistics(spec)) return spec
  const statistics = await probe.normStatistics?.()
  if (statistics === undefined) {
    throw new FaultError({
      type: 'unsupported',
      detail: 'frozenSpec: this engine lends no batch statistics, got none, expected one a norm',
    })
  }
  return {
    ...spec,
    layers: spec.layers.map((layer, position) => {
      const own = statistics[position]
      if (layer.kind === 'pool' || layer.norm?.kind !== 'batch' || own === null) return layer
      return { ...layer, norm: { ...layer.norm, frozen: own } }
    }),
  }
}
