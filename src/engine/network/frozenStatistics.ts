// Which statistics do batch norms use where single samples are measured? Those of the whole probe set, at the weights of the moment.
//
// So the loss of the probe set is exactly its loss in training, and a sample has a gradient of its own.
import { dispose, type Tensor3D } from '@tensorflow/tfjs-core'
import { isWeighted } from '../../core/networkSpec.ts'
import type { FrozenStatistics } from '../../core/probe.ts'
import type { LayerTensors } from './layerTensors.ts'
import { forwardPass } from './passes.ts'
import { disposeRecord } from './passRecords.ts'
import { disposeBlock, looksAtAllRows, sampleBlock, withLayers, type ProbeHost } from './probeHost.ts'
import { plainRange } from './rangePlan.ts'
import { readPacked } from './readback.ts'

/** Per position [1, channels, 2], null where nothing needs them; null altogether where no norm does. */
export type LentStatistics = readonly (Tensor3D | null)[] | null

/** The statistics of the probe set; the caller disposes with `disposeStatistics`. */
export function frozenStatistics(host: ProbeHost, layers: readonly LayerTensors[]): LentStatistics {
  const { spec } = host
  if (!looksAtAllRows(spec)) return null
  const count = Math.min(host.probeCount, host.dataset.train.count)
  const block = sampleBlock(host, [{ from: 'probe', indices: Int32Array.from({ length: count }, (_, i) => i) }], [1])
  const record = forwardPass(spec, layers, block.inputs, plainRange(spec.layers.length), { rowCounts: block.rowCounts, frozen: null })
  const kept = record.layers.map(({ statistics }, index) => {
    const layer = spec.layers[index]
    return isWeighted(layer) && layer.norm?.kind === 'batch' && layer.norm.frozen === null ? statistics!.clone() : null
  })
  disposeRecord(record)
  disposeBlock(block)
  return kept
}

export function disposeStatistics(lent: LentStatistics): void {
  dispose((lent ?? []).filter((tensor) => tensor !== null))
}

/** Mean and variance of every batch norm, as the probe lends them; null where there is none. */
export async function normStatisticsOf(host: ProbeHost): Promise<readonly (FrozenStatistics | null)[]> {
  return withLayers(host, async (layers) => {
    const lent = frozenStatistics(host, layers)
    const tensors = (lent ?? []).filter((tensor) => tensor !== null)
    try {
      const parts = tensors.length === 0 ? [] : await readPacked(host.opened, tensors)
      let next = 0
      return host.spec.layers.map((layer, index) => {
        if (!isWeighted(layer) || layer.norm?.kind !== 'batch') return null
        if (layer.norm.frozen !== null) return layer.norm.frozen
        if (lent?.[index] === null) return null
        const pairs = parts[next++]
        const every = (first: number) => Float64Array.from({ length: pairs.length / 2 }, (_, channel) => pairs[2 * channel + first])
        return { mean: every(0), variance: every(1) }
      })
    } finally {
      disposeStatistics(lent)
    }
  })
}
