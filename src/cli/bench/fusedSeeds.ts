// What does an ensemble cost on the fused engine? Seeds ride in the grid, so sixteen should take far less than sixteen times one.
import type { OpenedDevice } from '../../engine/device.ts'
import { createFusedTrainer } from '../../engine/fused/fusedTrainer.ts'
import type { Trainer } from '../../engine/trainer.ts'
import type { BenchTable, Cell } from './benchTable.ts'
import { figureOf, ratioOf } from './figures.ts'
import type { BenchContext } from './section.ts'
import { stackProblem } from './stackProblem.ts'
import { interleaved, wall } from './timing.ts'

const SEEDS = [1, 2, 4, 8, 16]
const SHAPE = { depth: 128, width: 32, batch: 128, activation: 'relu' } as const

/** Step time of 1 to 16 seeds of a 128 x 32 network. */
export async function fusedSeedsTable({ options }: BenchContext, gpu: OpenedDevice): Promise<BenchTable> {
  const trainers: Trainer[] = []
  try {
    for (const seeds of SEEDS) trainers.push(await createFusedTrainer(stackProblem(SHAPE, seeds).options, gpu))
    const { indices } = stackProblem(SHAPE)
    const cases = trainers.map((trainer) => ({ name: `${trainer.seedCount}`, run: () => wall(() => trainer.train([indices])) }))
    const times = await interleaved(cases, options.pairs)
    const rows = SEEDS.map((seeds, k): Cell[] => [
      String(seeds),
      figureOf(times[k], 'ms'),
      ratioOf(times[k], times[0]),
      ratioOf(
        times[k].map((time) => time / seeds),
        times[0],
      ),
    ])
    return {
      title: 'Seeds of a 128 x 32 network in one step',
      columns: ['seeds', 'step', 'against one seed', 'per seed'],
      rows,
      notes: ['Two cores that compute as a software adapter are full with one seed; a graphics card is not.'],
    }
  } finally {
    for (const trainer of trainers) await trainer.dispose()
  }
}
