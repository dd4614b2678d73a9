// What the tests of layer norms out of the training step share: the probe is asked for the same batch at the same weights.
import { expect } from 'vitest'
import type { LayerNorms } from '../../src/core/probe.ts'
import type { Trainer } from '../../src/engine/trainer.ts'
import { timesPowerOfTwo } from '../../src/numerics/logMagnitude.ts'

/** Every number of two answers agrees, relative to itself, however small it is. */
export function expectSameNorms(own: LayerNorms, wanted: LayerNorms, tolerance: number): void {
  expect([...own.underflow]).toEqual([...wanted.underflow])
  expectSame(own.mantissa, own.exponent, wanted.mantissa, wanted.exponent, tolerance)
  expectSame(own.meanAbsMantissa, own.meanAbsExponent, wanted.meanAbsMantissa, wanted.meanAbsExponent, tolerance)
}

function expectSame(
  mantissa: Float64Array,
  exponent: Int32Array,
  wanted: Float64Array,
  wantedExponent: Int32Array,
  tolerance: number,
): void {
  expect(mantissa).toHaveLength(wanted.length)
  for (const [layer, value] of wanted.entries()) {
    const aligned = timesPowerOfTwo(mantissa[layer], exponent[layer] - wantedExponent[layer])
    expect(Math.abs(aligned - value), `layer ${layer}`).toBeLessThanOrEqual(tolerance * Math.abs(value))
  }
}

/** Trains these batches with the wish; every seed's norms must be the probe's of the first batch at the weights before. */
export async function expectStepNorms(trainer: Trainer, batches: readonly Int32Array[], tolerance: number): Promise<readonly LayerNorms[]> {
  const wanted: LayerNorms[] = []
  for (let seed = 0; seed < trainer.seedCount; seed++) {
    wanted.push(await trainer.probe(seed).gradientNorms({ indices: batches[0], from: 'train' }))
  }
  const { layerNorms, layerNormsDuration } = await trainer.train(batches, { layerNorms: true })
  expect(layerNorms).toHaveLength(trainer.seedCount)
  expect(layerNormsDuration).toBeGreaterThanOrEqual(0)
  for (const [seed, norms] of wanted.entries()) expectSameNorms(layerNorms![seed], norms, tolerance)
  return layerNorms!
}

/** Both trainers from the same start: one with the wish at every call, one without; not a bit may differ. */
export async function expectSameTraining(wishing: Trainer, plain: Trainer, calls: readonly (readonly Int32Array[])[]): Promise<void> {
  for (const batches of calls) {
    const { losses, diverged } = await wishing.train(batches, { layerNorms: true })
    const report = await plain.train(batches)
    expect(losses).toEqual(report.losses)
    expect(diverged).toEqual(report.diverged)
    expect(report.layerNorms).toBeUndefined()
  }
  expect(await wishing.checkpoint()).toEqual(await plain.checkpoint())
}
