// May what was just read back be believed?
//
// tfjs fails silently: an over-limit tensor, lost memory and a broken shader all return zeros and drop the whole
// command buffer. WebGPU reports them only as `uncapturederror`, so that event sets a flag here for good, and every
// awaited readback asks `check` before its numbers go anywhere. A poisoned device stays poisoned: reopen it.
import { FaultError, type Fault } from '../core/faults.ts'

/** The state of one GPUDevice as its own events tell it. */
export class DeviceHealth {
  private poison: string | null = null
  private loss: string | null = null

  /** Remembers the first cause only; later ones follow from it. */
  markPoisoned(cause: string): void {
    this.poison ??= cause
  }

  markLost(cause: string): void {
    this.loss ??= cause
  }

  get lost(): boolean {
    return this.loss !== null
  }

  /** The fault of this device, a loss before a poisoning; null while it is well. */
  get fault(): Fault | null {
    if (this.loss !== null) return { type: 'deviceLost', detail: `The graphics device was lost: ${this.loss}` }
    if (this.poison !== null) return { type: 'poisoned', detail: `The graphics device reported an error: ${this.poison}` }
    return null
  }

  /** @throws {FaultError} poisoned or deviceLost. */
  check(): void {
    const { fault } = this
    if (fault !== null) throw new FaultError(fault)
  }
}
