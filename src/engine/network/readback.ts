// How do numbers leave the GPU? Packed into one buffer, once per call, and believed only after three checks.
//
// After the readback the device must be well (see deviceHealth.ts), and the last number must be the one that this very
// readback asked the GPU to write: buffers are recycled, so a constant 1.0 might be left over from the call before.
import type { Tensor } from '@tensorflow/tfjs-core'
import type { OpenedDevice } from '../device.ts'
import { missingMark, readbackFault } from '../readbackFault.ts'
import { runKernel, type Kernel } from './kernel.ts'

const SENTINEL: Kernel<'value'> = {
  name: 'sentinel',
  shape: 'elementwise',
  inputs: [],
  uniforms: { value: 'f32' },
  body: 'if (index == uniforms.size - 1) { result[index] = uniforms.value; }',
}

const PLACE: Kernel<'offset' | 'count'> = {
  name: 'place',
  shape: 'elementwise',
  inputs: ['X'],
  uniforms: { offset: 'i32', count: 'i32' },
  body: 'if (index < uniforms.count) { result[index + uniforms.offset] = X[index]; }',
}

let readbacks = 0

/**
 * Reads float32 tensors in one round trip; the tensors stay the caller's.
 *
 * @throws {FaultError} poisoned or deviceLost; nothing is returned then.
 */
export async function readPacked(opened: OpenedDevice, tensors: readonly Tensor[]): Promise<Float32Array[]> {
  opened.health.check()
  // Below 2^24, so that float32 holds it exactly; 0 would be a fresh buffer.
  readbacks = (readbacks % 16_000_000) + 1
  const sentinel = readbacks
  const total = tensors.reduce((sum, tensor) => sum + tensor.size, 0)
  const packed = pack(tensors, total, sentinel)
  let values: Float32Array
  try {
    values = await packed.data<'float32'>()
  } catch (error) {
    throw await readbackFault(opened, error)
  } finally {
    packed.dispose()
  }
  opened.health.check()
  if (values[total] !== sentinel) {
    throw missingMark()
  }
  let offset = 0
  return tensors.map((tensor) => {
    const part = values.slice(offset, offset + tensor.size)
    offset += tensor.size
    return part
  })
}

function pack(tensors: readonly Tensor[], total: number, value: number): Tensor {
  const packed = runKernel(SENTINEL, [], [total + 1], { value })
  let offset = 0
  for (const tensor of tensors) {
    runKernel(PLACE, [tensor], [tensor.size], { offset, count: tensor.size }, packed)
    offset += tensor.size
  }
  return packed
}
