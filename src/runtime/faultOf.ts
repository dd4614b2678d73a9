// What does the page hear when something was thrown inside the run?
//
// Faults that were thrown as errors are unwrapped; anything else is our own mistake and says so in one sentence,
// without a stack trace.
import { FaultError, UnsupportedFault, type Fault } from '../core/faults.ts'

/** The fault of a caught error. */
export function faultOf(error: unknown): Fault {
  if (error instanceof FaultError) return error.fault
  if (error instanceof UnsupportedFault) return { type: 'unsupported', detail: error.message }
  const detail = error instanceof Error ? error.message : String(error)
  return { type: 'workerFailed', detail: `The computation stopped because of an unexpected error: ${detail}` }
}

/** True for the end of a run that was closed on purpose. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError'
}
