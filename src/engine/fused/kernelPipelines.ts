// How is a kernel compiled no more than once? Pipelines are kept per device by their code, the latest of them.
//
// An optimizer that changes on the way, a probe and the next run of the same shape find theirs ready; compiling takes
// seconds on a software adapter. Pipelines hold no buffers, so they are not counted and need no destroying.

import { withUniformSizes } from './uniformSizes.ts'

/** A pipeline with the layout of its only bind group. */
export interface KernelPipeline {
  readonly pipeline: GPUComputePipeline
  readonly group: GPUBindGroupLayout
  /** What the kernel was asked for with, for its last binding; null where it knows no sizes. */
  readonly sizes: ArrayBuffer | null
}

/** 'read' and 'write' are storage bindings, 'uniform' the numbers of the step with a dynamic offset, 'sizes' those of `uniformSizes.ts`. */
export type KernelBinding = 'read' | 'write' | 'uniform' | 'sizes'

const KEPT = 64
const UNIFORM_BYTES = 48
const caches = new WeakMap<GPUDevice, Map<string, Promise<Compiled>>>()

const LAYOUTS: Readonly<Record<KernelBinding, GPUBufferBindingLayout>> = {
  read: { type: 'read-only-storage' },
  write: { type: 'storage' },
  uniform: { type: 'uniform', hasDynamicOffset: true, minBindingSize: UNIFORM_BYTES },
  sizes: { type: 'uniform' },
}

/** Compiles asynchronously, or answers with what was compiled from the same code, whatever its sizes; entry point `main`. */
export async function kernelPipeline(
  device: GPUDevice,
  label: string,
  text: string,
  bindings: readonly KernelBinding[],
): Promise<KernelPipeline> {
  const { code, values } = withUniformSizes(text, bindings.length)
  const cache = caches.get(device) ?? new Map<string, Promise<Compiled>>()
  caches.set(device, cache)
  const known = cache.get(code) ?? compiled(device, label, code, values === null ? bindings : [...bindings, 'sizes'])
  cache.delete(code)
  cache.set(code, known)
  for (const oldest of cache.keys()) {
    if (cache.size <= KEPT) break
    cache.delete(oldest)
  }
  try {
    return { ...(await known), sizes: values }
  } catch (error) {
    cache.delete(code)
    throw error
  }
}

/**
 * Bind group of a kernel: one resource per binding, the sizes excepted.
 *
 * @param uploaded gives a uniform buffer that holds these bytes.
 */
export function bindKernel(
  device: GPUDevice,
  kernel: KernelPipeline,
  resources: readonly (GPUBuffer | GPUBufferBinding)[],
  uploaded: (sizes: ArrayBuffer) => GPUBuffer,
): GPUBindGroup {
  const entries = [...resources, ...(kernel.sizes === null ? [] : [uploaded(kernel.sizes)])].map((resource, binding) => ({
    binding,
    resource: 'buffer' in resource ? resource : { buffer: resource },
  }))
  return device.createBindGroup({ layout: kernel.group, entries })
}

/** The numbers of the steps as a binding. */
export function uniformBinding(buffer: GPUBuffer): GPUBufferBinding {
  return { buffer, size: UNIFORM_BYTES }
}

type Compiled = Omit<KernelPipeline, 'sizes'>

async function compiled(device: GPUDevice, label: string, code: string, bindings: readonly KernelBinding[]): Promise<Compiled> {
  const entries = bindings.map((kind, binding) => ({ binding, visibility: GPUShaderStage.COMPUTE, buffer: LAYOUTS[kind] }))
  const group = device.createBindGroupLayout({ label, entries })
  const layout = device.createPipelineLayout({ bindGroupLayouts: [group] })
  const module = device.createShaderModule({ label, code })
  const pipeline = await device.createComputePipelineAsync({ label, layout, compute: { module, entryPoint: 'main' } })
  return { pipeline, group }
}
