// What is not arithmetic in a fused step? The JavaScript that drives it, and the watch on the range of its numbers.
//
// The plain kernels need a device of their own, because compiled kernels are kept per device.
import { openDevice, type OpenedDevice } from '../../engine/device.ts'
import { createFusedTrainer } from '../../engine/fused/fusedTrainer.ts'
import type { Tile } from '../../engine/fused/kernelShape.ts'
import { fusedSpec } from '../../engine/fused/layout.ts'
import { PassChoice } from '../../engine/fused/passChoice.ts'
import { ResidentNetwork } from '../../engine/fused/residentNetwork.ts'
import { biasExponentsOf } from '../../engine/fused/slotExchange.ts'
import type { BenchTable, Cell } from './benchTable.ts'
import { exactly, figureOf, ratioOf } from './figures.ts'
import { withPlainKernels } from './plainKernels.ts'
import type { BenchContext } from './section.ts'
import { stackProblem, type StackShape } from './stackProblem.ts'
import { scriptTime } from './scriptTime.ts'
import { interleaved, wall } from './timing.ts'

const DEEP: StackShape = { depth: 128, width: 32, batch: 128, activation: 'relu' }
const WIDE: StackShape = { depth: 32, width: 100, batch: 128, activation: 'relu' }
/** Tiles must be the same on both sides; these are legal for every shape here. */
const TILE: Tile = { rows: 16, rowsPerThread: 8 }
/** Of the K1 that a software adapter gets. */
const SOFTWARE_TILE: Tile = { rows: 32, rowsPerThread: 8, wholeRows: true }
/** Steps of one submit: the most that a chunk holds. */
const CHUNK = 64
const CALLS_PER_ROUND = 5
const WARMING_CALLS = 5
/** The JS of a step does not know the depth; a shallow network spares a slow adapter the work of a whole chunk. */
const SHALLOW: StackShape = { depth: 4, width: 8, batch: 128, activation: 'relu' }

/** JS time per step, of a single one and amortised over a chunk. */
export async function jsTimeTable({ options }: BenchContext, gpu: OpenedDevice): Promise<BenchTable> {
  const rows: Cell[][] = []
  for (const [shape, chunk] of [
    [SHALLOW, 1],
    [SHALLOW, CHUNK],
    [DEEP, 1],
  ] as const) {
    const { options: trainerOptions, indices } = stackProblem(shape)
    const { dataset, initialWeights, optimizer } = trainerOptions
    const spec = fusedSpec(trainerOptions.spec)
    // Below the trainer, which would follow its clock and on a busy machine take a step at a time.
    const network = new ResidentNetwork(gpu, spec, dataset, initialWeights)
    const pass = await new PassChoice(gpu, network, TILE).create(optimizer.kind, indices.length)
    try {
      pass.start(biasExponentsOf(spec, initialWeights), null, 0, new Int32Array(initialWeights.length).fill(-1))
      const batches = Array.from({ length: chunk }, () => indices)
      const run = () => pass.run(batches, optimizer, 0, 1)
      for (let call = 0; call < WARMING_CALLS; call++) await run()
      const times: number[] = []
      for (let round = 0; round < CALLS_PER_ROUND * options.pairs; round++) times.push((await scriptTime(run)) / chunk)
      rows.push([`${shape.depth} x ${shape.width}`, exactly(chunk, 'count'), figureOf(times, 'ms'), chunk === 1 ? '' : 'at most 0.1 ms'])
    } finally {
      pass.destroy()
      network.destroy()
    }
  }
  return {
    title: 'What JavaScript costs a fused step',
    columns: ['layers x width', 'steps a submit', 'JS per step', 'promised'],
    rows,
    notes: [
      'From the call until nothing is left to do but wait for the GPU, and from its answer to the losses. JS does not know the depth.',
    ],
  }
}

/** The same kernels with and without extended range, on networks that need no rescaling. */
export async function rangeCostTable({ options }: BenchContext, gpu: OpenedDevice): Promise<BenchTable> {
  const columns = ['layers x width', 'plain', 'extended range', 'ratio', 'promised', 'losses']
  const title = 'What the extended range costs a step'
  const second = await openDevice()
  if (second.type === 'noGpu') return { title, columns, rows: [], notes: [`No second device for the plain kernels: ${second.reason}`] }
  const rows: Cell[][] = []
  const tile = gpu.software ? SOFTWARE_TILE : TILE
  for (const shape of [DEEP, WIDE]) {
    const { options: trainerOptions, indices } = stackProblem(shape)
    const extended = await createFusedTrainer(trainerOptions, gpu, { tile })
    const plain = await createFusedTrainer(trainerOptions, second, { tile })
    try {
      const first = await extended.train([indices])
      const { result, changed } = await withPlainKernels(second.device, () => plain.train([indices]))
      if (changed === 0)
        return {
          title,
          columns,
          rows: [],
          notes: ['The kernels no longer watch their sizes where this benchmark expects it: not measured.'],
        }
      const cases = [plain, extended].map((trainer) => ({ name: '', run: () => wall(() => trainer.train([indices])) }))
      const [without, withRange] = await interleaved(cases, options.pairs)
      rows.push([
        `${shape.depth} x ${shape.width}`,
        figureOf(without, 'ms'),
        figureOf(withRange, 'ms'),
        ratioOf(withRange, without),
        'at most 1.5',
        result.losses[0] === first.losses[0]
          ? 'the same bits'
          : `differ by ${Math.abs(result.losses[0] / first.losses[0] - 1).toExponential(1)}`,
      ])
    } finally {
      await extended.dispose()
      await plain.dispose()
    }
  }
  second.device.destroy()
  return { title, columns, rows, notes: [`Both with tiles of ${tile.rows} rows; "plain" is the same WGSL in which no size is ever noted.`] }
}
