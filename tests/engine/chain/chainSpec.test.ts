import { describe, expect, test } from 'vitest'
import { DEFAULT_EXPERIMENT, DEFAULT_MLP } from '../../../src/core/defaults.ts'
import { UnsupportedFault } from '../../../src/core/faults.ts'
import { networkSpec } from '../../../src/core/resolve.ts'
import { assertChainSpec, isChainSpec } from '../../../src/engine/chain/chainSpec.ts'
import { chainSpec, denseSpec } from '../reference/problems.ts'

describe('isChainSpec', () => {
  test('holds for the default experiment on one point', () => {
    expect(isChainSpec(networkSpec(DEFAULT_EXPERIMENT, { inputWidth: 1, outputWidth: 1, imageShape: null }))).toBe(true)
    expect(isChainSpec(chainSpec(3))).toBe(true)
  })
  test.each([
    ['wider data', networkSpec(DEFAULT_EXPERIMENT, { inputWidth: 2, outputWidth: 1, imageShape: null })],
    ['an MLP', networkSpec(DEFAULT_MLP, { inputWidth: 1, outputWidth: 1, imageShape: null })],
    ['a bias', denseSpec([1, 1], { bias: true })],
    ['an activation', denseSpec([1, 1, 1], { bias: false, activation: 'tanh' })],
    ['an output activation', denseSpec([1, 1], { bias: false, outputActivation: 'swish' })],
    ['cross-entropy', denseSpec([1, 1], { bias: false, loss: { kind: 'softmaxCrossEntropy', reduction: 'mean' } })],
  ])('fails for %s', (_, spec) => {
    expect(isChainSpec(spec)).toBe(false)
    expect(() => assertChainSpec(spec)).toThrow(UnsupportedFault)
  })
})
