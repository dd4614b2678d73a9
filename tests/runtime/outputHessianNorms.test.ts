// Is a spectral norm from a few dozen products the same number as from the whole matrix?
import { describe, expect, test } from 'vitest'
import { DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { Experiment } from '../../src/core/experiment.ts'
import type { Probe } from '../../src/core/probe.ts'
import { symmetrised } from '../../src/diagnostics/exactHessian.ts'
import { loadDataset } from '../../src/data/loadDataset.ts'
import { symmetricEigenvalues } from '../../src/numerics/symmetricEigenvalues.ts'
import { createArm } from '../../src/runtime/arm.ts'
import { chooseTrainer } from '../../src/runtime/chooseTrainer.ts'
import { NO_ATTENTION } from '../../src/runtime/problem/attention.ts'
import { DENSE_LIMIT, knownNorm, measuredOutputHessianNorms, NORM_TOLERANCE } from '../../src/runtime/problem/measuredOutputHessian.ts'

const networks: readonly (readonly [string, Partial<Experiment['model']>])[] = [
  ['tanh, two hidden layers', { depth: 3, width: 8, activation: 'tanh' }],
  ['swish, one wide hidden layer', { depth: 2, width: 14, activation: 'swish' }],
  // Its Hessian of one output has eigenvalues in pairs of both signs.
  ['linear', { depth: 3, width: 8, activation: 'identity' }],
  ['relu with layer norm', { depth: 3, width: 8, activation: 'relu', norm: 'layer' }],
  ['bent output', { depth: 2, width: 14, activation: 'tanh', outputActivation: 'tanh3' }],
]

async function probeOf(model: Partial<Experiment['model']>): Promise<Probe> {
  const experiment: Experiment = {
    ...DEFAULT_MLP,
    model: { ...DEFAULT_MLP.model, ...model },
    data: { ...DEFAULT_MLP.data, kind: 'mixture', inputs: 6, outputs: 2, trainCount: 8, testCount: 4 },
    loss: { kind: 'squaredError', reduction: 'mean' },
    engine: 'float64',
    seeds: 1,
    versus: null,
  }
  const dataset = await loadDataset(experiment.data, {
    seed: 3,
    onProgress: () => undefined,
    signal: new AbortController().signal,
    readAsset: () => Promise.reject(new Error('no files in tests')),
  })
  const arm = await createArm('A', experiment, dataset, { createTrainer: chooseTrainer }, false)
  return arm.probes[0]
}

/** By the whole matrix, one output after the other. */
async function denseNorms(probe: Probe, count: number): Promise<number[]> {
  const set = { indices: Int32Array.from({ length: count }, (_, i) => i), from: 'probe' as const }
  const n = probe.parameterCount
  const identity = new Float64Array(n * n)
  for (let i = 0; i < n; i++) identity[i * n + i] = 1
  const norms: number[] = []
  for (let sample = 0; sample < count; sample++)
    for (let output = 0; output < probe.outputCount; output++) {
      const rows = await probe.outputHessianVectors(identity, n, set, { sample, output })
      norms.push(Math.max(...symmetricEigenvalues(symmetrised(rows, n).matrix, n).map(Math.abs)))
    }
  return norms
}

describe('measuredOutputHessianNorms', { timeout: 30_000 }, () => {
  test.each(networks)('gives the norms of the whole matrices: %s', async (_, model) => {
    const probe = await probeOf(model)
    expect(probe.parameterCount).toBeGreaterThan(DENSE_LIMIT.float64)
    let products = 0
    const counting: Probe = {
      ...probe,
      outputHessianVectors: (block, count, ...rest) => {
        products += count
        return probe.outputHessianVectors(block, count, ...rest)
      },
    }
    const count = 2
    const set = { indices: Int32Array.from({ length: count }, (_unused, i) => i), from: 'probe' as const }
    const found = (await measuredOutputHessianNorms(counting, set, 5, NO_ATTENTION)).flat() as number[]
    const dense = await denseNorms(probe, count)
    for (const [i, norm] of dense.entries()) expect(Math.abs(found[i] - norm)).toBeLessThanOrEqual(NORM_TOLERANCE.float64 * norm)
    // Otherwise nothing was saved.
    expect(products).toBeLessThan(0.7 * probe.parameterCount * found.length)
  })

  test('stops between two outputs when nobody waits any more', async () => {
    const probe = await probeOf(networks[0][1])
    const stop = new AbortController()
    const set = { indices: Int32Array.from({ length: 4 }, (_, i) => i), from: 'probe' as const }
    let told = 0
    const attention = {
      ...NO_ATTENTION,
      signal: stop.signal,
      progress: () => {
        if (++told === 2) stop.abort(new Error('enough'))
      },
    }
    await expect(measuredOutputHessianNorms(probe, set, 5, attention)).rejects.toThrow('enough')
    expect(told).toBe(2)
  })
})

describe('knownNorm', () => {
  const ends = (ritzValues: number[], residuals: number[]) =>
    knownNorm({ ritzValues: Float64Array.from(ritzValues), residuals: Float64Array.from(residuals) }, 1e-6)
  test('is the larger end in size when that end is known', () => {
    expect(ends([-3, 0, 2], [1e-9, 1, 1e-2])).toBe(3)
    expect(ends([-1, 2], [1e-9, 1e-9])).toBe(2)
    expect(ends([0], [0])).toBe(0)
  })
  test('is unknown while the larger end is, or while the other end could still pass it', () => {
    expect(ends([-3, 2], [1e-3, 0])).toBeNull()
    expect(ends([-3, 2.9], [0, 0.2])).toBeNull()
  })
})
