import { describe, expect, test } from 'vitest'
import { DomainFault, ShapeFault } from '../../src/core/faults.ts'
import { checkCheckpoint, checkSeedIndex } from '../../src/engine/ensembleDoor.ts'

describe('checkSeedIndex', () => {
  test('lets the seeds in that are there', () => {
    for (const seed of [0, 1, 2]) expect(() => checkSeedIndex(seed, 3)).not.toThrow()
    for (const seed of [-1, 3, 0.5, NaN]) expect(() => checkSeedIndex(seed, 3)).toThrow(DomainFault)
  })
})

describe('checkCheckpoint', () => {
  const flat = (count: number): Float64Array => new Float64Array(count)
  const whole = { weights: [flat(4), flat(4)], slots: [[flat(4)], [flat(4)]] }
  test('lets in what is of this ensemble, with slots or without', () => {
    expect(() => checkCheckpoint(whole, 2, 4)).not.toThrow()
    expect(() => checkCheckpoint({ ...whole, slots: [[], []] }, 2, 4)).not.toThrow()
  })
  test.each([
    ['other seeds', { ...whole, weights: [flat(4)] }],
    ['slots of other seeds', { ...whole, slots: [[flat(4)]] }],
    ['other weights', { ...whole, weights: [flat(4), flat(5)] }],
    ['slots of other weights', { ...whole, slots: [[flat(4)], [flat(3)]] }],
  ])('refuses %s', (_, checkpoint) => {
    expect(() => checkCheckpoint(checkpoint, 2, 4)).toThrow(ShapeFault)
  })
})
