// What may come in at the door of a trainer? A seed that is there, and a checkpoint of the same ensemble.
import { DomainFault, ShapeFault } from '../core/faults.ts'
import type { TrainerCheckpoint } from './trainer.ts'

/** @throws {DomainFault} when there is no such seed. */
export function checkSeedIndex(seedIndex: number, seedCount: number): void {
  if (!Number.isInteger(seedIndex) || seedIndex < 0 || seedIndex >= seedCount) {
    throw new DomainFault(`probe: seed index, got ${seedIndex}, expected 0 .. ${seedCount - 1}`)
  }
}

/** @throws {ShapeFault} when the checkpoint is of another number of seeds or weights. */
export function checkCheckpoint(
  { weights, slots }: Pick<TrainerCheckpoint, 'weights' | 'slots'>,
  seedCount: number,
  parameterCount: number,
): void {
  for (const { length } of [weights, slots]) {
    if (length !== seedCount) throw new ShapeFault(`restore: a checkpoint of ${length} seeds, expected ${seedCount}`)
  }
  for (const flat of [...weights, ...slots.flat()]) {
    if (flat.length !== parameterCount) throw new ShapeFault(`restore: an array of ${flat.length} numbers, expected ${parameterCount}`)
  }
}
