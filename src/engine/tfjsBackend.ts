// How does tfjs come to compute on our device, and how does its memory come back?
//
// The stock factory is removed and ours registered under the same name 'webgpu' before first use (kernels resolve by
// that name). Two flags are set for good: split-K matMul sums with atomics (reruns differ, some results are wrong), and
// forwarding small tensors to the CPU would mix two arithmetics. tfjs' buffer pool never shrinks by itself: the last
// lease to close removes the backend, which destroys its buffers. `tf.ready()` is never called: it would fall back silently.
import { engine, env, registerBackend, removeBackend, setBackend, findBackendFactory } from '@tensorflow/tfjs-core'
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu'
import { FaultError } from '../core/faults.ts'
import type { OpenedDevice } from './device.ts'

const BACKEND = 'webgpu'
/** MatMulPackedProgram: bit-reproducible and right for every shape; chosen by its number, the enum is not exported. */
const MATMUL_PACKED = 3

/** tfjs on one device; whoever leased it closes it once. */
export interface TfjsLease {
  readonly backend: WebGPUBackend
  /** Hands what is recorded to the GPU, so that disposed tensors really free their buffers. */
  flush(): void
  /** The last lease of a device gives all of the pool's buffers back. */
  close(): void
}

/** What tfjs holds at the moment. */
export interface TfjsMemory {
  readonly tensorCount: number
  /** Bytes of live tensors. */
  readonly liveBytes: number
  /** Bytes that tfjs' pool has taken from the device. */
  readonly allocatedBytes: number
}

interface Registered {
  readonly opened: OpenedDevice
  readonly backend: WebGPUBackend
  /** What `setBackend` answered. */
  readonly accepted: Promise<boolean>
  leases: number
}

let registered: Registered | null = null

/**
 * Leases tfjs on a device; further leases of the same device share the backend.
 *
 * @throws {FaultError} noWebGpu when tfjs refuses the device, deviceLost when it is dead already.
 */
export async function leaseTfjs(opened: OpenedDevice): Promise<TfjsLease> {
  opened.health.check()
  // Registered before anything is awaited: two arms ask at the same time.
  if (registered?.opened !== opened) {
    unregister()
    registered = register(opened)
  }
  const mine = registered
  mine.leases++
  if (!(await mine.accepted)) {
    if (registered === mine) unregister()
    throw new FaultError({ type: 'noWebGpu', detail: 'TensorFlow.js did not accept the graphics device.' })
  }
  let closed = false
  return {
    backend: mine.backend,
    flush: () => flush(mine.backend),
    close() {
      if (closed) return
      closed = true
      mine.leases--
      if (mine.leases > 0) return
      if (registered === mine) unregister()
    },
  }
}

/** Counters of tfjs; no bytes when no device is leased. */
export function tfjsMemory(): TfjsMemory {
  // `memory()` of tfjs would ask the backend, and there may be none.
  const { numTensors } = engine().state
  if (registered === null) return { tensorCount: numTensors, liveBytes: 0, allocatedBytes: 0 }
  const { numBytesInGPU, numBytesAllocatedInGPU } = registered.backend.memory()
  return { tensorCount: numTensors, liveBytes: numBytesInGPU, allocatedBytes: numBytesAllocatedInGPU }
}

function register(opened: OpenedDevice): Registered {
  if (findBackendFactory(BACKEND) !== null) removeBackend(BACKEND)
  env().set('WEBGPU_MATMUL_PROGRAM_TYPE', MATMUL_PACKED)
  env().set('WEBGPU_CPU_FORWARD', false)
  const backend = new WebGPUBackend(opened.device, opened.info)
  const accepted = registerBackend(BACKEND, () => backend, 3) ? setBackend(BACKEND) : Promise.resolve(false)
  return { opened, backend, accepted, leases: 0 }
}

function unregister(): void {
  if (registered === null) return
  registered = null
  removeBackend(BACKEND)
}

function flush(backend: WebGPUBackend): void {
  backend.ensureCommandEncoderReady()
  backend.endComputePassEncoder()
  backend.submitQueue()
}
