// How do numbers leave the fused engine? One copy into one staging buffer per call, believed only when the device is well.
//
// The sentinel is written by the queue in the same submit as the copies: if a command buffer was dropped, it is missing.
import { FaultError } from '../../core/faults.ts'
import type { OpenedDevice } from '../device.ts'
import { missingMark, readbackFault } from '../readbackFault.ts'

/** A range of a storage buffer, in bytes; both are multiples of 4. */
export interface Region {
  readonly buffer: GPUBuffer
  readonly offset: number
  readonly bytes: number
}

let readbacks = 0

/**
 * Copies regions out in one round trip, after everything in `encoder`, which is submitted here.
 *
 * @returns one ArrayBuffer per region.
 * @throws {FaultError} poisoned or deviceLost; nothing is returned then.
 */
export async function submitAndRead(opened: OpenedDevice, encoder: GPUCommandEncoder, regions: readonly Region[]): Promise<ArrayBuffer[]> {
  const { device, health } = opened
  health.check()
  readbacks = (readbacks % 0x7fff_ffff) + 1
  const mark = readbacks
  const total = regions.reduce((sum, region) => sum + region.bytes, 0)
  const staging = device.createBuffer({ size: total + 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST })
  const sentinel = device.createBuffer({ size: 4, usage: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST })
  try {
    device.queue.writeBuffer(sentinel, 0, Int32Array.of(mark))
    let offset = 0
    for (const region of regions) {
      if (region.bytes > 0) encoder.copyBufferToBuffer(region.buffer, region.offset, staging, offset, region.bytes)
      offset += region.bytes
    }
    encoder.copyBufferToBuffer(sentinel, 0, staging, total, 4)
    device.queue.submit([encoder.finish()])
    await staging.mapAsync(GPUMapMode.READ)
    health.check()
    const bytes = staging.getMappedRange()
    if (new Int32Array(bytes, total, 1)[0] !== mark) {
      throw missingMark()
    }
    offset = 0
    return regions.map((region) => {
      const part = bytes.slice(offset, offset + region.bytes)
      offset += region.bytes
      return part
    })
  } catch (error) {
    throw error instanceof FaultError ? error : await readbackFault(opened, error)
  } finally {
    staging.destroy()
    sentinel.destroy()
  }
}
