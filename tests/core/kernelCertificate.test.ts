// Each title finishes the sentence "kernelCertificate ...".
import { expect, test } from 'vitest'
import { certificateWords, kernelCertificate, lipschitzEstimates } from '../../src/core/kernelCertificate.ts'
import type { KernelSample } from '../../src/core/sample.ts'

const MEAN = { kind: 'squaredError', reduction: 'mean' } as const

function sample(step: number, change: Partial<KernelSample> = {}): KernelSample {
  return {
    type: 'kernel',
    arm: 'A',
    step,
    sampleCount: 8,
    outputCount: 1,
    drift: 0,
    lambdaMin: 2,
    lambdaMax: 9,
    condition: 4.5,
    plRatio: 1,
    plLower: 0.25,
    plUpper: 1,
    weightDistance: 0,
    traceKernel: new Float64Array(64),
    eigenvalues: new Float64Array(8),
    loss: 1,
    ...change,
  }
}

test('kernelCertificate holds at the start with R = 2 L_F |F_0 - y| / mu', () => {
  // |F_0 - y| = sqrt(2 n L) = 4, L_F = 3, mu = 2.
  expect(kernelCertificate([sample(0)], MEAN)).toEqual({ type: 'holds', mu: 2, radius: 12, distance: 0 })
  // As a sum the same loss means a smaller residual: sqrt 2.
  const sum = kernelCertificate([sample(0)], { ...MEAN, reduction: 'sum' })
  expect(sum.type === 'holds' && sum.radius).toBeCloseTo(3 * Math.SQRT2, 12)
})

test('kernelCertificate keeps the smallest lambda_min and the largest lambda_max of the way', () => {
  const samples = [sample(0), sample(5, { lambdaMin: 1, lambdaMax: 16, weightDistance: 1 }), sample(9, { weightDistance: 2 })]
  expect(kernelCertificate(samples, MEAN)).toEqual({ type: 'holds', mu: 1, radius: 32, distance: 2 })
})

test('kernelCertificate is broken for good at the first step outside the ball', () => {
  const samples = [sample(0), sample(7, { weightDistance: 12.5 }), sample(9)]
  expect(kernelCertificate(samples, MEAN)).toMatchObject({ type: 'broken', step: 7, by: 'ball', radius: 12, distance: 12.5 })
})

test('kernelCertificate is broken where the kernel is singular', () => {
  expect(kernelCertificate([sample(0, { lambdaMin: 0 })], MEAN)).toMatchObject({ type: 'broken', step: 0, by: 'lambdaMin' })
})

test('kernelCertificate does not speak of other losses, of nothing, or of a run whose start was not measured', () => {
  expect(kernelCertificate([sample(0)], { kind: 'softmaxCrossEntropy', reduction: 'mean' })).toMatchObject({ reason: 'notSquaredError' })
  expect(kernelCertificate([], MEAN)).toMatchObject({ reason: 'noSamples' })
  expect(kernelCertificate([sample(3)], MEAN)).toMatchObject({ reason: 'noStart' })
})

test('kernelCertificate is put into words: that it holds, at which step it broke and why, or why nobody can tell', () => {
  const words = (samples: readonly KernelSample[], loss: Parameters<typeof kernelCertificate>[1] = MEAN) =>
    certificateWords(kernelCertificate(samples, loss), String)
  expect(words([sample(0), sample(4, { weightDistance: 3 })])).toBe('certificate holds: λmin ≥ 2, moved 3 of R 12')
  expect(words([sample(0), sample(7, { weightDistance: 12.5 })])).toBe('certificate broken at step 7: moved 12.5, beyond R 12')
  expect(words([sample(0), sample(9, { lambdaMin: 0 })])).toBe('certificate broken at step 9: λmin is 0')
  expect(words([])).toBe('certificate not measurable: no kernel yet')
  expect(words([sample(3)])).toBe('certificate not measurable: no kernel of step 0')
  expect(words([sample(0)], { kind: 'logistic', reduction: 'mean' })).toBe(
    'certificate not measurable: the loss is not half a squared error',
  )
})

test('kernelCertificate takes for L_F what lipschitzEstimates gives: roots of the largest lambda_max so far', () => {
  expect([...lipschitzEstimates([9, 4, 16, 1].map((lambdaMax) => ({ lambdaMax })))]).toEqual([3, 3, 4, 4])
})
