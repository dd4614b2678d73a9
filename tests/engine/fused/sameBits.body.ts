// Does the fused engine publish the same bits whatever nobody should see: tiles, cuts, companions, another run?
//
// Networks are small because SwiftShader compiles every kernel on two cores.
import { describe, expect, test, vi } from 'vitest'
import type { NoGpu, OpenedDevice } from '../../../src/engine/device.ts'
import type { FusedChoices } from '../../../src/engine/fused/fusedTrainer.ts'
import { fusedLayout } from '../../../src/engine/fused/layout.ts'
import { PassChoice } from '../../../src/engine/fused/passChoice.ts'
import { ResidentNetwork } from '../../../src/engine/fused/residentNetwork.ts'
import { biasExponentsOf } from '../../../src/engine/fused/slotExchange.ts'
import { readState } from '../../../src/engine/fused/stateReadback.ts'
import { legalTiles, wholeRowTiles } from '../../../src/engine/fused/tileChoice.ts'
import type { Trainer, TrainReport } from '../../../src/engine/trainer.ts'
import { optimizerOf } from '../reference/problems.ts'
import { deviceOfFile } from './deviceOfFile.ts'
import { batchesOf, problemOptions, withFused, type TrainingProblem } from './trainingFixture.ts'

/** One size of batch that is no multiple of the tile. */
const ROWS = 21
const SAMPLES = 40
const SMALL: TrainingProblem = { widths: [6, 9, 9, 4], activation: 'tanh', samples: SAMPLES }

const bitsOf = async (trainer: Trainer, report: TrainReport) => ({ losses: [...report.losses], checkpoint: await trainer.checkpoint() })

export function fusedSameBitsTests(open: () => Promise<OpenedDevice | NoGpu>): void {
  vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
  const held = deviceOfFile(open)

  describe('a fused trainer', () => {
    test('gives the same bits twice, and each seed those that it has alone', async () => {
      const problem: TrainingProblem = { ...SMALL, seeds: 3, optimizer: { kind: 'adam', lr: 0.01 } }
      const options = problemOptions(problem)
      const batches = batchesOf(6, ROWS, SAMPLES)
      const run = () => withFused(held.opened, options, async (trainer) => bitsOf(trainer, await trainer.train(batches)))
      const first = await run()
      expect(await run()).toEqual(first)
      const alone = await withFused(held.opened, { ...options, initialWeights: [options.initialWeights[1]] }, async (trainer) =>
        bitsOf(trainer, await trainer.train(batches)),
      )
      expect(alone.losses).toEqual(first.losses.filter((_, index) => index % 3 === 1))
      expect(alone.checkpoint.weights[0]).toEqual(first.checkpoint.weights[1])
    })

    test.each<[string, TrainingProblem]>([
      ['relu', { widths: [5, 8, 8, 3], activation: 'relu', loss: { kind: 'softmaxCrossEntropy', reduction: 'mean' } }],
      // Threads with whole rows take the sums over wide data in pieces, the last of them not full.
      ['tanh, data wider than a layer', { widths: [27, 8, 8, 3], activation: 'tanh', outputActivation: 'sigmoid' }],
    ])('gives the same bits with every tile: %s', { timeout: 180_000 }, async (_name, problem) => {
      const options = problemOptions({ ...problem, samples: SAMPLES })
      const batches = batchesOf(3, 35, SAMPLES)
      // Of each number of rows the fewest and the most threads.
      const layout = fusedLayout(options.spec)
      const legal = legalTiles(layout, held.opened.device.limits)
      const ofColumns = [4, 8, 16, 32].flatMap((rows) => [
        legal.find((tile) => tile.rows === rows)!,
        legal.findLast((tile) => tile.rows === rows)!,
      ])
      const lowest = [1, 2].map((rows) => legal.find((tile) => tile.rows === rows)!)
      const ofRows = wholeRowTiles(layout)
      expect(ofRows.map(({ rows }) => rows)).toEqual([64, 32, 16, 8])
      expect(new Set(ofColumns).size).toBe(8)
      let first: unknown = null
      const asked = problem.activation === 'relu' ? [...ofColumns, ...lowest, ofRows[0], ofRows[3]] : [ofColumns[0], ...ofRows.slice(1)]
      for (const tile of asked) {
        const bits = await withFused(held.opened, options, async (trainer) => bitsOf(trainer, await trainer.train(batches)), { tile })
        first ??= bits
        expect(bits, `tile ${tile.rows} x ${tile.rowsPerThread}${tile.wholeRows === true ? ', whole' : ''}`).toEqual(first)
      }
    })

    test('gives the same bits with a tile that it times itself', async () => {
      const options = { ...problemOptions({ ...SMALL, seeds: 2 }), batchRows: ROWS }
      const batches = batchesOf(3, ROWS, SAMPLES)
      const run = (choices?: FusedChoices) =>
        withFused(held.opened, options, async (trainer) => bitsOf(trainer, await trainer.train(batches)), choices)
      expect(await run({})).toEqual(await run())
    })

    test('gives the same bits when a step is cut into many submits', async () => {
      const { spec, dataset, initialWeights } = problemOptions({ ...SMALL, seeds: 3 })
      const [batch] = batchesOf(1, ROWS, SAMPLES)
      const network = new ResidentNetwork(held.opened, spec, dataset, initialWeights)
      const choice = new PassChoice(held.opened, network, { rows: 4, rowsPerThread: 4 })
      const seeds = [0, 1, 2]
      const run = async (parts: number) => {
        network.upload(initialWeights)
        const pass = await choice.create('adam', ROWS)
        try {
          pass.start(biasExponentsOf(spec, initialWeights), null, 0, new Int32Array(3).fill(-1))
          const submit = vi.spyOn(held.opened.device.queue, 'submit')
          const { losses } = await pass.run([batch], optimizerOf({ kind: 'adam', lr: 0.01 }), 0, parts)
          const submits = submit.mock.calls.length
          submit.mockRestore()
          return { submits, bits: { losses, state: await readState(held.opened, network, pass, 1, seeds) } }
        } finally {
          pass.destroy()
        }
      }
      try {
        const [whole, cut] = [await run(1), await run(12)]
        expect(whole.submits).toBe(1)
        // Of each seed its own; more of them where there are fewer cores.
        expect(cut.submits).toBeGreaterThanOrEqual(6)
        expect(cut.bits).toEqual(whole.bits)
      } finally {
        network.destroy()
      }
    })
  })
}
