// What does the page hear of a run, and how often?
//
// Samples go through the queue (one unanswered message), everything else at once. A heartbeat says that the Worker lives
// although it has nothing to tell; the page counts silence in its own ticks.
import type { Sample } from '../core/sample.ts'
import type { Milliseconds, Step } from '../core/units.ts'
import type { StreamBody } from '../protocol/addressed.ts'
import type { RunHost } from './runHost.ts'
import { createSampleQueue } from './sampleQueue.ts'
import { transferablesOf } from './transferables.ts'

const HEARTBEAT_MS: Milliseconds = 250
/** The speed is a mean over about this time. */
const SPEED_WINDOW_MS: Milliseconds = 1000

export interface Publisher {
  post(body: StreamBody): void
  push(sample: Sample): void
  /** Sends what waits, unless a message is unanswered. */
  flush(step: Step): void
  acknowledge(sequence: number): void
  isFull(): boolean
  isIdle(): boolean
  heartbeat(step: Step): void
  /** Steps done in this time, measuring included, for the speed that the page shows; and what one takes without it. */
  countSteps(steps: number, duration: Milliseconds, stepDuration: Milliseconds): void
}

/** The voice of one run. */
export function createPublisher(host: RunHost): Publisher {
  const queue = createSampleQueue()
  let lastBeat = -Infinity
  let windowSteps = 0
  let windowDuration: Milliseconds = 0
  let lastStep: { readonly stepDuration?: Milliseconds } = {}
  return {
    post: (body) => host.post(body, []),
    push: (sample) => queue.push(sample),
    flush(at) {
      const message = queue.take()
      if (message === null) return
      const stepsPerSecond = windowDuration > 0 ? (1000 * windowSteps) / windowDuration : 0
      host.post({ type: 'samples', ...message, step: at, stepsPerSecond, ...lastStep }, transferablesOf(message.samples))
    },
    acknowledge: (sequence) => queue.acknowledge(sequence),
    isFull: () => queue.isFull(),
    isIdle: () => queue.isIdle(),
    heartbeat(step) {
      const now = host.now()
      if (now - lastBeat < HEARTBEAT_MS) return
      lastBeat = now
      host.post({ type: 'heartbeat', step }, [])
    },
    countSteps(steps, duration, stepDuration) {
      lastStep = { stepDuration }
      // Old steps fade: the window keeps its length while new steps come in.
      const kept = Math.max(0, 1 - duration / SPEED_WINDOW_MS)
      windowSteps = windowSteps * kept + steps
      windowDuration = windowDuration * kept + duration
    },
  }
}
