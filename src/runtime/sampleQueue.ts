// How does the run talk to a page that may be slower than it?
//
// One message of samples is on its way at a time; until the page acknowledges it, new ones wait here. Losses of
// consecutive steps become one sample. Nothing is thrown away: when too much waits, the run itself has to wait.
import type { LossSample, Sample } from '../core/sample.ts'
import type { Bytes } from '../core/units.ts'
import { bytesOf } from './transferables.ts'

/** Above this the run stands still until the page answers. */
export const MAX_WAITING_BYTES: Bytes = 16 * 1024 * 1024

/** Samples on their way to the page. */
export interface SampleQueue {
  push(sample: Sample): void
  /** The next message's samples, or null while one is unanswered or nothing waits. */
  take(): { readonly sequence: number; readonly samples: readonly Sample[] } | null
  acknowledge(sequence: number): void
  /** True when so much waits that training must stop. */
  isFull(): boolean
  /** True when nothing waits and nothing is unanswered. */
  isIdle(): boolean
}

/** An empty queue; sequence numbers start at 1. */
export function createSampleQueue(): SampleQueue {
  let waiting: Sample[] = []
  let waitingBytes = 0
  let sequence = 0
  let unanswered: number | null = null
  return {
    push(sample) {
      waiting.push(sample)
      waitingBytes += bytesOf(sample)
    },
    take() {
      if (unanswered !== null || waiting.length === 0) return null
      const samples = mergedLosses(waiting)
      waiting = []
      waitingBytes = 0
      sequence++
      unanswered = sequence
      return { sequence, samples }
    },
    acknowledge(answered) {
      if (answered === unanswered) unanswered = null
    },
    isFull: () => unanswered !== null && waitingBytes > MAX_WAITING_BYTES,
    isIdle: () => unanswered === null && waiting.length === 0,
  }
}

/** The same samples with consecutive losses of an arm joined; the order of everything else stays. */
export function mergedLosses(samples: readonly Sample[]): Sample[] {
  const result: Sample[] = []
  /** Per arm: where its open group of losses stands in `result`, and the group. */
  const open = new Map<string, { at: number; group: LossSample[]; next: number }>()
  const close = (entry: { at: number; group: LossSample[] }): void => {
    if (entry.group.length > 1) result[entry.at] = joined(entry.group)
  }
  for (const sample of samples) {
    if (sample.type !== 'loss') {
      result.push(sample)
      continue
    }
    const count = sample.values.length / sample.seedCount
    const entry = open.get(sample.arm)
    if (entry !== undefined && entry.next === sample.step && entry.group[0].seedCount === sample.seedCount) {
      entry.group.push(sample)
      entry.next += count
      continue
    }
    if (entry !== undefined) close(entry)
    open.set(sample.arm, { at: result.length, group: [sample], next: sample.step + count })
    result.push(sample)
  }
  for (const entry of open.values()) close(entry)
  return result
}

function joined(group: readonly LossSample[]): LossSample {
  const values = new Float64Array(group.reduce((sum, sample) => sum + sample.values.length, 0))
  let at = 0
  for (const sample of group) {
    values.set(sample.values, at)
    at += sample.values.length
  }
  return { ...group[0], values }
}
