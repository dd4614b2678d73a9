// How does a measuring kernel meet its buffers? Storage bindings in order, then one small uniform that says which part
// of the grid a dispatch covers, so that a long measurement can be cut into short submits.
import { bindKernel, kernelPipeline, uniformBinding } from './kernelPipelines.ts'
import { OwnedBuffers } from './ownedBuffers.ts'
import { SLICE_BYTES } from './stepParameters.ts'

/** WGSL of the uniform block, bound behind the storage buffers. */
export const SPAN_WGSL = `
struct Span {
  // first workgroup in x, y, z; rows that are real
  first: vec4u,
  // share of a row in the loss, unused
  share: vec4f,
  // the block is as long as the numbers of a step
  unused: vec4f,
};`

/** Where one dispatch begins, and how many rows count. */
export interface Span {
  readonly x?: number
  readonly y?: number
  readonly z?: number
  readonly rows?: number
  readonly share?: number
}

/** A compiled measuring kernel. */
export interface ComputeKernel {
  readonly pipeline: GPUComputePipeline
  /** @param buffers the storage buffers in order; the spans follow by themselves. */
  bind(buffers: readonly GPUBuffer[]): GPUBindGroup
}

/** Compiles a kernel, or finds it compiled; entry point `main`. */
export async function createKernel(
  device: GPUDevice,
  label: string,
  code: string,
  storage: readonly ('read' | 'write')[],
  spans: Spans,
): Promise<ComputeKernel> {
  const kernel = await kernelPipeline(device, label, code, [...storage, 'uniform'])
  return {
    pipeline: kernel.pipeline,
    bind: (buffers) => bindKernel(device, kernel, [...buffers, uniformBinding(spans.buffer)], (sizes) => spans.sizes(sizes)),
  }
}

/** A ring of uniform slices: each dispatch takes the next one. Keeps the sizes of kernels, too. */
export class Spans {
  readonly buffer: GPUBuffer
  private readonly device: GPUDevice
  private readonly owned: OwnedBuffers
  private readonly known = new Map<string, GPUBuffer>()
  private next = 0

  constructor(device: GPUDevice, slices = 256) {
    this.device = device
    this.owned = new OwnedBuffers(device)
    this.buffer = this.owned.create(slices * SLICE_BYTES, 'uniform')
  }

  /** Writes a slice and answers its offset; a slice comes round again after 256 dispatches, in queue order after a submit. */
  write(span: Span): number {
    const offset = (this.next * SLICE_BYTES) % this.buffer.size
    this.next++
    const bytes = new ArrayBuffer(32)
    new Uint32Array(bytes).set([span.x ?? 0, span.y ?? 0, span.z ?? 0, span.rows ?? 0])
    new Float32Array(bytes, 16).set([span.share ?? 1])
    this.device.queue.writeBuffer(this.buffer, offset, bytes)
    return offset
  }

  /** Sizes of a kernel as a buffer; the same ones share it. */
  sizes(content: ArrayBuffer): GPUBuffer {
    const key = new Uint32Array(content).join(' ')
    const buffer = this.known.get(key) ?? this.owned.uniform(content)
    this.known.set(key, buffer)
    return buffer
  }

  destroy(): void {
    this.owned.destroy()
  }
}
