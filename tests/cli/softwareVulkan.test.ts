import { expect, test } from 'vitest'
import { softwareVulkan } from '../../src/cli/softwareVulkan.ts'

const disk = (...files: readonly string[]) => ({ exists: (path: string) => files.includes(path), real: (path: string) => path })
const LOADER = '/usr/lib/x86_64-linux-gnu/libvulkan.so.1'

test('softwareVulkan names the driver beside the browser', () => {
  expect(softwareVulkan('/opt/b/chrome', {}, disk('/opt/b/vk_swiftshader_icd.json', LOADER))).toEqual({
    VK_ICD_FILENAMES: '/opt/b/vk_swiftshader_icd.json',
  })
})
test('softwareVulkan follows links and the launcher of Debian', () => {
  const linked = { ...disk('/opt/b/vk_swiftshader_icd.json', LOADER), real: () => '/opt/b/chrome' }
  expect(softwareVulkan('/usr/bin/b', {}, linked).VK_ICD_FILENAMES).toBe('/opt/b/vk_swiftshader_icd.json')
  const debian = disk('/usr/lib/chromium/vk_swiftshader_icd.json', LOADER)
  expect(softwareVulkan('/usr/bin/chromium', {}, debian).VK_ICD_FILENAMES).toBe('/usr/lib/chromium/vk_swiftshader_icd.json')
})
test("softwareVulkan lends the browser's own loader where the system has none", () => {
  const environment = softwareVulkan('/opt/b/chrome', { LD_LIBRARY_PATH: '/own' }, disk('/opt/b/vk_swiftshader_icd.json'))
  expect(environment.LD_LIBRARY_PATH).toBe('/opt/b:/own')
})
test('softwareVulkan leaves a driver that the caller chose', () => {
  expect(softwareVulkan('/opt/b/chrome', { VK_ICD_FILENAMES: '/mine.json' }, disk('/opt/b/vk_swiftshader_icd.json'))).toEqual({})
})
test('softwareVulkan is empty where no driver ships with the browser', () => {
  expect(softwareVulkan('/opt/b/chrome', {}, disk(LOADER))).toEqual({})
})
