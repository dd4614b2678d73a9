// Which rows of which split does a SampleSet mean?
//
// One place for the meaning of 'probe' (the first training samples) and for the bounds, so that no engine
// reads a row that is not there: typed arrays answer undefined, and NaN would look like a diverged network.
import type { Dataset, SplitArrays } from '../core/dataset.ts'
import { DomainFault } from '../core/faults.ts'
import type { SampleSet } from '../core/probe.ts'

/**
 * The split that the indices of a set point into.
 *
 * @param probeCount n of the probe set: the first n training samples.
 * @throws {DomainFault} when an index is outside the split (or the probe set), or the set is empty.
 */
export function splitOf(dataset: Dataset, probeCount: number, set: SampleSet): SplitArrays {
  const split = set.from === 'test' ? dataset.test : dataset.train
  const count = set.from === 'probe' ? Math.min(probeCount, split.count) : split.count
  checkIndices(set.indices, count, `splitOf (${set.from})`)
  return split
}

/** Each sample as a set of its own, which is its own mean and its own sum. */
export function singlesOf({ indices, from }: SampleSet): SampleSet[] {
  return Array.from(indices, (index) => ({ indices: Int32Array.of(index), from }))
}

/** @throws {DomainFault} when there is no index, or one outside 0 .. count-1. */
export function checkIndices(indices: Int32Array, count: number, what: string): void {
  if (indices.length === 0) throw new DomainFault(`${what}: no samples, got 0 indices, expected at least 1`)
  for (const index of indices) {
    if (index < 0 || index >= count) throw new DomainFault(`${what}: index outside the samples, got ${index}, expected 0 .. ${count - 1}`)
  }
}
