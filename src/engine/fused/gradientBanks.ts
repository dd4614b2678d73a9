// Where do the gradients of many batches lie while their inner products are taken?
//
// In banks of bounded size on the GPU, filled by passes that carry several batches at once; the reduction of the loss is
// linear, so the passes leave it out and the products bring it in, and batches of different sizes ride together.
import type { SampleSet } from '../../core/probe.ts'
import { binaryExponent, type ScaledNumber } from '../../numerics/logMagnitude.ts'
import { splitOf } from '../sampleRows.ts'
import { gradientOn, scaleBlock } from './gradientMeasures.ts'
import { dotGradientsWgsl, dotParts, STORE_QUADS, storeGradientsWgsl } from './gradientPairsKernel.ts'
import { packParameters } from './layout.ts'
import { padded, stepOf, totalBytes, type MeasuringPasses } from './measuringPasses.ts'
import { OwnedBuffers } from './ownedBuffers.ts'
import { passSizes } from './pass.ts'
import { submitAndRead } from './readback.ts'
import { cutGrid } from './workPieces.ts'

const MOST_LANES = 16

/** Two banks of gradients. */
export interface Banks {
  /** Gradients that bank 0 holds; bank 1 holds half of them. */
  readonly slots: number
  /** Gradients of these batches into a bank, from its first slot on. */
  fill(bank: 0 | 1, batches: readonly SampleSet[], signal?: AbortSignal): Promise<void>
  /** Inner products of pairs of slots, with the reduction of the loss. */
  dots(first: 0 | 1, second: 0 | 1, pairs: readonly (readonly [number, number])[], signal?: AbortSignal): Promise<ScaledNumber[]>
  destroy(): void
}

/** Banks for these batches, as many of them as fit; compiles what is missing. */
export async function prepareBanks(passes: MeasuringPasses, batches: readonly SampleSet[]): Promise<Banks> {
  const { opened, layout, spec, dataset, probeCount } = passes.context
  const { device } = opened
  for (const set of batches) splitOf(dataset, probeCount, set)
  const rows = Math.max(...batches.map(({ indices }) => indices.length))
  const fits = rows <= passes.rowsInMemory()
  const gradientBytes = 16 * layout.seedQuads
  const bound = Math.min(passes.budget.bytes, device.limits.maxStorageBufferBindingSize)
  const slots = Math.max(2, Math.min(batches.length, Math.floor(bound / gradientBytes)))
  const dot = await passes.kernel('gradient pairs', dotGradientsWgsl(layout.seedQuads), ['read', 'read', 'read', 'write'])
  const owned = new OwnedBuffers(device)
  const banks: GPUBuffer[] = [owned.create(gradientBytes * slots)]
  const tops = [owned.create(4 * slots), owned.create(4 * slots)]
  const shares: [number[], number[]] = [[], []]
  const parts = dotParts(layout.seedQuads)
  // The same for every call of `fill`: each number of lanes is a shape of its own.
  const lanes = lanesAtOnce(passes, rows, Math.min(batches.length, MOST_LANES))

  /** Several batches of one split through K1 and K2 at once. */
  const fillLanes = async (bank: 0 | 1, first: number, sets: readonly SampleSet[], signal?: AbortSignal): Promise<void> => {
    const pass = await passes.pass({ task: 'gradient', rows, lanes, from: sets[0].from })
    const store = await passes.kernel('store gradients', storeGradientsWgsl(pass.shape), ['read', 'read', 'read', 'write', 'write'])
    const group = store.bind([pass.slots, pass.norms, pass.exponents, banks[bank], tops[bank]])
    signal?.throwIfAborted()
    const indices = new Int32Array(lanes * rows).fill(-1)
    for (const [lane, set] of sets.entries()) indices.set(padded(set.indices, rows), lane * rows)
    pass.prepare([indices], [stepOf(1)])
    const encoder = device.createCommandEncoder()
    const encoding = encoder.beginComputePass()
    pass.encode(encoding, 0)
    encoding.setPipeline(store.pipeline)
    encoding.setBindGroup(0, group, [passes.spans.write({ y: first })])
    encoding.dispatchWorkgroups(Math.ceil(layout.seedQuads / STORE_QUADS), sets.length)
    encoding.end()
    device.queue.submit([encoder.finish()])
    await device.queue.onSubmittedWorkDone()
    opened.health.check()
  }
  /** A batch too large for one pass: its gradient is summed on the CPU and sent back. */
  const fillWhole = async (bank: 0 | 1, slot: number, set: SampleSet, signal?: AbortSignal): Promise<void> => {
    const gradient = await gradientOn(passes, set, signal)
    const exponent = binaryExponent(gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0))
    const top = Number.isFinite(exponent) ? exponent : 0
    const packed = new Float32Array(4 * layout.seedQuads)
    scaleBlock(gradient, 0, gradient.length, -top)
    packParameters(spec, layout, gradient, packed)
    device.queue.writeBuffer(banks[bank], gradientBytes * slot, packed)
    device.queue.writeBuffer(tops[bank], 4 * slot, Int32Array.of(top))
  }

  return {
    slots,
    async fill(bank, sets, signal) {
      if (bank === 1) banks[1] ??= owned.create(gradientBytes * Math.floor(slots / 2))
      shares[bank] = sets.map(({ indices }) => (spec.loss.reduction === 'mean' && fits ? 1 / indices.length : 1))
      let at = 0
      while (at < sets.length) {
        signal?.throwIfAborted()
        if (!fits) {
          await fillWhole(bank, at, sets[at], signal)
          at++
          continue
        }
        let end = at + 1
        const isTest = sets[at].from === 'test'
        while (end < sets.length && end - at < lanes && (sets[end].from === 'test') === isTest) end++
        await fillLanes(bank, at, sets.slice(at, end), signal)
        at = end
      }
    },
    async dots(first, second, pairs, signal) {
      const own = new OwnedBuffers(device)
      try {
        const pairBuffer = own.filled(Uint32Array.from(pairs.flat()))
        const sums = own.create(4 * parts * pairs.length)
        const group = dot.bind([banks[first], banks[second], pairBuffer, sums])
        const perPair = 8 * layout.seedQuads
        const pieces = cutGrid(passes.budget, pairs.length, 1, perPair).map((cut) => ({
          operations: perPair * cut.width,
          encode: (encoder: GPUComputePassEncoder) => {
            encoder.setPipeline(dot.pipeline)
            encoder.setBindGroup(0, group, [passes.spans.write({ y: cut.x })])
            encoder.dispatchWorkgroups(parts, cut.width)
          },
        }))
        await passes.run(pieces, signal)
        const [read, firstTops, secondTops] = await submitAndRead(opened, device.createCommandEncoder(), [
          { buffer: sums, offset: 0, bytes: 4 * parts * pairs.length },
          { buffer: tops[first], offset: 0, bytes: 4 * slots },
          { buffer: tops[second], offset: 0, bytes: 4 * slots },
        ])
        const partial = new Float32Array(read)
        const exponents = [new Int32Array(firstTops), new Int32Array(secondTops)]
        return pairs.map(([a, b], pair) => {
          let sum = 0
          for (let part = 0; part < parts; part++) sum += partial[pair * parts + part]
          return { mantissa: sum * shares[first][a] * shares[second][b], exponent: exponents[0][a] + exponents[1][b] }
        })
      } finally {
        own.destroy()
      }
    },
    destroy: () => owned.destroy(),
  }
}

/** Lanes of `rows` samples within 50 ms and the memory; one where even that is more. */
function lanesAtOnce(passes: MeasuringPasses, rows: number, wanted: number): number {
  const { layout, spec, opened, tile } = passes.context
  const operations = 6 * passes.weightEntries * rows
  const one = passSizes({ layout, loss: spec.loss, batchRows: rows, seedCount: 1, lanes: 'batches', tile }, 'gradient', 1)
  const bytes = totalBytes(one)
  const largest = Math.max(one.activations, one.slots)
  const byTime = Math.floor(passes.budget.operations / operations)
  const byMemory = Math.min(Math.floor(passes.budget.bytes / bytes), Math.floor(opened.device.limits.maxStorageBufferBindingSize / largest))
  return Math.max(1, Math.min(wanted, byTime, byMemory))
}
