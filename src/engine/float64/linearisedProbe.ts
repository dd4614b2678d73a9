// What can a diagnostic ask of the linear model? The same as of the network; only second derivatives and weights differ.
//
// Kernel, Jacobian and preactivations are those of the start for ever: a drift of exactly 0 is computed, not declared.
import type { Probe } from '../../core/probe.ts'
import { splitOf } from '../sampleRows.ts'
import { checkBlock, checkOutput, createFloat64Probe, type Float64ProbeSource, type Moment } from './float64Probe.ts'
import { displacementInto, linearisedForward, linearisedHessianProducts } from './linearisedNetwork.ts'
import { createPause } from './pause.ts'

/**
 * The probe of the network linearised at `start` [P].
 *
 * Hessians of outputs are 0; the Hessian of the loss is J^T (loss Hessian) J, positive semidefinite.
 */
export function createLinearisedProbe(source: Omit<Float64ProbeSource, 'moment'>, start: Float64Array): Probe {
  const { network, weights, reduction } = source
  const { parameterCount } = network
  const moment = (): Moment => ({
    at: start,
    pass: linearisedForward(displacementInto(weights, start, new Float64Array(parameterCount))),
  })
  return {
    ...createFloat64Probe({ ...source, moment }),
    async hessianVectors(block, count, set, signal) {
      checkBlock(block, count, parameterCount)
      const rows = splitOf(source.dataset, source.probeCount, set)
      const { at, pass } = moment()
      return linearisedHessianProducts(network, at, rows, set.indices, reduction, pass, block, count, createPause(signal))
    },
    async outputHessianVectors(block, count, set, output, signal) {
      signal?.throwIfAborted()
      checkBlock(block, count, parameterCount)
      splitOf(source.dataset, source.probeCount, set)
      checkOutput(output, set.indices.length, network.outputWidth)
      return new Float64Array(count * parameterCount)
    },
  }
}
