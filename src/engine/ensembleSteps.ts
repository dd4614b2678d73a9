// How does an ensemble train on when one of its seeds leaves the finite numbers? The same way on both engines of WebGPU.
//
// Seeds do not touch each other, so a chunk in which one of them diverged is taken back and replayed without it, and the
// others get the bits that they would have had.
import type { Milliseconds } from '../core/units.ts'
import type { TrainReport } from './trainer.ts'
import { unknownNorms } from './blankNorms.ts'

/** The share of the norms in a report. */
export type ToldNorms = Required<Pick<TrainReport, 'layerNorms' | 'layerNormsDuration'>>

/** What a chunk of steps left. */
export interface ChunkOutcome {
  /** [steps, seeds] reduced. */
  readonly losses: Float64Array
  /** [seeds] 0 where a weight is not finite. */
  readonly finite: Uint8Array
  /** Where norms of the first batch were asked for; also of a chunk that is taken back, for they belong to the weights before it. */
  readonly told: ToldNorms | null
}

/** What an engine does with its seeds. */
export interface SteppedEnsemble<Outcome extends ChunkOutcome> {
  /** [seeds] step at which the seed diverged, -1 while it lives. */
  readonly divergedAt: Int32Array
  /** Updates done so far. */
  readonly step: number
  /** The next batches that go together, at least one. */
  chunkAt(batches: readonly Int32Array[], start: number): Promise<readonly Int32Array[]>
  /** Runs these steps from the present state on; `keep` or `takeBack` follows. */
  run(chunk: readonly Int32Array[], wantsNorms: boolean): Promise<Outcome>
  /** How long a chunk took; not told of replays. */
  record(steps: number, duration: Milliseconds): void
  keep(outcome: Outcome, steps: number): void
  takeBack(outcome: Outcome): void
  /** These seeds diverged at the present step; updates pass them over from now on. */
  freeze(seeds: readonly number[]): void
  /** Counts steps that nobody is left to train, so that the arms stay in step. */
  passOver(steps: number): void
}

/** One update of all living seeds per batch; a diverged seed is frozen before its first bad update. */
export async function trainSteps<Outcome extends ChunkOutcome>(
  ensemble: SteppedEnsemble<Outcome>,
  batches: readonly Int32Array[],
  layerCount: number,
  wantsNorms: boolean,
): Promise<TrainReport> {
  const { divergedAt } = ensemble
  const seedCount = divergedAt.length
  const losses = new Float64Array(batches.length * seedCount).fill(Number.NaN)
  const diverged: { seedIndex: number; step: number }[] = []
  let told: ToldNorms | null = null

  const keepLosses = (outcome: ChunkOutcome, done: number): void => {
    for (const [at, loss] of outcome.losses.entries()) if (divergedAt[at % seedCount] < 0) losses[done * seedCount + at] = loss
  }
  /** The same steps one by one until a seed diverges, which the others then do without it; the number of steps done. */
  const replay = async (chunk: readonly Int32Array[], done: number): Promise<number> => {
    for (const [index, batch] of chunk.entries()) {
      const outcome = await ensemble.run([batch], false)
      keepLosses(outcome, done + index)
      const bad = badSeeds(outcome, divergedAt)
      if (bad.length === 0) {
        ensemble.keep(outcome, 1)
        continue
      }
      ensemble.takeBack(outcome)
      for (const seedIndex of bad) diverged.push({ seedIndex, step: ensemble.step })
      ensemble.freeze(bad)
      if (divergedAt.includes(-1)) ensemble.keep(await ensemble.run([batch], false), 1)
      else ensemble.passOver(1)
      return index + 1
    }
    return chunk.length
  }

  let done = 0
  while (done < batches.length && divergedAt.includes(-1)) {
    const chunk = await ensemble.chunkAt(batches, done)
    const start = performance.now()
    const outcome = await ensemble.run(chunk, wantsNorms && done === 0)
    ensemble.record(chunk.length, performance.now() - start)
    told = outcome.told ?? told
    if (badSeeds(outcome, divergedAt).length === 0) {
      keepLosses(outcome, done)
      ensemble.keep(outcome, chunk.length)
      done += chunk.length
    } else {
      ensemble.takeBack(outcome)
      done += await replay(chunk, done)
    }
  }
  ensemble.passOver(batches.length - done)
  if (!wantsNorms || batches.length === 0) return { losses, diverged }
  return { losses, diverged, ...(told ?? { layerNorms: Array.from(divergedAt, () => unknownNorms(layerCount)), layerNormsDuration: 0 }) }
}

/** Living seeds with a non-finite loss or weight. */
function badSeeds({ losses, finite }: ChunkOutcome, divergedAt: Int32Array): number[] {
  return [...divergedAt.keys()].filter((seed) => {
    if (divergedAt[seed] >= 0) return false
    if (finite[seed] === 0) return true
    for (let at = seed; at < losses.length; at += divergedAt.length) if (!Number.isFinite(losses[at])) return true
    return false
  })
}
