// Which statistics does batch norm use where samples are looked at one by one?
//
// In training mode every sample depends on its whole batch, so "the gradient of one sample" does not exist. Those measures freeze
// the statistics of the whole probe set at the weights of the moment; on the probe set itself the loss is then the training one, to the bit.
import type { Dataset } from '../../core/dataset.ts'
import type { FrozenStatistics } from '../../core/probe.ts'
import { withNorms, type Network } from './network.ts'
import { forward } from './networkPasses.ts'
import type { Parts } from '../parts.ts'
import { gatherInputs } from './rows.ts'
import { createTape } from './tape.ts'

/** The network with every batch norm frozen at the statistics of the first `probeCount` training samples; itself where nothing is coupled. */
export function* frozenNetwork(network: Network, weights: Float64Array, dataset: Dataset, probeCount: number): Parts<Network> {
  if (!network.couplesRows) return network
  const rows = Math.min(probeCount, dataset.train.count)
  const tape = createTape(network, rows)
  const indices = Int32Array.from({ length: rows }, (_, i) => i)
  gatherInputs(dataset.train, network.inputWidth, indices, { start: 0, rows }, tape.activations[0])
  yield* forward(network, weights, rows, tape)
  return withNorms(network, (position, norm) => {
    const state = tape.norms[position]
    if (norm.kind === 'layer' || norm.frozen !== null || state === null) return norm
    return { ...norm, frozen: { mean: state.mean, variance: state.variance } }
  })
}

/** Per position in spec.layers the frozen statistics, null where there are none. */
export function statisticsOf(network: Network): readonly (FrozenStatistics | null)[] {
  return network.spec.layers.map((shape) => (shape.kind === 'pool' ? null : (shape.norm?.frozen ?? null)))
}
