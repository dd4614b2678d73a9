// Does anything that the network is shown still matter to it?
//
// In a dead network some relu layer is closed for every probe input: the outputs no longer depend on the input, and no step
// brings the layers before it back. Asked only of seeds whose first layer has an exact zero for a gradient, which costs nothing.
import type { Probe, SampleSet } from '../core/probe.ts'

/**
 * True where a first-layer gradient of exactly zero means that the network is dead, false where there is simply nothing left to learn.
 *
 * A fitted network has loss 0; a dead one gives every probe sample the same outputs and still has a loss.
 * Source: Orvieto et al. 2021, section 4 (a net is dead when every input is).
 */
export async function isDead(probe: Probe, set: SampleSet, signal?: AbortSignal): Promise<boolean> {
  const { loss, outputs } = await probe.loss(set, signal)
  if (!(loss > 0)) return false
  const width = outputs.length / set.indices.length
  return outputs.every((value, at) => value === outputs[at % width])
}
