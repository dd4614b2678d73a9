// One device and one lease of tfjs for a file of tests of the network engine: taken before them, healthy, given back and destroyed after them.
import { afterAll, beforeAll, expect } from 'vitest'
import type { NoGpu, OpenedDevice } from '../../../src/engine/device.ts'
import { leaseTfjs, type TfjsLease } from '../../../src/engine/tfjsBackend.ts'

/** Registers both hooks; the device is there once the tests run. */
export function leaseOfFile(open: () => Promise<OpenedDevice | NoGpu>): { readonly opened: OpenedDevice } {
  let opened: OpenedDevice
  let lease: TfjsLease
  beforeAll(async () => {
    const device = await open()
    if (device.type === 'noGpu') throw new Error(device.reason)
    opened = device
    lease = await leaseTfjs(opened)
  })
  afterAll(() => {
    expect(opened.health.fault).toBeNull()
    lease.close()
    opened.device.destroy()
  })
  return {
    get opened() {
      return opened
    },
  }
}
