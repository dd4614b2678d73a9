import { afterEach, describe, expect, test, vi } from 'vitest'
import { DeviceHealth } from '../../src/engine/deviceHealth.ts'
import { missingMark, readbackFault } from '../../src/engine/readbackFault.ts'

afterEach(() => vi.useRealTimers())

/** A device whose loss is announced when the test says so. */
function device() {
  const health = new DeviceHealth()
  let lose: (info: GPUDeviceLostInfo) => void = () => undefined
  const lost = new Promise<GPUDeviceLostInfo>((resolve) => {
    lose = resolve
  })
  return { opened: { device: { lost } as GPUDevice, health }, lose }
}

describe('readbackFault', () => {
  test('is the loss that is announced after the rejection', async () => {
    const { opened, lose } = device()
    const fault = readbackFault(opened, new Error('mapping aborted'))
    opened.health.markLost('the driver was reset')
    lose({ reason: 'unknown', message: '' } as GPUDeviceLostInfo)
    expect((await fault).fault.type).toBe('deviceLost')
  })
  test('is the words of the rejection where no loss comes within a second', async () => {
    vi.useFakeTimers()
    const { opened } = device()
    const fault = readbackFault(opened, new Error('mapping aborted'))
    await vi.advanceTimersByTimeAsync(1000)
    expect((await fault).fault).toEqual({ type: 'poisoned', detail: 'Reading from the graphics device failed: mapping aborted' })
  })
})

test('missingMark says that the numbers are not those of the device', () => {
  expect(missingMark().fault.type).toBe('poisoned')
})
