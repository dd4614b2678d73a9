// Batches that no pass holds: in pieces they train to the bits of one whole pass, and refused is only what does not fit even so.
//
// The memory of the adapter is made small instead of the batch large.
import { describe, expect, test, vi } from 'vitest'
import type { LossSettings, OptimizerSettings } from '../../../src/core/experiment.ts'
import type { NoGpu, OpenedDevice } from '../../../src/engine/device.ts'
import { createFloat64Trainer } from '../../../src/engine/float64/float64Trainer.ts'
import { fusedMemory, type MemoryLimits } from '../../../src/engine/fused/fusedMemory.ts'
import { createFusedTrainer, type FusedChoices } from '../../../src/engine/fused/fusedTrainer.ts'
import type { KernelShape } from '../../../src/engine/fused/kernelShape.ts'
import { fusedLayout, fusedSpec } from '../../../src/engine/fused/layout.ts'
import { liveFusedBytes } from '../../../src/engine/fused/ownedBuffers.ts'
import { PassChoice } from '../../../src/engine/fused/passChoice.ts'
import { ResidentNetwork } from '../../../src/engine/fused/residentNetwork.ts'
import { biasExponentsOf } from '../../../src/engine/fused/slotExchange.ts'
import { readState } from '../../../src/engine/fused/stateReadback.ts'
import type { Trainer, TrainerOptions } from '../../../src/engine/trainer.ts'
import { relativeError } from '../reference/closeness.ts'
import { optimizerOf } from '../reference/problems.ts'
import { withBlocks } from './blocks.ts'
import { everyOther, type Extent } from './everyOther.ts'
import { deviceOfFile } from './deviceOfFile.ts'
import { batchesOf, problemOptions, stack, withFused, type TrainingProblem } from './trainingFixture.ts'

/** No multiple of the tile, and three pieces of 24 rows: the last of them has 22 and two of no weight. */
const ROWS = 70
const PIECE_ROWS = 24
const SAMPLES = 80
const TILE = { rows: 8, rowsPerThread: 4 }
const WHOLE_ROWS = { rows: 8, rowsPerThread: 2, wholeRows: true } as const
const SMALL: TrainingProblem = { widths: [6, 9, 9, 9, 4], activation: 'tanh', samples: SAMPLES, seeds: 2 }

/** Memory that holds pieces of `PIECE_ROWS` rows and not one tile more. */
function smallMemory({ spec, dataset, initialWeights, optimizer }: TrainerOptions, tile: KernelShape['tile'] = TILE): MemoryLimits {
  const shape: KernelShape = {
    layout: fusedLayout(fusedSpec(spec)),
    loss: spec.loss,
    batchRows: ROWS,
    pieceRows: PIECE_ROWS,
    seedCount: initialWeights.length,
    lanes: 'seeds',
    tile,
  }
  const { largestBuffer } = fusedMemory(shape, optimizer.kind, dataset.train.count + dataset.test.count)
  const more = fusedMemory({ ...shape, pieceRows: PIECE_ROWS + tile.rows }, optimizer.kind, dataset.train.count + dataset.test.count)
  expect(more.largestBuffer).toBeGreaterThan(largestBuffer)
  return { maxStorageBufferBindingSize: largestBuffer, maxBufferSize: largestBuffer }
}

/** The same training in one piece and in three, and the dispatches of each. */
async function both(
  opened: OpenedDevice,
  options: TrainerOptions,
  work: (trainer: Trainer) => Promise<unknown>,
  tile: KernelShape['tile'] = TILE,
): Promise<{ readonly whole: unknown; readonly inPieces: unknown; readonly dispatches: readonly number[] }> {
  const dispatch = vi.spyOn(GPUComputePassEncoder.prototype, 'dispatchWorkgroups')
  try {
    const counted = async (choices: FusedChoices): Promise<readonly [unknown, number]> => {
      dispatch.mockClear()
      const result = await withFused(opened, { ...options, batchRows: ROWS }, work, choices)
      return [result, dispatch.mock.calls.length]
    }
    const [whole, ofWhole] = await counted({ tile })
    const [inPieces, ofPieces] = await counted({ tile, memory: smallMemory(options, tile) })
    return { whole, inPieces, dispatches: [ofWhole, ofPieces] }
  } finally {
    dispatch.mockRestore()
  }
}

const trained = (batches: readonly Int32Array[]) => async (trainer: Trainer) => {
  const report = await trainer.train(batches, { layerNorms: true })
  const { layerNormsDuration: _, ...rest } = report
  return { report: { ...rest, losses: [...report.losses] }, checkpoint: await trainer.checkpoint() }
}

export function batchPieceTests(open: () => Promise<OpenedDevice | NoGpu>, extent: Extent = 'all'): void {
  vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
  const held = deviceOfFile(open)

  describe('a batch in pieces', () => {
    const settingsOfAll: readonly (readonly [OptimizerSettings['kind'], Partial<OptimizerSettings>, LossSettings['reduction']])[] = [
      ['sgd', { lr: 0.1 }, 'mean'],
      ['sgd', { lr: 0.002 }, 'sum'],
      ['momentum', { lr: 0.05, momentum: 0.9 }, 'mean'],
      ['momentum', { lr: 0.001, momentum: 0.9 }, 'sum'],
      ['adam', { lr: 0.01, beta1: 0.9, beta2: 0.99, eps: 1e-6 }, 'mean'],
      ['adam', { lr: 0.01, beta1: 0.9, beta2: 0.99, eps: 1e-6 }, 'sum'],
      ['nesterov', { lr: 0.05, momentum: 0.9 }, 'mean'],
      ['rmsprop', { lr: 0.01, decay: 0.9, eps: 1e-6 }, 'mean'],
      ['perturbed', { lr: 0.05, noise: 0.3 }, 'mean'],
    ]
    test.each(everyOther(settingsOfAll, extent))(
      'takes the steps of %s that one pass takes, bit for bit (%o, %s)',
      async (kind, settings, reduction) => {
        const loss: LossSettings = { kind: 'squaredError', reduction }
        const options = problemOptions({ ...SMALL, loss, optimizer: { kind, ...settings } })
        const batches = batchesOf(3, ROWS, SAMPLES)
        const { whole, inPieces, dispatches } = await both(held.opened, options, trained(batches))
        expect(dispatches).toEqual([6, 18])
        // All numbers are ordinary and the order of every sum is that of the batch, so nothing may differ.
        expect(inPieces).toEqual(whole)
        const reference = createFloat64Trainer(options)
        const expected = await reference.train(batches)
        const { report, checkpoint } = inPieces as Awaited<ReturnType<ReturnType<typeof trained>>>
        expect(relativeError(report.losses, expected.losses)).toBeLessThan(1e-5)
        // Rounding of weights over three steps; noise of perturbed descent is the same.
        for (const [seed, wanted] of (await reference.checkpoint()).weights.entries())
          expect(relativeError(checkpoint.weights[seed], wanted)).toBeLessThan(1e-5)
      },
    )

    test.each(['columns', 'whole rows'])('holds gradients of any size: pieces with exponents of their own (%s)', async (threads) => {
      const tile = threads === 'columns' ? TILE : WHOLE_ROWS
      const settings = { kind: 'adam', lr: 0.01, beta1: 0.9, beta2: 0.99, eps: 1e-130 } as const
      const options = problemOptions({
        widths: stack(120, 8),
        activation: 'identity',
        gain: 0.05,
        bias: false,
        samples: SAMPLES,
        optimizer: settings,
      })
      // Rows of different size, the large ones in the middle or at the end, so that sums change their exponent on the way.
      const { inputs } = options.dataset.train
      for (let i = 0; i < inputs.length; i++) inputs[i] = Math.fround(inputs[i] * (Math.floor(i / 8) % 30 === 0 ? 2 ** 40 : 2 ** -30))
      const { whole, inPieces, dispatches } = await both(held.opened, options, trained(batchesOf(1, ROWS, SAMPLES)), tile)
      expect(dispatches).toEqual([2, 6])
      const [one, other] = [whole, inPieces] as Awaited<ReturnType<ReturnType<typeof trained>>>[]
      expect(other.report.losses).toEqual(one.report.losses)
      const largest = (slot: Float64Array): number => slot.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
      expect(largest(one.checkpoint.slots[0][0].subarray(0, 64))).toBeLessThan(1e-60)
      for (const [index, slot] of other.checkpoint.slots[0].entries()) {
        for (let l = 0; l < 120; l++) {
          const ofLayer = (all: Float64Array): Float64Array => all.subarray(64 * l, 64 * (l + 1))
          // What is 2^-70 of the largest may be lost earlier.
          expect(relativeError(ofLayer(slot), ofLayer(one.checkpoint.slots[0][index]))).toBeLessThan(1e-6)
        }
      }
    })

    test('sums gammas, betas and what skips carry', async () => {
      const plain = problemOptions({ ...SMALL, seeds: 1, widths: stack(7, 6, 5, 3), optimizer: { kind: 'momentum', lr: 0.05 } })
      const spec = withBlocks(plain.spec, { norm: true, span: 2, placement: 'postAct' })
      const count = spec.layers.reduce((sum, l) => sum + l.fanIn * l.fanOut + l.fanOut + (l.norm === undefined ? 0 : 2 * l.fanOut), 0)
      const start = Float64Array.from({ length: count }, (_, i) => Math.fround(0.5 * Math.sin(1 + 3 * i)))
      const options = { ...plain, spec, initialWeights: [start] }
      const { whole, inPieces, dispatches } = await both(held.opened, options, trained(batchesOf(3, ROWS, SAMPLES)))
      expect(dispatches).toEqual([6, 18])
      expect(inPieces).toEqual(whole)
    })

    test('hands slots over to passes that hold a batch whole, and takes them back, from a checkpoint too', async () => {
      const options = problemOptions({ ...SMALL, optimizer: { kind: 'adam', lr: 0.01 } })
      const [first, small, last] = [batchesOf(2, ROWS, SAMPLES), batchesOf(2, 10, SAMPLES), batchesOf(1, ROWS, SAMPLES)]
      const work = async (trainer: Trainer) => {
        const losses = [...(await trainer.train([...first, ...small])).losses]
        const middle = await trainer.checkpoint()
        const end = await trained(last)(trainer)
        await trainer.restore(middle)
        expect(await trained(last)(trainer)).toEqual(end)
        trainer.setOptimizer(optimizerOf({ kind: 'sgd', lr: 0.01 }))
        return { losses, end, other: await trained(last)(trainer) }
      }
      const { whole, inPieces } = await both(held.opened, options, work)
      expect(inPieces).toEqual(whole)
    })

    test('takes a step back that leaves the finite numbers, and leaves the other seed its bits', async () => {
      const plain = problemOptions({ ...SMALL, activation: 'identity', optimizer: { kind: 'momentum', lr: 0.02 } })
      const wild = plain.initialWeights.map((start, seed) => (seed === 1 ? start.map((w) => Math.fround(40 * w)) : start))
      const { whole, inPieces } = await both(held.opened, { ...plain, initialWeights: wild }, trained(batchesOf(6, ROWS, SAMPLES)))
      expect((whole as Awaited<ReturnType<ReturnType<typeof trained>>>).report.diverged).toHaveLength(1)
      expect(inPieces).toEqual(whole)
    })

    test('gives the same bits when its pieces are cut into many submits, and twice', async () => {
      const options = problemOptions({ ...SMALL, optimizer: { kind: 'adam', lr: 0.01 } })
      const { spec, dataset, initialWeights } = options
      const [batch] = batchesOf(1, ROWS, SAMPLES)
      const network = new ResidentNetwork(held.opened, spec, dataset, initialWeights)
      const choice = new PassChoice(held.opened, network, TILE, smallMemory(options))
      const run = async (parts: number) => {
        network.upload(initialWeights)
        const pass = await choice.create('adam', ROWS)
        try {
          pass.start(biasExponentsOf(spec, initialWeights), null, 0, new Int32Array(2).fill(-1))
          const submit = vi.spyOn(held.opened.device.queue, 'submit')
          const { losses } = await pass.run([batch], optimizerOf({ kind: 'adam', lr: 0.01 }), 0, parts)
          const submits = submit.mock.calls.length
          submit.mockRestore()
          return { submits, bits: { losses, state: await readState(held.opened, network, pass, 1, [0, 1]) } }
        } finally {
          pass.destroy()
        }
      }
      try {
        const [uncut, again, cut] = [await run(1), await run(1), await run(20)]
        // One a piece, and the readback.
        expect(uncut.submits).toBe(4)
        expect(cut.submits).toBeGreaterThan(uncut.submits)
        expect(again.bits).toEqual(uncut.bits)
        expect(cut.bits).toEqual(uncut.bits)
      } finally {
        network.destroy()
      }
    })

    test('is refused in words where weights and one tile of rows do not fit', async () => {
      const options = problemOptions(SMALL)
      const memory = { maxStorageBufferBindingSize: 2000, maxBufferSize: 2000 }
      const before = liveFusedBytes()
      await expect(createFusedTrainer({ ...options, batchRows: ROWS }, held.opened, { memory })).rejects.toMatchObject({
        fault: { type: 'refused', detail: expect.stringContaining('narrower or shallower') as string },
      })
      expect(liveFusedBytes()).toBe(before)
    })
  })
}
