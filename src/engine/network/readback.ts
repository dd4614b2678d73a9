// How do numbers leave the GPU? Packed into one buffer, once per call, and believed only after three checks.
//
// After the readback the device must be well (see deviceHealth.ts), and the last number must be the one that this very
// readback asked the GPU to write: buffers are recycled, so a constant 1.0 might be left over from the call before.
import type { Tensor } from '@tensorflow/tfjs-core'
import type { OpenedDevice } from '../device.ts'
import { missingMark, readbackFault } from '../readbackFault.ts'
import { runKernel, unwritten, type Kernel } from './kernel.ts'

/** Tensors that one dispatch copies; with the buffer that it writes and the uniforms they are the eight that every adapter takes. */
const COPIED = [0, 1, 2, 3, 4, 5] as const

/** Of several tensors in one dispatch: 65535 workgroups are the most. */
const MOST_ENTRIES = 2 ** 21

/** `size<k>`: entries of X<k>, 0 for none. The thread behind the last of them writes the sentinel, where it is its turn. */
const PACK: Kernel<`size${(typeof COPIED)[number]}` | 'offset' | 'isLast' | 'sentinel'> = {
  name: 'pack',
  shape: 'blocks',
  inputs: COPIED.map((k) => `X${k}`),
  uniforms: {
    size0: 'i32',
    size1: 'i32',
    size2: 'i32',
    size3: 'i32',
    size4: 'i32',
    size5: 'i32',
    offset: 'i32',
    isLast: 'i32',
    sentinel: 'f32',
  },
  body: `
    var at = index;
    ${COPIED.map((k) => `if (at >= 0 && at < uniforms.size${k}) { result[uniforms.offset + index] = X${k}[at]; } at = at - uniforms.size${k};`).join('\n    ')}
    if (at == 0 && uniforms.isLast == 1) { result[uniforms.size - 1] = uniforms.sentinel; }`,
}

let readbacks = 0

/**
 * Reads float32 tensors in one round trip, six of them packed by one dispatch; the tensors stay the caller's.
 *
 * @param tensors one at least.
 * @throws {FaultError} poisoned or deviceLost; nothing is returned then.
 */
export async function readPacked(opened: OpenedDevice, tensors: readonly Tensor[]): Promise<Float32Array[]> {
  opened.health.check()
  // Below 2^24, so that float32 holds it exactly; 0 would be a fresh buffer.
  readbacks = (readbacks % 16_000_000) + 1
  const sentinel = readbacks
  const total = entriesOf(tensors)
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

function pack(tensors: readonly Tensor[], total: number, sentinel: number): Tensor {
  const packed = unwritten(total + 1)
  let offset = 0
  for (let start = 0; start < tensors.length;) {
    const group = tensors.slice(start, start + COPIED.length)
    while (group.length > 1 && entriesOf(group) >= MOST_ENTRIES) group.pop()
    start += group.length
    const [size0, size1, size2, size3, size4, size5] = COPIED.map((k) => group[k]?.size ?? 0)
    const isLast = start === tensors.length ? 1 : 0
    const count = entriesOf(group)
    const inputs = COPIED.map((k) => group[k] ?? group[0])
    runKernel(PACK, inputs, packed.shape, { size0, size1, size2, size3, size4, size5, offset, isLast, sentinel }, packed, count + 1)
    offset += count
  }
  return packed
}

const entriesOf = (tensors: readonly Tensor[]): number => tensors.reduce((sum, { size }) => sum + size, 0)
