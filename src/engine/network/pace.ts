// How does a long measurement stay stoppable? It waits for the graphics device now and then, and never runs far ahead of it.
//
// Recording is quick and what was submitted cannot be taken back: recorded in one go, a measurement of seconds would be over for its
// caller and go on for the device. One stretch of work waits behind the one that runs, so the device is never idle; where stretches
// turn out to take no time they grow, since each wait costs a round trip.
import { engine } from '@tensorflow/tfjs-core'
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu'
import type { Milliseconds } from '../../core/units.ts'
import type { OpenedDevice } from '../device.ts'

/** Multiplications of the first stretch: 0.1 to 0.2 s on a software adapter. */
const FIRST_STRETCH = 2 ** 27
const SHORT_MS: Milliseconds = 50
const GROWTH = 4

/** One measurement's pace. */
export class Pace {
  private readonly opened: OpenedDevice
  private readonly signal: AbortSignal | undefined
  private stretch = FIRST_STRETCH
  private recorded = 0
  /** The stretch that was submitted last. */
  private running: Promise<void> | null = null
  private rested: Milliseconds = 0

  constructor(opened: OpenedDevice, signal: AbortSignal | undefined) {
    this.opened = opened
    this.signal = signal
  }

  /**
   * To be awaited after each piece of work.
   *
   * @throws the signal's reason, once it is aborted.
   */
  async after(multiplications: number): Promise<void> {
    this.recorded += multiplications
    if (this.recorded >= this.stretch) await this.rest()
    this.signal?.throwIfAborted()
  }

  private async rest(): Promise<void> {
    const before = this.running
    this.recorded = 0
    submit()
    // A lost device is told by the readback.
    this.running = this.opened.device.queue.onSubmittedWorkDone().then(
      () => undefined,
      () => undefined,
    )
    if (before !== null) {
      await before
      if (performance.now() - this.rested < SHORT_MS) this.stretch *= GROWTH
    }
    this.rested = performance.now()
  }
}

function submit(): void {
  const backend = engine().backend as WebGPUBackend
  backend.ensureCommandEncoderReady()
  backend.endComputePassEncoder()
  backend.submitQueue()
}
