// Which fault did this throw? Fails the test when there was none, or an error that is no fault.
import { expect } from 'vitest'
import { FaultError, type Fault } from '../../src/core/faults.ts'

/** The fault with which `work` ends. */
export async function faultOf(work: () => unknown): Promise<Fault> {
  let caught: unknown = 'nothing was thrown'
  try {
    await work()
  } catch (error) {
    caught = error
  }
  expect(caught).toBeInstanceOf(FaultError)
  return (caught as FaultError).fault
}
