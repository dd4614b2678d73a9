// Does the page say of each end of a spectrum what Lanczos knows of it?
import { describe, expect, test } from 'vitest'
import { knownEnds, unknownEnds } from '../../src/plots/spectrumEnds.ts'

const extremes = (lambdaMin: number, lambdaMinResidual: number, lambdaMax: number, lambdaMaxResidual: number) => ({
  lambdaMin,
  lambdaMinResidual,
  lambdaMax,
  lambdaMaxResidual,
})

describe('knownEnds', () => {
  test.each([
    ['what is exact', extremes(-1, 0, 2, 0), null],
    ['three digits of each', extremes(-0.5, 4e-4, 30, 0.02), null],
    ['one digit of the smallest, three of the largest', extremes(-0.486, 0.016, 30.4, 1e-9), 'smallest not converged'],
    ['one digit of the largest', extremes(-40, 0.01, 30.4, 3), 'largest not converged'],
    ['nothing', extremes(-1, 0.1, 2, 0.1), 'not converged'],
    ['a zero to the digits of the spectrum', extremes(1e-9, 1e-6, 10, 1e-3), null],
    ['a spectrum of zeros', extremes(0, 0, 0, 0), null],
    ['curvature of 1e-200', extremes(-1e-201, 1e-202, 1e-200, 0), 'smallest not converged'],
  ])('of %s', (_, sample, words) => {
    expect(unknownEnds(sample)).toBe(words)
    expect(knownEnds(sample)).toEqual({
      smallest: words === null || words.startsWith('largest'),
      largest: words === null || words.startsWith('smallest'),
    })
  })
})
