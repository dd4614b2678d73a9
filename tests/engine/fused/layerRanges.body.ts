// K1 in ranges of layers: a step that is cut between any two layers, of one tile, gives the bits of the uncut step.
import { describe, expect, test, vi } from 'vitest'
import { parameterCount, type DenseNetworkSpec } from '../../../src/core/networkSpec.ts'
import type { NoGpu, OpenedDevice } from '../../../src/engine/device.ts'
import type { Tile } from '../../../src/engine/fused/kernelShape.ts'
import { PassChoice } from '../../../src/engine/fused/passChoice.ts'
import { ResidentNetwork } from '../../../src/engine/fused/residentNetwork.ts'
import { partsOf } from '../../../src/engine/fused/layout.ts'
import { biasExponentsOf } from '../../../src/engine/fused/slotExchange.ts'
import { readState } from '../../../src/engine/fused/stateReadback.ts'
import { optimizerOf } from '../reference/problems.ts'
import { withBlocks, type Blocks } from './blocks.ts'
import { everyOther, type Extent } from './everyOther.ts'
import { deviceOfFile } from './deviceOfFile.ts'
import { batchesOf, problemOptions, stack, type TrainingProblem } from './trainingFixture.ts'

const COLUMNS: Tile = { rows: 8, rowsPerThread: 2 }
const WHOLE_ROWS: Tile = { rows: 8, rowsPerThread: 2, wholeRows: true }
const SOFTMAX = { kind: 'softmaxCrossEntropy', reduction: 'mean' } as const
const ADAM = optimizerOf({ kind: 'adam', lr: 0.01, eps: 1e-130 })
/** More than there are stations: a dispatch each. */
const EVERY_PLACE = 1000

/** Negative weights make infinity 0 behind a relu, and nothing later tells of it. Width 8: infinity times the zeros of padding would. */
const LEAVES = 'numbers that leave float32 and come back'

const CASES: readonly (readonly [string, TrainingProblem, Tile, Blocks | null])[] = [
  ['relus', { widths: stack(7, 6, 5, 3), activation: 'relu', gain: 2 }, COLUMNS, null],
  ['tanh of one row of threads', { widths: stack(7, 6, 5, 3), activation: 'tanh' }, { rows: 8, rowsPerThread: 8 }, null],
  // Every few layers a tile's exponent changes on the way there, and on the way back.
  ['signals that vanish', { widths: stack(60, 6), activation: 'tanh', gain: 0.01, bias: false }, COLUMNS, null],
  ['signals that explode', { widths: stack(40, 6), activation: 'identity', gain: 400, biasSize: 1 }, COLUMNS, null],
  [LEAVES, { widths: stack(9, 8), activation: 'relu', biasSize: 1 }, COLUMNS, null],
  ['a softmax of large outputs', { widths: stack(9, 6, 5, 3), activation: 'relu', gain: 20, loss: SOFTMAX }, COLUMNS, null],
  ['a softmax in whole rows', { widths: stack(9, 6, 5, 3), activation: 'relu', gain: 20, loss: SOFTMAX }, WHOLE_ROWS, null],
  ['relus in whole rows', { widths: stack(7, 6, 5, 3), activation: 'relu', gain: 2 }, WHOLE_ROWS, null],
  ['tanh in whole rows, vanishing', { widths: stack(60, 6), activation: 'tanh', gain: 0.01 }, WHOLE_ROWS, null],
  ['a loss that is no number, in whole rows', { widths: stack(9, 6), activation: 'relu', gain: 1e38 }, WHOLE_ROWS, null],
  ['layer norm', { widths: stack(8, 6, 5, 3), activation: 'tanh' }, COLUMNS, { norm: true, span: 0 }],
  ['skips behind relus', { widths: stack(8, 6, 5, 3), activation: 'relu' }, COLUMNS, { norm: false, span: 2, placement: 'postAct' }],
  [
    'skips of vanishing branches',
    { widths: stack(31, 6), activation: 'tanh', gain: 0.01, bias: false },
    COLUMNS,
    { norm: false, span: 3, placement: 'preAct', scale: 1e-3 },
  ],
  ['layer norm and skips', { widths: stack(9, 6, 5, 3), activation: 'swish' }, COLUMNS, { norm: true, span: 3, placement: 'preAct' }],
]

function startOf(spec: DenseNetworkSpec): Float64Array {
  return Float64Array.from({ length: parameterCount(spec) }, (_, i) => Math.fround(0.5 * Math.sin(1 + 3 * i)))
}

/** Positive weights, but for the layer behind those of 3e38. */
function leaving(spec: DenseNetworkSpec, start: Float64Array): Float64Array {
  const weights = start.map(Math.abs)
  for (const { layer, part, start: first, end } of partsOf(spec)) {
    if (part === 0 && (layer === 3 || layer === 4)) weights.fill(layer === 3 ? Math.fround(3e38) : -1, first, end)
  }
  return weights
}

export function layerRangeTests(open: () => Promise<OpenedDevice | NoGpu>, extent: Extent = 'all'): void {
  vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
  const held = deviceOfFile(open)

  describe('a step in ranges of layers', () => {
    test.each(everyOther(CASES, extent))(
      'gives the bits of the uncut step, cut into many dispatches: %s',
      async (name, problem, tile, blocks) => {
        const plain = problemOptions({ ...problem, samples: 12 })
        const spec = blocks === null ? plain.spec : withBlocks(plain.spec, blocks)
        const [given] = plain.initialWeights
        const start = blocks?.norm === true ? startOf(spec) : name === LEAVES ? leaving(spec, given) : given
        const network = new ResidentNetwork(held.opened, spec, plain.dataset, [start])
        const choice = new PassChoice(held.opened, network, tile)
        // One tile, not full, so that nothing but layers can be cut.
        const batches = batchesOf(2, 7, 12)
        const run = async (parts: number) => {
          network.upload([start])
          const pass = await choice.create('adam', 7)
          try {
            pass.start(biasExponentsOf(spec, [start]), null, 0, new Int32Array(1).fill(-1))
            const dispatch = vi.spyOn(GPUComputePassEncoder.prototype, 'dispatchWorkgroups')
            const bits: unknown[] = []
            for (const [updates, batch] of batches.entries()) {
              const { losses, finite, norms } = await pass.run([batch], ADAM, updates, parts, null, true)
              const state = await readState(held.opened, network, pass, updates + 1, [0])
              // As bits: what left float32 has no value to compare.
              bits.push({ losses, finite, norms: new Uint32Array(norms!.buffer), state })
            }
            const dispatches = dispatch.mock.calls.length
            dispatch.mockRestore()
            return { dispatches, bits }
          } finally {
            pass.destroy()
          }
        }
        try {
          const whole = await run(1)
          if (name === LEAVES)
            expect(whole.bits).toEqual([expect.objectContaining({ losses: Float64Array.of(Infinity) }), expect.anything()])
          expect(whole.dispatches).toBe(4)
          for (const parts of [3, 8, EVERY_PLACE]) {
            const cut = await run(parts)
            expect(cut.dispatches).toBeGreaterThanOrEqual(parts === EVERY_PLACE ? 4 * spec.layers.length + 4 : 6)
            expect(cut.bits, `${parts} parts`).toEqual(whole.bits)
          }
        } finally {
          network.destroy()
        }
      },
    )
  })
}
