// What are the weights and slots of some seeds now? One readback, in the form of a checkpoint.
import type { OptimizerSettings } from '../../core/experiment.ts'
import type { OpenedDevice } from '../device.ts'
import { unpackParameters } from './layout.ts'
import { submitAndRead, type Region } from './readback.ts'
import type { ResidentNetwork } from './residentNetwork.ts'
import { unpackSlots } from './slotExchange.ts'
import type { TrainingPass } from './trainingPass.ts'
import { slotCount } from './updateRules.ts'

/** Flat weights [P] of these seeds. */
export async function readWeights(opened: OpenedDevice, network: ResidentNetwork, seeds: readonly number[]): Promise<Float64Array[]> {
  const parts = await submitAndRead(
    opened,
    opened.device.createCommandEncoder(),
    seeds.map((seed) => network.region(seed)),
  )
  return parts.map((part) => unpackParameters(network.spec, network.layout, new Float32Array(part)))
}

/** Weights and slots of these seeds, taken at the same moment. */
export async function readState(
  opened: OpenedDevice,
  network: ResidentNetwork,
  pass: TrainingPass,
  updates: number,
  seeds: readonly number[],
): Promise<{ readonly weights: Float64Array[]; readonly slots: Float64Array[][] }> {
  const { spec, layout, seedCount, blockBytes } = network
  const count = slotCount(pass.kind)
  const [mantissas, exponents] = pass.slotRegions(updates)
  const ofSlots = count === 0 ? [] : [...slotRegions(mantissas, seeds, count, seedCount, blockBytes), exponents]
  const parts = await submitAndRead(opened, opened.device.createCommandEncoder(), [
    ...seeds.map((seed) => network.region(seed)),
    ...ofSlots,
  ])
  const weights = seeds.map((_, index) => unpackParameters(spec, layout, new Float32Array(parts[index])))
  const all = count === 0 ? new Int32Array(0) : new Int32Array(parts[parts.length - 1])
  const slots = seeds.map((seed, index) => {
    const own = Array.from({ length: count }, (_, slot) => new Float32Array(parts[seeds.length + index * count + slot]))
    const exponentOf = (layer: number, part: number): number => all[(part * seedCount + seed) * layout.layerCount + layer]
    return unpackSlots(spec, layout, pass.kind, own, exponentOf)
  })
  return { weights, slots }
}

/** [P] zeros for every slot of an optimizer. */
export function emptySlots(kind: OptimizerSettings['kind'], parameterCount: number): Float64Array[] {
  return Array.from({ length: slotCount(kind) }, () => new Float64Array(parameterCount))
}

function slotRegions(all: Region, seeds: readonly number[], count: number, seedCount: number, bytes: number): Region[] {
  return seeds.flatMap((seed) =>
    Array.from({ length: count }, (_, slot) => ({ buffer: all.buffer, offset: bytes * (slot * seedCount + seed), bytes })),
  )
}
