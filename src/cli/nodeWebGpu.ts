// How do our engines find WebGPU in Node? Through Dawn, put where a browser would have it.
//
// Dawn asks the machine's Vulkan first; without an adapter there, the software driver beside an installed Chromium is
// tried. Engines only ever look at `navigator.gpu`, so they cannot tell Node from a page.
import { create, globals } from 'webgpu'
import { findBrowser } from './findBrowser.ts'
import { softwareVulkan } from './softwareVulkan.ts'

async function hasAdapter(gpu: GPU): Promise<boolean> {
  return (await gpu.requestAdapter()) !== null
}

/** Puts WebGPU into `globalThis.navigator`; false where no adapter can be had, and then nothing is changed. */
export async function installNodeWebGpu(): Promise<boolean> {
  let gpu = create([])
  if (!(await hasAdapter(gpu))) {
    const browser = findBrowser()
    if (browser === null) return false
    Object.assign(process.env, softwareVulkan(browser))
    gpu = create([])
    if (!(await hasAdapter(gpu))) return false
  }
  Object.assign(globalThis, globals)
  Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent: 'node' }, configurable: true })
  return true
}
