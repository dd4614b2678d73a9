// Who answers what no fused kernel can? The loops of the CPU, on the same float32 weights.
//
// Tangents of layer norms and skips, and what a layer norm adds to the Gram matrices, have no kernel here: these measures are
// exact and slow rather than missing, and training stays on the GPU.
import { DEFAULT_OPTIMIZER } from '../../core/defaults.ts'
import type { Probe } from '../../core/probe.ts'
import { createFloat64Trainer } from '../float64/float64Trainer.ts'
import type { MeasuringPasses } from './measuringPasses.ts'

/** A probe in float64 of the weights that `passes` measures now. */
export async function float64Answers(passes: MeasuringPasses): Promise<Probe> {
  const { spec, dataset, probeCount } = passes.context
  const initialWeights = [await passes.readParameters()]
  return createFloat64Trainer({ spec, dataset, probeCount, optimizer: DEFAULT_OPTIMIZER, initialWeights, reason: '' }).probe(0)
}
