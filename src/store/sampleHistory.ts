// How is the past of a scheduled instrument kept, so that the scrubber can go back, without growing for ever?
//
// Whole samples, thinned to every second one when there are too many or they weigh too much. The newest is always there.
import type { Sample } from '../core/sample.ts'
import type { Bytes } from '../core/units.ts'
import { lastUpTo } from '../numerics/lastUpTo.ts'

/** Samples of one instrument and arm in the order of their steps. Mutable; `version` grows with each change. */
export interface SampleHistory<S extends Sample> {
  samples: S[]
  /** Position among all arrivals of each sample, for even thinning. */
  arrivals: number[]
  arrived: number
  stride: number
  bytes: Bytes
  version: number
}

export const SAMPLE_LIMIT = 600
export const BYTE_LIMIT: Bytes = 16_000_000

/** An empty history. */
export function createHistory<S extends Sample>(): SampleHistory<S> {
  return { samples: [], arrivals: [], arrived: 0, stride: 1, bytes: 0, version: 0 }
}

/** Adds a sample; those at or after its step are replaced (a run that was restored measures again). */
export function appendSample<S extends Sample>(history: SampleHistory<S>, sample: S): void {
  while (history.samples.length > 0 && history.samples.at(-1)!.step >= sample.step) removeLast(history)
  if (history.arrivals.length > 0 && history.arrivals.at(-1)! % history.stride !== 0) removeLast(history)
  history.samples.push(sample)
  history.arrivals.push(history.arrived++)
  history.bytes += sampleBytes(sample)
  while (history.samples.length > 2 && (history.samples.length > SAMPLE_LIMIT || history.bytes > BYTE_LIMIT)) thin(history)
  history.version++
}

/** The newest sample at or before `step` (null: the newest of all), null where there is none. */
export function sampleAt<S extends Sample>(history: SampleHistory<S>, step: number | null): S | null {
  const { samples } = history
  if (step === null) return samples.at(-1) ?? null
  const last = lastUpTo(samples.length, (index) => samples[index].step, step)
  return last < 0 ? null : samples[last]
}

function removeLast<S extends Sample>(history: SampleHistory<S>): void {
  history.bytes -= sampleBytes(history.samples.pop()!)
  history.arrivals.pop()
}

function thin<S extends Sample>(history: SampleHistory<S>): void {
  history.stride *= 2
  const last = history.samples.length - 1
  const keep = history.arrivals.map((arrival, index) => index === last || arrival % history.stride === 0)
  history.samples = history.samples.filter((_, index) => keep[index])
  history.arrivals = history.arrivals.filter((_, index) => keep[index])
  history.bytes = history.samples.reduce((sum, sample) => sum + sampleBytes(sample), 0)
}

/** Bytes of all typed arrays in a sample, two levels deep, which is as deep as samples nest. */
export function sampleBytes(sample: object): Bytes {
  let bytes = 0
  for (const value of Object.values(sample)) {
    if (ArrayBuffer.isView(value)) bytes += value.byteLength
    else if (typeof value === 'object' && value !== null) bytes += sampleBytes(value as object)
  }
  return bytes
}
