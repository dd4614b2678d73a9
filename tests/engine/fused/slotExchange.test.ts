// Weights and slots at the door: the same bits come back, however small.
import { describe, expect, test } from 'vitest'
import { parameterCount } from '../../../src/core/networkSpec.ts'
import { NO_EXPONENT } from '../../../src/engine/fused/exponentWgsl.ts'
import { fusedLayout } from '../../../src/engine/fused/layout.ts'
import { biasExponentsOf, excessExponent, packSlots, unpackSlots } from '../../../src/engine/fused/slotExchange.ts'
import { denseSpec, normals } from '../reference/problems.ts'

const SPEC = denseSpec([3, 5, 5, 2])
const LAYOUT = fusedLayout(SPEC)
const COUNT = parameterCount(SPEC)

/** Float32 numbers of about 10^order. */
const rootsOf = (name: string, order: number): Float64Array =>
  normals(COUNT, name).map((value) => Math.fround(Math.abs(value)) * 2 ** Math.round(order * Math.log2(10)))

function throughKernel(kind: 'momentum' | 'rmsprop' | 'adam', seeds: readonly (readonly Float64Array[])[]): Float64Array[][] {
  const { mantissas, exponents } = packSlots(SPEC, LAYOUT, kind, seeds)
  const block = 4 * LAYOUT.seedQuads
  const slots = mantissas.length / block / seeds.length
  return seeds.map((_, seed) => {
    const own = Array.from({ length: slots }, (_slot, slot) =>
      mantissas.subarray((slot * seeds.length + seed) * block, (slot * seeds.length + seed + 1) * block),
    )
    return unpackSlots(
      SPEC,
      LAYOUT,
      kind,
      own,
      (layer, isBias) => exponents[((isBias ? 1 : 0) * seeds.length + seed) * LAYOUT.layerCount + layer],
    )
  })
}

describe('packSlots', () => {
  test.each([0, -30, -100, 40])('and unpackSlots give back every bit of momentum at 1e%i', (order) => {
    const seeds = [[rootsOf('a', order)], [rootsOf('b', order)]]
    expect(throughKernel('momentum', seeds)).toEqual(seeds)
  })
  test.each([0, -30, -100, 40])('and unpackSlots give back every bit of squares of roots at 1e%i', (order) => {
    const root = rootsOf('root', order)
    const seeds = [[rootsOf('m', order), root.map((r) => r * r)]]
    expect(throughKernel('adam', seeds)).toEqual(seeds)
  })
  test('keep the roots themselves where squares leave float64', () => {
    const root = rootsOf('root', -170)
    const [slots] = throughKernel('rmsprop', [[root.map((r) => r * r), root]])
    expect(slots).toHaveLength(2)
    expect(slots[1]).toEqual(root)
    expect(throughKernel('rmsprop', [slots])[0]).toEqual(slots)
  })
  test('mark what is empty, and note the largest entry of weights and biases apart', () => {
    const slot = new Float64Array(COUNT)
    slot[0] = 3
    slot[3 * 5] = 2 ** -90
    const { exponents, largestBits } = packSlots(SPEC, LAYOUT, 'momentum', [[slot]])
    expect([...exponents]).toEqual([0, NO_EXPONENT, NO_EXPONENT, -90, NO_EXPONENT, NO_EXPONENT])
    expect([...new Float32Array(largestBits.buffer)]).toEqual([3, 0, 0, 1, 0, 0])
  })
  test('refuse slots of another optimizer', () => {
    expect(() => packSlots(SPEC, LAYOUT, 'adam', [[new Float64Array(COUNT)]])).toThrow('1 slots, expected 2')
    expect(() => packSlots(SPEC, LAYOUT, 'sgd', [[new Float64Array(COUNT)]])).toThrow('1 slots, expected 0')
  })
})

describe('excessExponent', () => {
  test('is 0 inside the window and the exponent outside', () => {
    expect([1, 2 ** 24, 2 ** -24, 2 ** 25, 2 ** -25, 1e-30, 0].map(excessExponent)).toEqual([0, 0, 0, 25, -25, -100, NO_EXPONENT])
  })
  test('answers for the biases of every layer and seed', () => {
    const flat = new Float64Array(COUNT).fill(1)
    flat.fill(2 ** -40, 15, 20)
    flat.fill(0, COUNT - 2)
    expect([...biasExponentsOf(SPEC, [flat, flat])]).toEqual([-40, 0, NO_EXPONENT, -40, 0, NO_EXPONENT])
  })
})
