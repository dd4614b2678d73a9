// What went wrong when numbers were to leave the graphics device? A lost device, or one that cannot be believed.
import { FaultError } from '../core/faults.ts'
import type { OpenedDevice } from './device.ts'

/** Time that a rejected readback waits for the news that the device is gone. */
const LOSS_NEWS_MS = 1000

/** The mark of this very readback is missing: the commands before it were dropped. */
export function missingMark(): FaultError {
  return new FaultError({ type: 'poisoned', detail: 'The graphics device returned numbers that it did not compute.' })
}

/** The fault behind a readback that was rejected; that comes before the loss is announced, so it waits for the announcement, but not forever. */
export async function readbackFault(opened: Pick<OpenedDevice, 'device' | 'health'>, error: unknown): Promise<FaultError> {
  await Promise.race([opened.device.lost, new Promise((resolve) => setTimeout(resolve, LOSS_NEWS_MS))])
  const { fault } = opened.health
  if (fault !== null) return new FaultError(fault)
  return new FaultError({
    type: 'poisoned',
    detail: `Reading from the graphics device failed: ${error instanceof Error ? error.message : String(error)}`,
  })
}
