// How do our engines find WebGPU in Node? Through Dawn, put where a browser would have it.
//
// Where the machine has no Vulkan driver of its own, the software driver beside an installed Chromium is named first: Dawn
// complains on standard error when it finds none. Engines only look at `navigator.gpu`, so they cannot tell Node from a page.
import { existsSync, readdirSync } from 'node:fs'
import { create, globals } from 'webgpu'
import { findBrowser } from './findBrowser.ts'
import { softwareVulkan } from './softwareVulkan.ts'

async function hasAdapter(gpu: GPU): Promise<boolean> {
  return (await gpu.requestAdapter()) !== null
}

const DRIVER_FOLDERS = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d', '/usr/local/share/vulkan/icd.d'] as const

function hasOwnDriver(): boolean {
  if (process.platform !== 'linux' || process.env.VK_ICD_FILENAMES !== undefined || process.env.VK_DRIVER_FILES !== undefined) return true
  return DRIVER_FOLDERS.some((folder) => existsSync(folder) && readdirSync(folder).some((name) => name.endsWith('.json')))
}

function nameSoftwareDriver(): void {
  const browser = findBrowser()
  if (browser !== null) Object.assign(process.env, softwareVulkan(browser))
}

/** Puts WebGPU into `globalThis.navigator`; false where no adapter can be had, and then nothing is changed. */
export async function installNodeWebGpu(): Promise<boolean> {
  if (!hasOwnDriver()) nameSoftwareDriver()
  let gpu = create([])
  if (!(await hasAdapter(gpu))) {
    nameSoftwareDriver()
    gpu = create([])
    if (!(await hasAdapter(gpu))) return false
  }
  Object.assign(globalThis, globals)
  Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent: 'node' }, configurable: true })
  return true
}
