// How do weights and optimizer slots cross the door of the fused engine, and come back bit for bit?
//
// Inside, a slot is a float32 mantissa of one exponent per (seed, layer, part of its block), and RMSprop and Adam keep r = sqrt(v); outside
// it is v in float64. r has 24 bits, so r^2 is exact in float64 and its root is r again, unless the square leaves
// float64: then r itself is appended. Exponents are chosen anew: powers of two change no digit.
import type { OptimizerSettings } from '../../core/experiment.ts'
import { ShapeFault } from '../../core/faults.ts'
import type { DenseNetworkSpec } from '../../core/networkSpec.ts'
import { binaryExponent, timesPowerOfTwo } from '../../numerics/logMagnitude.ts'
import { NO_EXPONENT, WINDOW } from './exponentWgsl.ts'
import { packParameters, partsOf, unpackParameters, type FusedLayout } from './layout.ts'
import { slotCount } from './updateRules.ts'

/** Slots of all seeds as the kernels keep them. */
export interface PackedSlots {
  /** [slot][seed][4 seedQuads] mantissas. */
  readonly mantissas: Float32Array<ArrayBuffer>
  /** [part][seed][layer] exponents. */
  readonly exponents: Int32Array<ArrayBuffer>
  /** [part][seed][layer] bits of the largest mantissa, 0 where all are zero. */
  readonly largestBits: Uint32Array<ArrayBuffer>
}

const SQUARE_IS_EXACT = 500

/** Index of the slot that holds r = sqrt(v), -1 where there is none. */
export function rootSlot(kind: OptimizerSettings['kind']): number {
  return { sgd: -1, momentum: -1, nesterov: -1, rmsprop: 0, adam: 1, perturbed: -1 }[kind]
}

/** What the kernel's `excess` answers for a largest magnitude, NO_EXPONENT for 0. */
export function excessExponent(largest: number): number {
  if (largest === 0) return NO_EXPONENT
  const exponent = binaryExponent(largest)
  return Math.abs(exponent) > WINDOW ? Math.max(-126, Math.min(126, exponent)) : 0
}

/** [seeds][L] exponents of the biases, as K1 reads them. */
export function biasExponentsOf(spec: DenseNetworkSpec, weights: readonly Float64Array[]): Int32Array {
  const { length } = spec.layers
  const exponents = new Int32Array(weights.length * length).fill(NO_EXPONENT)
  for (const [seed, flat] of weights.entries()) {
    for (const { layer, part, start, end } of partsOf(spec)) {
      if (part === 1) exponents[seed * length + layer] = excessExponent(Math.fround(largestOf(flat, start, end)))
    }
  }
  return exponents
}

/** One seed's slots as a checkpoint holds them, from mantissas [slot][4 seedQuads] and exponents of its layers. */
export function unpackSlots(
  spec: DenseNetworkSpec,
  layout: FusedLayout,
  kind: OptimizerSettings['kind'],
  mantissas: readonly Float32Array[],
  exponents: (layer: number, part: number) => number,
): Float64Array[] {
  const root = rootSlot(kind)
  const slots = mantissas.map((packed) => withExponents(spec, unpackParameters(spec, layout, packed), exponents))
  if (root < 0) return slots
  const roots = slots[root]
  const exact = roots.every((r) => r === 0 || Math.abs(binaryExponent(r)) < SQUARE_IS_EXACT)
  const squared = slots.map((slot, index) => (index === root ? slot.map((r) => r * r) : slot))
  return exact ? squared : [...squared, roots]
}

/** Slots of checkpoints, as many seeds as given, for the kernels. @throws {ShapeFault} when they are no slots of this optimizer. */
export function packSlots(
  spec: DenseNetworkSpec,
  layout: FusedLayout,
  kind: OptimizerSettings['kind'],
  seeds: readonly (readonly Float64Array[])[],
): PackedSlots {
  const count = slotCount(kind)
  const { layerCount } = layout
  const block = 4 * layout.seedQuads
  const mantissas = new Float32Array(count * seeds.length * block)
  const exponents = new Int32Array(layout.parts * seeds.length * layerCount).fill(NO_EXPONENT)
  const largestBits = new Uint32Array(layout.parts * seeds.length * layerCount)
  const bits = new Uint32Array(1)
  for (const [seed, slots] of seeds.entries()) {
    const expected = count + (rootSlot(kind) < 0 ? 0 : 1)
    if (slots.length < count || slots.length > expected) throw new ShapeFault(`restore: ${slots.length} slots, expected ${count}`)
    const stored = slots
      .slice(0, count)
      .map((slot, index) => (index === rootSlot(kind) ? (slots[count]?.slice() ?? slot.map(Math.sqrt)) : slot.slice()))
    for (const { layer, part, start, end } of partsOf(spec)) {
      const largest = Math.max(0, ...stored.map((slot) => largestOf(slot, start, end)))
      if (largest === 0) continue
      const exponent = Math.abs(binaryExponent(largest)) > WINDOW ? binaryExponent(largest) : 0
      for (const slot of stored) for (let i = start; i < end; i++) slot[i] = timesPowerOfTwo(slot[i], -exponent)
      const at = (part * seeds.length + seed) * layerCount + layer
      exponents[at] = exponent
      new Float32Array(bits.buffer)[0] = timesPowerOfTwo(largest, -exponent)
      largestBits[at] = bits[0]
    }
    for (const [index, slot] of stored.entries()) {
      const start = (index * seeds.length + seed) * block
      packParameters(spec, layout, slot, mantissas.subarray(start, start + block))
    }
  }
  return { mantissas, exponents, largestBits }
}

function withExponents(spec: DenseNetworkSpec, flat: Float64Array, exponents: (layer: number, part: number) => number): Float64Array {
  for (const { layer, part, start, end } of partsOf(spec)) {
    const exponent = exponents(layer, part)
    // A part without an exponent holds only zeros.
    if (exponent !== 0 && exponent !== NO_EXPONENT) for (let i = start; i < end; i++) flat[i] = timesPowerOfTwo(flat[i], exponent)
  }
  return flat
}

function largestOf(values: Float64Array, start: number, end: number): number {
  let largest = 0
  for (let i = start; i < end; i++) largest = Math.max(largest, Math.abs(values[i]))
  return largest
}
