// pairAngles
import { describe, expect, test } from 'vitest'
import { DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { Experiment } from '../../src/core/experiment.ts'
import type { Probe } from '../../src/core/probe.ts'
import { networkSpec } from '../../src/core/resolve.ts'
import { pairAngles } from '../../src/diagnostics/pairAngles.ts'

const EXPERIMENT: Experiment = {
  ...DEFAULT_MLP,
  model: { ...DEFAULT_MLP.model, depth: 2, width: 3, activation: 'identity', bias: false },
  loss: { kind: 'squaredError', reduction: 'mean' },
}
const specOf = (model: Partial<Experiment['model']> = {}) =>
  networkSpec({ ...EXPERIMENT, model: { ...EXPERIMENT.model, ...model } }, { inputWidth: 2, outputWidth: 2, imageShape: null })
const train = { count: 3, labels: null, inputs: Float64Array.of(1, 0, 1, 1, 0, 2), targets: Float64Array.of(0, 1, 0, 0, 3, 0) }
const outputs = Float64Array.of(1, 1, 0, -2, 3, 0)
const probe = { loss: () => Promise.resolve({ loss: 0, perSample: new Float64Array(3), outputs, accuracy: null }) } as unknown as Probe
const gram = Float64Array.of(4, 2, 0, 2, 9, 0, 0, 0, 0)
const context = { train, spec: specOf(), loss: EXPERIMENT.loss, probes: [probe] }

describe('pairAngles', () => {
  test('are the cosines of gradients, of f - y and of inputs, pair by pair; NaN for a zero gradient and a zero error', async () => {
    const angles = await pairAngles(context, gram, 3)
    // Residuals (1, 0), (0, -2), (0, 0); inputs (1, 0), (1, 1), (0, 2); pairs 10, 20, 21.
    expect([...angles!.gradients]).toEqual([2 / 6, NaN, NaN])
    expect([...angles!.residuals]).toEqual(
      [-0, NaN, NaN].map((value) => (Number.isNaN(value) ? NaN : (expect.closeTo(value, 15) as number))),
    )
    expect([...angles!.inputs].map((value) => Number(value.toFixed(12)))).toEqual(
      [Math.SQRT1_2, 0, Math.SQRT1_2].map((value) => Number(value.toFixed(12))),
    )
  })
  test('are those of the first sixteen samples at most', async () => {
    const many = 40
    const rows = { count: many, labels: null, inputs: new Float64Array(2 * many).fill(1), targets: new Float64Array(2 * many) }
    const wide = {
      ...probe,
      loss: () => Promise.resolve({ loss: 0, perSample: new Float64Array(16), outputs: new Float64Array(32).fill(1), accuracy: null }),
    }
    const angles = await pairAngles({ ...context, train: rows, probes: [wide] }, new Float64Array(many * many).fill(1), many)
    expect(angles!.gradients).toHaveLength(120)
    expect([...angles!.residuals].every((value) => Math.abs(value - 1) < 1e-12)).toBe(true)
  })
  test('are not asked where nothing is claimed: other losses, bends, norms, skips, one layer', async () => {
    expect(await pairAngles({ ...context, loss: { kind: 'softmaxCrossEntropy', reduction: 'mean' } }, gram, 3)).toBeNull()
    expect(await pairAngles({ ...context, train: undefined }, gram, 3)).toBeNull()
    for (const model of [
      { activation: 'tanh' },
      { outputActivation: 'tanh' },
      { norm: 'layer' },
      { depth: 4, skipSpan: 1 },
      { depth: 1 },
    ] as const)
      expect(await pairAngles({ ...context, spec: specOf(model) }, gram, 3)).toBeNull()
  })
})
