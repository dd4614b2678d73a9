// Which GPU do we compute on? A device of our own, opened once and handed to tfjs and to our kernels alike.
//
// tfjs' own factory throws on a null adapter and keeps the device to itself; ours answers in words when there is no
// GPU, and holds the loss and error events that tfjs ignores. Nothing here loads tfjs.
import { namesSoftwareAdapter } from '../core/softwareAdapter.ts'
import { DeviceHealth } from './deviceHealth.ts'

export interface OpenedDevice {
  readonly type: 'device'
  readonly device: GPUDevice
  readonly info: GPUAdapterInfo
  /** As the adapter names itself, e.g. "SwiftShader driver". */
  readonly adapterName: string
  /** The adapter computes on the CPU: correct, but slow. */
  readonly software: boolean
  readonly health: DeviceHealth
}

export interface NoGpu {
  readonly type: 'noGpu'
  /** One short sentence for a person. */
  readonly reason: string
}

/** Limits that we raise to what the adapter has; the others stay at the default, which every adapter meets. */
const RAISED_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupsPerDimension',
] as const satisfies readonly (keyof GPUSupportedLimits)[]

const OPTIONAL_FEATURES: readonly GPUFeatureName[] = ['subgroups', 'timestamp-query']

/** Asks for an adapter and a device; every way of not getting one is a value, not an exception. */
export async function openDevice(gpu: GPU | undefined = globalThis.navigator?.gpu): Promise<OpenedDevice | NoGpu> {
  if (gpu === undefined) return { type: 'noGpu', reason: 'This browser offers no WebGPU here.' }
  let adapter: GPUAdapter | null
  try {
    adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
  } catch (error) {
    return { type: 'noGpu', reason: `Asking for a graphics adapter failed: ${messageOf(error)}` }
  }
  if (adapter === null) return { type: 'noGpu', reason: 'The browser found no graphics adapter for WebGPU.' }
  const requiredLimits: Record<string, number> = {}
  for (const limit of RAISED_LIMITS) requiredLimits[limit] = adapter.limits[limit]
  const supported = adapter.features
  let device: GPUDevice
  try {
    device = await adapter.requestDevice({ requiredLimits, requiredFeatures: OPTIONAL_FEATURES.filter((name) => supported.has(name)) })
  } catch (error) {
    return { type: 'noGpu', reason: `The graphics adapter gave no device: ${messageOf(error)}` }
  }
  const health = new DeviceHealth()
  device.addEventListener('uncapturederror', (event) => {
    // Without this the browser also writes the error to the console.
    event.preventDefault()
    health.markPoisoned(event.error.message)
  })
  // oxlint-disable-next-line promise/prefer-await-to-then -- the loss comes at any time; nobody waits for it.
  void device.lost.then((info) => health.markLost(info.message === '' ? info.reason : info.message))
  const { info } = adapter
  return { type: 'device', device, info, adapterName: nameOf(info), software: isSoftwareAdapter(info), health }
}

/** Whether an adapter computes on the CPU, by its own word or by its name. */
export function isSoftwareAdapter(
  info: Pick<GPUAdapterInfo, 'vendor' | 'architecture' | 'device' | 'description'> & { readonly isFallbackAdapter?: boolean },
): boolean {
  return info.isFallbackAdapter === true || namesSoftwareAdapter(`${info.vendor} ${info.architecture} ${info.device} ${info.description}`)
}

/** The most telling of the names that an adapter gives; browsers hide some of them. */
function nameOf(info: GPUAdapterInfo): string {
  if (/swiftshader/iu.test(`${info.architecture} ${info.description}`)) return 'SwiftShader'
  return [info.description, info.device, `${info.vendor} ${info.architecture}`.trim()].find((name) => name !== '') ?? 'unnamed adapter'
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
