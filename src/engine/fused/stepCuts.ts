// How is a step that would take longer than 50 ms handed to the GPU?
//
// K1's tiles and K2's layers do not depend on each other, nor do seeds: a long step becomes several short dispatches,
// each in a submit of its own, and gives the same bits. Where tiles and seeds are too few, K1 goes through ranges of layers as well. Cut only after a step was measured, or where a graphics chip
// would surely be too slow: an ordinary step stays two dispatches in one submit.
import { tileCount, type KernelShape } from './kernelShape.ts'
import { stationCount } from './layerRangesWgsl.ts'
import type { FusedPass } from './pass.ts'
import type { StepNumbers } from './stepParameters.ts'

/** One dispatch of a cut step: `first` and `count` are tiles of K1 or layers of K2. */
export interface StepCut {
  readonly kernel: 'forwardBackward' | 'update'
  readonly first: number
  readonly count: number
  readonly firstSeed: number
  readonly seeds: number
  /** Stations of K1 (`layerRangesWgsl.ts`), absent: all of them. */
  readonly stations?: readonly [from: number, until: number]
}

/** Dispatches a step: 50 s of them. */
const MOST_CUTS = 1000

/**
 * The dispatches of one step in about `parts` equal pieces.
 *
 * @param parts 1 leaves two whole dispatches.
 * @param atOnce workgroups that the adapter computes side by side: no dispatch has fewer, or cores would wait for each other.
 */
export function stepCuts(shape: KernelShape, parts: number, atOnce = 1): StepCut[] {
  const ofEach = Math.min(MOST_CUTS / 2, Math.max(1, Math.ceil(parts * 0.75)))
  return [
    ...inRanges(shape, cutsOf(shape, 'forwardBackward', tileCount(shape), ofEach, atOnce), ofEach),
    ...cutsOf(shape, 'update', shape.layout.layerCount, ofEach, atOnce),
  ]
}

function cutsOf(shape: KernelShape, kernel: StepCut['kernel'], length: number, parts: number, atOnce: number): StepCut[] {
  const seedParts = Math.min(parts, shape.seedCount)
  const seeds = Math.ceil(shape.seedCount / seedParts)
  const fewest = Math.ceil(atOnce / seeds)
  const count = fewest * Math.ceil(length / Math.min(length, Math.floor(parts / seedParts)) / fewest)
  const cuts: StepCut[] = []
  for (let firstSeed = 0; firstSeed < shape.seedCount; firstSeed += seeds) {
    for (let first = 0; first < length; first += count) {
      cuts.push({ kernel, first, count: Math.min(count, length - first), firstSeed, seeds: Math.min(seeds, shape.seedCount - firstSeed) })
    }
  }
  return cuts
}

/** Equal ranges of every cut where there are fewer cuts than wanted. */
function inRanges(shape: KernelShape, cuts: readonly StepCut[], wanted: number): StepCut[] {
  const stations = stationCount(shape)
  const ranges = Math.min(stations, Math.ceil(wanted / cuts.length), Math.floor(MOST_CUTS / 2 / cuts.length))
  if (ranges <= 1) return [...cuts]
  return cuts.flatMap((cut) =>
    Array.from({ length: ranges }, (_, i): StepCut => {
      const edge = (at: number): number => Math.round((at * stations) / ranges)
      return { ...cut, stations: [edge(i), edge(i + 1)] }
    }),
  )
}

/** The step numbers that a cut needs. */
export function numbersOf(cut: StepCut, step: StepNumbers): StepNumbers {
  const first = cut.kernel === 'forwardBackward' ? { firstTile: cut.first } : { firstLayer: cut.first }
  const range = cut.stations === undefined ? {} : { stations: cut.stations }
  return { ...step, ...first, ...range, firstSeed: cut.firstSeed }
}

/** Encodes a cut whose numbers lie in slice `slice`. */
export function encodeCut(pass: FusedPass, encoder: GPUComputePassEncoder, cut: StepCut, slice: number): void {
  if (cut.stations !== undefined) pass.encodeRange(encoder, slice, cut.count, cut.seeds)
  else if (cut.kernel === 'forwardBackward') pass.encodeForwardBackward(encoder, slice, cut.count, cut.seeds)
  else pass.encodeUpdate(encoder, slice, cut.count, cut.seeds)
}
