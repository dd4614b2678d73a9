// How does Dawn in Node find an adapter on a machine without a graphics card?
//
// Through the SwiftShader driver that ships beside every Chromium, named to the Vulkan loader by environment variables.
// The loader reads LD_LIBRARY_PATH only when a process starts, so the answer is meant for a child process.
import { existsSync, realpathSync } from 'node:fs'
import { posix } from 'node:path'

/** What the search asks the file system, so that tests can answer. */
export interface Disk {
  readonly exists: (path: string) => boolean
  /** The path behind links; throws where there is no file. */
  readonly real: (path: string) => string
}

const DISK: Disk = { exists: existsSync, real: (path) => realpathSync(path) }

const DRIVER = 'vk_swiftshader_icd.json'

/** Usual places of the Vulkan loader on Linux; elsewhere Dawn brings its own way to the GPU. */
const LOADER_PLACES: readonly string[] = [
  '/usr/lib/x86_64-linux-gnu/libvulkan.so.1',
  '/usr/lib/aarch64-linux-gnu/libvulkan.so.1',
  '/usr/lib64/libvulkan.so.1',
  '/usr/lib/libvulkan.so.1',
]

/** Whether this Linux has a Vulkan loader of its own. */
export function hasVulkanLoader(disk: Disk = DISK): boolean {
  return LOADER_PLACES.some(disk.exists)
}

/**
 * Environment variables that give Dawn in Node the software adapter; none where the caller chose a driver or the browser brings none.
 *
 * @param browser path of a Chromium, as `findBrowser` answers it; a launcher of Debian is followed to its folder.
 */
export function softwareVulkan(
  browser: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
  disk: Disk = DISK,
): Readonly<Record<string, string>> {
  if (env.VK_ICD_FILENAMES !== undefined || env.VK_DRIVER_FILES !== undefined) return {}
  const folders = [posix.dirname(disk.real(browser)), '/usr/lib/chromium', '/opt/google/chrome']
  const folder = folders.find((place) => disk.exists(posix.join(place, DRIVER)))
  if (folder === undefined) return {}
  const driver = { VK_ICD_FILENAMES: posix.join(folder, DRIVER) }
  if (hasVulkanLoader(disk)) return driver
  return { ...driver, LD_LIBRARY_PATH: [folder, env.LD_LIBRARY_PATH].filter(Boolean).join(':') }
}
