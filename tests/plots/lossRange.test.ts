// Does the loss axis begin with the data and not with a guess?
import { expect, test } from 'vitest'
import { DEFAULT_MLP } from '../../src/core/defaults.ts'
import { createAxisMemory } from '../../src/plots/axisMemory.ts'
import type { LossPlotData } from '../../src/plots/lossData.ts'
import { lossRange } from '../../src/plots/lossRange.ts'

test('lossRange gives ln 10 at the start one decade of its own, also after a picture without data', () => {
  const memory = createAxisMemory()
  const nothing = { arms: [], evaluations: [], ghosts: [], theory: [], changes: [], levels: [], prediction: null } as const
  const empty: LossPlotData = { ...nothing, totalSteps: DEFAULT_MLP.steps, yScale: 'log' }
  lossRange(memory, empty, [])
  const first = Float64Array.of(Math.log(10))
  const evaluations = [
    { arm: 'A' as const, steps: Float64Array.of(0), trainLoss: first, testLoss: first, trainAccuracy: null, testAccuracy: null },
  ]
  const [low, high] = lossRange(memory, { ...empty, evaluations }, [])
  expect(high).toBeCloseTo(10, 9)
  expect(low).toBeCloseTo(0.1, 9)
})
