// One device for a file of tests of the fused engine: opened before them, healthy and free of our buffers after them.
import { afterAll, beforeAll, expect } from 'vitest'
import type { NoGpu, OpenedDevice } from '../../../src/engine/device.ts'
import { liveFusedBytes } from '../../../src/engine/fused/ownedBuffers.ts'

/** Registers both hooks; the device is there once the tests run. */
export function deviceOfFile(open: () => Promise<OpenedDevice | NoGpu>): { readonly opened: OpenedDevice } {
  let opened: OpenedDevice
  let bytesBefore = 0
  beforeAll(async () => {
    const device = await open()
    if (device.type === 'noGpu') throw new Error(device.reason)
    opened = device
    bytesBefore = liveFusedBytes()
  })
  afterAll(() => {
    expect(opened.health.fault).toBeNull()
    expect(liveFusedBytes()).toBe(bytesBefore)
  })
  return {
    get opened() {
      return opened
    },
  }
}
