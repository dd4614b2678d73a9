// The engine that is chosen, and what the page is told.
import { describe, expect, test } from 'vitest'
import { stepMultiplications } from '../../src/core/stepWork.ts'
import { chooseEngine, type EngineFacts } from '../../src/engine/chooseEngine.ts'
import { denseSpec } from './reference/problems.ts'

const GPU = { type: 'adapter', name: 'Radeon 780M', software: false } as const
const SOFTWARE = { type: 'adapter', name: 'SwiftShader', software: true } as const
const NONE = { type: 'none', reason: 'This browser offers no WebGPU here.' } as const
const FACTS: EngineFacts = {
  kind: 'mlp',
  linearised: false,
  preference: 'auto',
  gpu: GPU,
  fusedObstacle: 'Batch norm.',
  stepWork: 5e6,
  weightedLayers: 4,
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
    expect(choose({ preference: 'network', gpu: SOFTWARE }).engine).toBe('network')
  })
  test('prefers fused kernels on a GPU', () => {
    expect(choose({ fusedObstacle: null }).engine).toBe('fused')
  })
  test('names what keeps the fused kernels away', () => {
    expect(choose({ preference: 'fused' })).toEqual({ engine: 'network', reason: 'WebGPU layer by layer, as chosen. Batch norm.' })
  })
  test.each([
    ['a dense stack', null],
    ['a convolutional network', 'Not fused because of convolutions.'],
  ])('takes float64 for %s on a software adapter, whatever its size, and says why', (_what, fusedObstacle) => {
    for (const stepWork of [1, 1e6, 1e12]) {
      expect(choose({ gpu: SOFTWARE, fusedObstacle, stepWork })).toEqual({
        engine: 'float64',
        reason: 'Float64 on the CPU: SwiftShader is a program on the same CPU, and slower at the same step.',
      })
    }
  })
  test('gives a wished-for fused engine on a software adapter', () => {
    expect(choose({ gpu: SOFTWARE, preference: 'fused', fusedObstacle: null }).engine).toBe('fused')
  })
})

/** Layers of one width on 20 inputs with 10 outputs, batch, seeds; what a graphics card gets, and of how many dispatches the chip speaks. */
const NETWORKS = [
  // Six thousand multiplications are 12 us of a slow CPU: less than two dispatches.
  { layers: 2, width: 16, batch: 2, seeds: 1, norm: false, engine: 'float64', dispatches: 2 },
  { layers: 2, width: 16, batch: 1, seeds: 1, norm: false, engine: 'float64', dispatches: 2 },
  { layers: 2, width: 16, batch: 8, seeds: 1, norm: false, engine: 'fused', dispatches: null },
  { layers: 2, width: 16, batch: 1, seeds: 16, norm: false, engine: 'fused', dispatches: null },
  { layers: 3, width: 32, batch: 8, seeds: 1, norm: false, engine: 'fused', dispatches: null },
  { layers: 4, width: 64, batch: 32, seeds: 1, norm: false, engine: 'fused', dispatches: null },
  { layers: 32, width: 100, batch: 128, seeds: 1, norm: false, engine: 'fused', dispatches: null },
  { layers: 300, width: 100, batch: 1, seeds: 1, norm: false, engine: 'fused', dispatches: null },
  // Batch norm goes layer by layer, and each of those dispatches is JavaScript first.
  { layers: 2, width: 16, batch: 32, seeds: 1, norm: true, engine: 'float64', dispatches: 24 },
  { layers: 8, width: 32, batch: 8, seeds: 1, norm: true, engine: 'float64', dispatches: 72 },
  { layers: 3, width: 64, batch: 128, seeds: 1, norm: true, engine: 'network', dispatches: null },
  { layers: 2, width: 16, batch: 32, seeds: 32, norm: true, engine: 'network', dispatches: null },
] as const

describe('chooseEngine on a graphics card', () => {
  test.each(NETWORKS)(
    'takes $engine for $layers layers of $width, batch $batch, $seeds seeds, batch norm $norm',
    ({ layers, width, batch, seeds, norm, engine, dispatches }) => {
      const spec = denseSpec([20, ...Array.from({ length: layers }, () => width), 10])
      const stepWork = stepMultiplications(spec, batch, seeds)
      const fusedObstacle = norm ? 'Not fused because of batch norm.' : null
      const choice = choose({ stepWork, weightedLayers: layers + 1, fusedObstacle })
      expect(choice.engine).toBe(engine)
      expect(choose({ stepWork, weightedLayers: layers + 1, fusedObstacle, preference: 'fused' }).engine).toBe(norm ? 'network' : 'fused')
      if (dispatches !== null) {
        expect(choice.reason).toMatch(/^Float64 on the CPU: a step of [\d]+( thousand)? multiplications is done before a GPU has started/u)
        expect(choice.reason).toContain(`its ${dispatches} dispatches.`)
      } else if (norm) expect(choice.reason).toBe('WebGPU layer by layer. Not fused because of batch norm.')
      else expect(choice.reason).toBe('Fused kernels on WebGPU: two dispatches a step at any depth.')
    },
  )
})
