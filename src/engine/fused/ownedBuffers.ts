// Which GPU buffers are ours, and how many bytes do they hold?
//
// Every buffer of the fused engine is made and destroyed here, so that a test can ask for exactly zero at the end.
import type { Bytes } from '../../core/units.ts'

const USAGE = { storage: 0x80 | 0x4 | 0x8, uniform: 0x40 | 0x8, readback: 0x1 | 0x8 } as const

let liveBytes: Bytes = 0

/** Bytes of all buffers of the fused engine that are alive now. */
export function liveFusedBytes(): Bytes {
  return liveBytes
}

/** Buffers that live and die together. */
export class OwnedBuffers {
  private readonly buffers: GPUBuffer[] = []
  private readonly device: GPUDevice

  constructor(device: GPUDevice) {
    this.device = device
  }

  /** A zeroed buffer of at least 16 bytes. */
  create(bytes: Bytes, kind: keyof typeof USAGE = 'storage'): GPUBuffer {
    const buffer = this.device.createBuffer({ size: Math.max(16, 4 * Math.ceil(bytes / 4)), usage: USAGE[kind] })
    this.buffers.push(buffer)
    liveBytes += buffer.size
    return buffer
  }

  /** A storage buffer that starts with these numbers. */
  filled(values: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): GPUBuffer {
    const buffer = this.create(values.byteLength)
    this.device.queue.writeBuffer(buffer, 0, values)
    return buffer
  }

  /** A uniform buffer with this content. */
  uniform(content: ArrayBuffer): GPUBuffer {
    const buffer = this.create(content.byteLength, 'uniform')
    this.device.queue.writeBuffer(buffer, 0, content)
    return buffer
  }

  get bytes(): Bytes {
    return this.buffers.reduce((sum, buffer) => sum + buffer.size, 0)
  }

  destroy(): void {
    for (const buffer of this.buffers) {
      liveBytes -= buffer.size
      buffer.destroy()
    }
    this.buffers.length = 0
  }
}
