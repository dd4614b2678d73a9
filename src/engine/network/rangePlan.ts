// With which powers of two are activations and deltas stored, so that float32 can hold them?
//
// An array with exponent e holds true * 2^e. Training always uses zeros; first-order measurements choose the plan from
// the magnitudes of a pass before, and leave ordinary networks alone (all within 2^-24 .. 2^24), so their bits do not
// change. Powers of two are exact. Where a pass lost an array altogether, its size is guessed from the slope of the
// arrays before it, and the next pass measures it: deep networks need two or three passes, others one. Norms do not carry
// powers of two (their eps is not homogeneous), and their outputs are of ordinary size anyway: with norms only deltas are scaled.
import type { Extent } from './extents.ts'

/** Exponents of one network. */
export interface RangePlan {
  /** [L+1]: entry l for the input of layer l, entry L for the outputs; entry 0 is 0. */
  readonly input: Int32Array
  /** [L]: entry l for dLoss/dz of layer l. */
  readonly delta: Int32Array
}

/** Stored numbers are the true ones. */
export function plainRange(layerCount: number): RangePlan {
  return { input: new Int32Array(layerCount + 1), delta: new Int32Array(layerCount) }
}

/** 2^exponent as a float32 uniform can carry it: held within the normal range. */
export function powerOfTwo(exponent: number): number {
  return 2 ** Math.max(-126, Math.min(126, exponent))
}

/** A network whose arrays all lie within 2^-COMFORT .. 2^COMFORT is left alone. */
const COMFORT = 24
/** In the others every array is brought to size 1, give or take this: sums over layers then meet at like sizes. */
const NEAR_ONE = 8
/** Powers of two by which deltas are raised until a tail exp(-margin) shows, and where a delta that shows none is truly 0. */
const TAIL_STEP = 120
const TAIL_END = 480
/** An array that is 0 after one of at least 2^-SAFE is truly 0: no layer shrinks that much. */
const SAFE = 60

/** What a pass found: the extent of every array that the plan scales. */
export interface PassExtents {
  /** [L+1], entry 0 unused. */
  readonly input: readonly (Extent | null)[]
  /** [L]. */
  readonly delta: readonly Extent[]
  /** [L] of the biases themselves, null without bias or when all are 0. */
  readonly bias: readonly (Extent | null)[]
  /** [L] what a layer's activation may have made 0 although it is not: its value, its slope. Absent: neither. */
  readonly faded?: readonly Faded[]
}

/** An argument was so far out that float32 may have no value, or no slope, of the activation there. */
export interface Faded {
  readonly value: boolean
  readonly slope: boolean
}

export interface Replanned {
  readonly plan: RangePlan
  /** The pass that was measured had every array in range: its numbers are right. */
  readonly settled: boolean
  /** [L] 1 where the pass lost the layer's input or delta to underflow or overflow. */
  readonly lost: Uint8Array
}

/**
 * The plan for the next pass after a pass with `plan` found `extents`; the same plan where it has settled.
 *
 * @param deltasOnly leaves activations as they are: norms do not carry powers of two.
 * @param tailed the loss's delta shrinks with exp(-margin): 0 may mean too small.
 */
export function replan(plan: RangePlan, extents: PassExtents, deltasOnly = false, tailed = false): Replanned {
  const outcome = planAfter(plan, extents, deltasOnly, tailed)
  const faded = fadedLayers(extents)
  return { ...outcome, lost: outcome.lost.map((lost, layer) => lost | faded[layer]) }
}

/** [L] 1 where the input or the delta is 0, and an activation that had no float32 for something may be why. */
function fadedLayers({ input, delta, faded }: PassExtents): Uint8Array {
  const lost = new Uint8Array(delta.length)
  if (faded === undefined) return lost
  // Behind a true zero all are true zeros.
  const after = (before: Signal, extent: Extent | null, mayFade: boolean): Signal => {
    if (extent === null || extent.largest > 0) return 'there'
    return before === 'faded' || (before === 'there' && mayFade) ? 'faded' : 'zero'
  }
  let forward: Signal = 'there'
  let backward: Signal = 'there'
  for (let l = 0; l < delta.length; l++) {
    if (l > 0) forward = after(forward, input[l], faded[l - 1].value)
    if (forward === 'faded') lost[l] = 1
    const above = delta.length - 1 - l
    backward = after(backward, delta[above], faded[above].slope)
    if (backward === 'faded') lost[above] = 1
  }
  return lost
}

type Signal = 'there' | 'zero' | 'faded'

function planAfter(plan: RangePlan, extents: PassExtents, deltasOnly: boolean, tailed: boolean): Replanned {
  const layerCount = plan.delta.length
  const [head, raised] = [extents.delta[layerCount - 1], plan.delta[layerCount - 1]]
  if (tailed && head.largest === 0 && raised < TAIL_END) {
    const delta = plan.delta.map((exponent) => exponent + TAIL_STEP)
    return { plan: { input: plan.input, delta }, settled: false, lost: new Uint8Array(layerCount).fill(1) }
  }
  const plain = [...plan.input, ...plan.delta].every((exponent) => exponent === 0)
  // Zeros are no objection: beside arrays of ordinary size they are true zeros (a dead layer, a perfect fit).
  const inputs = deltasOnly ? [] : extents.input
  const ordinary = [...inputs, ...extents.delta].every((extent) => extent === null || extent.largest === 0 || isNear(extent, COMFORT))
  if (plain && ordinary) return { plan, settled: true, lost: new Uint8Array(layerCount) }
  const forwards = Array.from({ length: layerCount }, (_, index) => index + 1)
  const backwards = Array.from({ length: layerCount }, (_, index) => layerCount - 1 - index)
  const input = deltasOnly
    ? { exponents: plan.input, settled: true, lost: new Uint8Array(layerCount) }
    : normalised(plan.input, extents.input, forwards, (index) => biasCap(extents.bias[index]))
  const delta = normalised(plan.delta, extents.delta, backwards, () => Number.POSITIVE_INFINITY)
  const lost = Uint8Array.from(plan.delta, (_, layer) => Math.max(input.lost[layer], delta.lost[layer]))
  const settled = !plain && input.settled && delta.settled
  return { plan: settled ? plan : { input: input.exponents, delta: delta.exponents }, settled, lost }
}

/** Layer l adds its bias times 2^exponent: that must stay far from overflow. */
function biasCap(bias: Extent | null | undefined): number {
  return bias === null || bias === undefined || bias.largest === 0 ? Number.POSITIVE_INFINITY : Math.min(126, SAFE - bias.exponent)
}

function isNear({ largest, exponent }: Extent, bound: number): boolean {
  return Number.isFinite(largest) && Math.abs(exponent) <= bound
}

/** Exponents that bring every array to size 1, in the order of the pass. */
function normalised(
  old: Int32Array,
  extents: readonly (Extent | null)[],
  order: readonly number[],
  capOf: (index: number) => number,
): { exponents: Int32Array; settled: boolean; lost: Uint8Array } {
  const exponents = old.slice()
  const lost = new Uint8Array(old.length)
  let settled = true
  // True binary size of the array before, its change from the one before that, and whether it was far from underflow.
  let size = 0
  let slope = 0
  let safe = true
  for (const index of order) {
    const extent = extents[index]!
    const { largest, exponent } = extent
    if (largest === 0 && safe) continue
    const seen = largest > 0 && Number.isFinite(largest)
    if (seen) {
      slope = Math.max(-SAFE, Math.min(SAFE, exponent - old[index] - size))
      size = exponent - old[index]
      safe = exponent > -SAFE
    } else {
      lost[index] = 1
      size += slope === 0 ? Math.sign(exponent) * COMFORT : slope
      safe = false
    }
    const wanted = seen && isNear(extent, NEAR_ONE) ? old[index] : -size
    exponents[index] = Math.min(capOf(index), wanted)
    if (exponents[index] !== old[index]) settled = false
  }
  return { exponents, settled, lost }
}
