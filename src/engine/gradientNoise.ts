// Which noise does perturbed gradient descent add at a step?
//
// A fresh stream for every member and step: replays, restored checkpoints and all engines get the same numbers
// without anybody keeping the state of a stream.
import { namedStream } from '../numerics/streams.ts'

/**
 * [count] N(0, 1), the noise of one update.
 *
 * @param seed `TrainerOptions.noiseSeed`.
 * @param seedIndex member of the ensemble.
 * @param step updates of the run before this one.
 */
export function gradientNoise(seed: number, seedIndex: number, step: number, count: number): Float64Array {
  const stream = namedStream(seed, `noise/${seedIndex}/${step}`)
  const noise = new Float64Array(count)
  for (let i = 0; i < count; i++) noise[i] = stream.normal()
  return noise
}
