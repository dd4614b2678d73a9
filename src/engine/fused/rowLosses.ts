// What is the loss of a step, given those of its rows? Summed in float64, in the order of the batch.
//
// The GPU does not sum: the order would be that of its tiles. A row's loss comes as mantissa and exponent, because the
// squared error of an exploding network is no float32 while its float64 sum is still a number to show.
import type { LossSettings } from '../../core/experiment.ts'
import { timesPowerOfTwo } from '../../numerics/logMagnitude.ts'
import { POISON } from './forwardBackwardKernel.ts'
import { passRows, pieceCount, tileCount, type KernelShape } from './kernelShape.ts'

/**
 * [steps, seeds] reduced losses of a chunk from what K1 wrote; Infinity where a row left float32 on the way.
 *
 * @param rows [steps][seeds][padded rows] pairs (mantissa, exponent); of a batch in pieces [pieces][seeds][padded rows] of one step.
 */
export function reducedLosses(shape: KernelShape, loss: LossSettings, rows: Float32Array, steps: number): Float64Array {
  const stride = 2 * tileCount(shape) * shape.tile.rows
  const rowsAtOnce = passRows(shape)
  const share = loss.reduction === 'mean' ? 1 / shape.batchRows : 1
  const pieces = pieceCount(shape)
  const losses = new Float64Array(steps * shape.seedCount)
  for (let i = 0; i < losses.length; i++) {
    let sum = 0
    for (let piece = 0; piece < pieces; piece++) {
      const start = (piece * shape.seedCount + i) * stride
      const end = start + 2 * Math.min(rowsAtOnce, shape.batchRows - piece * rowsAtOnce)
      for (let at = start; at < end; at += 2) {
        const exponent = rows[at + 1]
        sum += exponent === 0 ? rows[at] : exponent === POISON ? Infinity : timesPowerOfTwo(rows[at], exponent)
      }
    }
    losses[i] = sum * share
  }
  return losses
}
