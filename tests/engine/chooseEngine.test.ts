// The engine that is chosen, and what the page is told.
import { describe, expect, test } from 'vitest'
import { chooseEngine, type EngineFacts } from '../../src/engine/chooseEngine.ts'

const GPU = { type: 'adapter', name: 'Radeon 780M', software: false } as const
const SOFTWARE = { type: 'adapter', name: 'SwiftShader', software: true } as const
const NONE = { type: 'none', reason: 'This browser offers no WebGPU here.' } as const
const FACTS: EngineFacts = {
  kind: 'mlp',
  linearised: false,
  preference: 'auto',
  gpu: GPU,
  fusedObstacle: 'Batch norm.',
  trial: null,
}
const choose = (change: Partial<EngineFacts>) => chooseEngine({ ...FACTS, ...change })

describe('chooseEngine', () => {
  test.each(['auto', 'network', 'fused', 'float64'] as const)(
    'takes the chain engine for a chain, whatever is wished (%s)',
    (preference) => {
      expect(choose({ kind: 'chain', preference }).engine).toBe('chain')
    },
  )
  test('takes a convolutional network where an MLP would go, and never to the chain', () => {
    expect(choose({ kind: 'cnn', fusedObstacle: 'Not fused because of convolutions.' })).toEqual({
      engine: 'network',
      reason: 'WebGPU layer by layer. Not fused because of convolutions.',
    })
    expect(choose({ kind: 'cnn', gpu: NONE }).engine).toBe('float64')
  })
  test.each(['auto', 'network', 'fused'] as const)('falls back to float64 without a GPU and says why (%s)', (preference) => {
    expect(choose({ preference, gpu: NONE })).toEqual({ engine: 'float64', reason: `Float64 on the CPU. ${NONE.reason}` })
  })
  test.each(['chain', 'mlp'] as const)('computes a linearised %s in float64 whatever is wished, and says so', (kind) => {
    expect(choose({ kind, linearised: true, preference: 'fused', fusedObstacle: null })).toEqual({
      engine: 'float64',
      reason: 'The linearised model is computed in float64 on the CPU.',
    })
  })
  test('obeys the wish for float64 on any machine', () => {
    expect(choose({ preference: 'float64' }).engine).toBe('float64')
  })
  test('obeys the wish for the network engine, even where fused kernels could do it or the adapter is slow', () => {
    expect(choose({ preference: 'network', fusedObstacle: null }).engine).toBe('network')
    expect(choose({ preference: 'network', gpu: SOFTWARE, trial: { gpu: 100, float64: 1 } }).engine).toBe('network')
  })
  test('prefers fused kernels on a GPU', () => {
    expect(choose({ fusedObstacle: null }).engine).toBe('fused')
  })
  test('names what keeps the fused kernels away', () => {
    expect(choose({ preference: 'fused' })).toEqual({ engine: 'network', reason: 'WebGPU layer by layer, as chosen. Batch norm.' })
  })
  test('takes the faster of the two on a software adapter and tells both times', () => {
    const slow = choose({ gpu: SOFTWARE, trial: { gpu: 80, float64: 5 } })
    expect(slow.engine).toBe('float64')
    expect(slow.reason).toContain('5.0 ms in float64 and 80 ms on SwiftShader')
    // A step that is only a little faster does not pay for kernels compiled and instruments measured on the same cores.
    expect(choose({ gpu: SOFTWARE, trial: { gpu: 4, float64: 5 } }).engine).toBe('float64')
    expect(choose({ gpu: SOFTWARE, trial: { gpu: 1, float64: 5 } }).engine).toBe('network')
  })
  test('takes float64 on a software adapter that was not timed', () => {
    expect(choose({ gpu: SOFTWARE }).engine).toBe('float64')
  })
  test('gives a wished-for fused engine on a software adapter without a trial', () => {
    expect(choose({ gpu: SOFTWARE, preference: 'fused', fusedObstacle: null }).engine).toBe('fused')
  })
})
