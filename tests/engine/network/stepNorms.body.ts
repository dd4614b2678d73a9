// Do the steps of the network engine tell the norms of their own gradient, and stay what they are?
//
// The probe sums the same float32 gradients in another order: a few roundings. Where it chooses powers of two of its own, its passes
// differ in the last bits as well.
import { dispose, tensor1d } from '@tensorflow/tfjs-core'
import { describe, expect, test, vi } from 'vitest'
import { optimizerSchema } from '../../../src/core/experiment.ts'
import { networkWidths, parameterCount, type NetworkSpec } from '../../../src/core/networkSpec.ts'
import type { NoGpu, OpenedDevice } from '../../../src/engine/device.ts'
import { layerInfo } from '../../../src/engine/layerInfo.ts'
import { gradientBanks } from '../../../src/engine/network/gradientBanks.ts'
import { flatOrder } from '../../../src/engine/network/layerTensors.ts'
import { tensorsOf } from '../../../src/engine/network/layout.ts'
import { createNetworkTrainer } from '../../../src/engine/network/networkTrainer.ts'
import { readPacked } from '../../../src/engine/network/readback.ts'
import { StepNormRuns, StepNorms } from '../../../src/engine/network/stepNorms.ts'
import { tfjsMemory } from '../../../src/engine/tfjsBackend.ts'
import type { Trainer, TrainerOptions } from '../../../src/engine/trainer.ts'
import { conv, dense, norm, pool, skip, withHead } from '../reference/layers.ts'
import { denseSpec, normals, randomDataset } from '../reference/problems.ts'
import { expectSameNorms, expectSameTraining, expectStepNorms } from '../stepNorms.ts'
import { leaseOfFile } from './leaseOfFile.ts'
import { batchesOf, optionsInFloat32 } from './setup.ts'

const CLOSE = 1e-5
const COUNT = 20
const ROWS = 7
const KINDS = optimizerSchema.entries.kind.options

const NETWORKS: Readonly<Record<string, NetworkSpec>> = {
  // More than one run a tensor, and more tensors than one dispatch takes.
  'a wide dense stack': denseSpec([50, 90, 60, 5, 6, 3], { loss: { kind: 'softmaxCrossEntropy', reduction: 'sum' } }),
  'no biases': denseSpec([4, 6, 3], { bias: false, activation: 'relu' }),
  'convolutions, a pool and batch norm': withHead([
    conv(1, 3, 4, { norm: norm('batch'), bias: false }),
    pool('average', 3, 4),
    conv(3, 2, 2),
  ]),
  'layer norm and skips': withHead([
    dense(3, 4, { norm: norm('layer') }),
    dense(4, 4, { norm: norm('layer'), skip: skip(1, 'postAct') }),
    dense(4, 4, { skip: skip(1, 'preAct') }),
  ]),
}

function optionsOf(spec: NetworkSpec, optimizer: Partial<TrainerOptions['optimizer']> = {}, seeds = 2, gain = 0.4): TrainerOptions {
  const { inputWidth, outputWidth } = networkWidths(spec)
  const starts = Array.from({ length: seeds }, (_, seed) => normals(parameterCount(spec), `start ${seed}`, gain))
  return { ...optionsInFloat32(spec, randomDataset(COUNT, inputWidth, outputWidth, spec.loss.kind), starts, optimizer), noiseSeed: 3 }
}

export function networkStepNormTests(open: () => Promise<OpenedDevice | NoGpu>): void {
  vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
  const held = leaseOfFile(open)

  async function withNetwork(options: TrainerOptions, work: (trainer: Trainer) => Promise<void>): Promise<void> {
    const before = tfjsMemory().tensorCount
    const trainer = await createNetworkTrainer(options, held.opened)
    try {
      await work(trainer)
    } finally {
      await trainer.dispose()
    }
    expect(tfjsMemory().tensorCount).toBe(before)
  }

  describe('a step of the network engine', () => {
    test.each(Object.entries(NETWORKS))('with %s tells the norms that the probe measures on its batch', async (_, spec) => {
      await withNetwork(optionsOf(spec, { kind: 'momentum', lr: 0.003 }), async (trainer) => {
        const batches = batchesOf(3, ROWS, COUNT)
        await expectStepNorms(trainer, batches.slice(0, 1), CLOSE)
        // Of several steps the first is told.
        await expectStepNorms(trainer, batches.slice(1), CLOSE)
      })
    })

    test.each(KINDS)('under %s tells the gradient and not the update, and trains to the same bits', async (kind) => {
      const options = optionsOf(NETWORKS['no biases'], { kind, lr: 0.01, noise: 3 })
      const batches = batchesOf(5, ROWS, COUNT)
      await withNetwork(options, async (trainer) => {
        await expectStepNorms(trainer, batches.slice(0, 1), CLOSE)
        await withNetwork(options, async (plain) => {
          await plain.train(batches.slice(0, 1))
          await expectSameTraining(trainer, plain, [batches.slice(1, 2), batches.slice(2)])
        })
      })
    })

    test('asks the probe where float32 has lost the gradient', async () => {
      // Forty layers of gain 0.05: 1e-50 at the first.
      const deep = denseSpec([3, ...Array.from({ length: 40 }, () => 4), 2], { bias: false })
      const options = optionsOf(deep, {}, 1)
      const start = normals(parameterCount(deep), 'vanishing', 0.025).map(Math.fround)
      await withNetwork({ ...options, initialWeights: [start, options.initialWeights[0]] }, async (trainer) => {
        const [vanishing] = await expectStepNorms(trainer, batchesOf(2, ROWS, COUNT), CLOSE)
        expect(Math.min(...vanishing.exponent)).toBeLessThan(-149)
      })
    })

    test('tells the norms before the first update of a chunk that is taken back, and none of a diverged seed', async () => {
      const options = optionsOf(NETWORKS['no biases'], { kind: 'sgd', lr: 1e30 })
      const batches = batchesOf(4, ROWS, COUNT)
      await withNetwork(options, async (trainer) => {
        const wanted = await trainer.probe(1).gradientNorms({ indices: batches[0], from: 'train' })
        const { diverged, layerNorms } = await trainer.train(batches.slice(0, 3), { layerNorms: true })
        expect(diverged.map(({ seedIndex }) => seedIndex)).toContain(1)
        expectSameNorms(layerNorms![1], wanted, CLOSE)
        const after = await trainer.train(batches.slice(3), { layerNorms: true })
        expect([...after.layerNorms![1].mantissa].every(Number.isNaN)).toBe(true)
      })
    })

    test('costs one dispatch, however many layers there are', async () => {
      const deep = denseSpec([3, ...Array.from({ length: 20 }, () => 4), 2])
      await withNetwork(optionsOf(deep), async (trainer) => {
        const batches = batchesOf(1, ROWS, COUNT)
        const dispatch = vi.spyOn(GPUComputePassEncoder.prototype, 'dispatchWorkgroups')
        const map = vi.spyOn(GPUBuffer.prototype, 'mapAsync')
        const counted = async (layerNorms: boolean): Promise<readonly [number, number]> => {
          dispatch.mockClear()
          map.mockClear()
          await trainer.train(batches, { layerNorms })
          return [dispatch.mock.calls.length, map.mock.calls.length]
        }
        try {
          await counted(false)
          const [plain, plainMaps] = await counted(false)
          const [wishing, maps] = await counted(true)
          expect([wishing - plain, maps]).toEqual([1, plainMaps])
        } finally {
          dispatch.mockRestore()
          map.mockRestore()
        }
      })
    })

    // A bank of the trainer holds 4 million numbers: cut far smaller here.
    test.each([1, 60, 700, 1e6])('sums banks of at most %d numbers like one', async (limit) => {
      const spec = NETWORKS['convolutions, a pool and batch norm']
      const seeds = 3
      const gradients = Array.from({ length: seeds }, (_, seed) => normals(parameterCount(spec), `gradient ${seed}`).map(Math.fround))
      const layers = tensorsOf(spec, gradients)
      const flat = await readPacked(held.opened, flatOrder(layers))
      const banks = gradientBanks(layers, limit)
      const runs = new StepNormRuns(spec, banks, seeds)
      const norms = new StepNorms(runs)
      let first = 0
      for (const { layers: inBank, size } of banks) {
        const count = inBank.reduce((sum, { parts }) => sum + parts.length, 0)
        const values = Float32Array.from(flat.slice(first, first + count).flatMap((part) => [...part]))
        first += count
        expect(values).toHaveLength(size)
        const tensor = tensor1d(values)
        norms.add(tensor)
        tensor.dispose()
      }
      const [sums] = await readPacked(held.opened, [norms.sums])
      for (const [seed, told] of norms.normsOf(sums).entries()) {
        for (const [layer, { offset, size }] of layerInfo(spec).entries()) {
          const own = gradients[seed].subarray(offset, offset + size)
          const norm = Math.hypot(...own)
          expect(Math.abs(told!.mantissa[layer] * 2 ** told!.exponent[layer] - norm)).toBeLessThan(CLOSE * norm)
          const mean = own.reduce((sum, g) => sum + Math.abs(g), 0) / size
          expect(Math.abs(told!.meanAbsMantissa[layer] - mean)).toBeLessThan(CLOSE * mean)
        }
      }
      expect(banks.length > 1).toBe(limit < parameterCount(spec) * seeds)
      runs.dispose()
      dispose([...flatOrder(layers), norms.sums])
    })
  })
}
