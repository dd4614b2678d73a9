// How many training steps fit in 50 ms of work?
//
// A running mean of measured durations: it decides only how the work is cut, never what is computed.
import type { Milliseconds } from '../core/units.ts'

const CHUNK_MS: Milliseconds = 50
const LARGEST_CHUNK = 4096

/** Measures steps and suggests how many to do at once. */
export class StepClock {
  private msPerStep: Milliseconds

  /** @param guess of one step's duration, used until something was measured. */
  constructor(guess: Milliseconds) {
    this.msPerStep = guess
  }

  record(steps: number, elapsed: Milliseconds): void {
    // Below a timer tick nothing was measured.
    if (steps === 0 || elapsed < 0.05) return
    this.msPerStep = 0.5 * this.msPerStep + (0.5 * elapsed) / steps
  }

  /** Estimate of one step. */
  get step(): Milliseconds {
    return this.msPerStep
  }

  /** 1 .. 4096. */
  get chunk(): number {
    return Math.max(1, Math.min(LARGEST_CHUNK, Math.floor(CHUNK_MS / this.msPerStep)))
  }
}
