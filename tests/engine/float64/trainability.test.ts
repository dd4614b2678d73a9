// Does a deep net train only with batch norm and skips together? The sign of the effect over five seeds.
//
// Source: GC, figure 4; VC, figures 7 and 19, as a relu MLP of width 20 and depth 40 with skips of span 2 on ten Gaussian classes.
import { describe, expect, test } from 'vitest'
import { DEFAULT_MLP } from '../../../src/core/defaults.ts'
import type { ModelSettings } from '../../../src/core/experiment.ts'
import { networkSpec } from '../../../src/core/resolve.ts'
import type { Dataset } from '../../../src/core/dataset.ts'
import { createBatchOrder } from '../../../src/engine/batchOrder.ts'
import { createFloat64Trainer } from '../../../src/engine/float64/float64Trainer.ts'
import { initialWeights } from '../../../src/engine/initialWeights.ts'
import { namedStream } from '../../../src/numerics/streams.ts'
import { datasetOf, optionsOf } from '../reference/problems.ts'

const [DEPTH, INPUTS, CLASSES, COUNT, BATCH, STEPS] = [40, 64, 10, 500, 50, 120]
const SEEDS = [1, 2, 3, 4, 5]

/** Unit clouds around unit centres, at unit variance. */
function classes(seed: number): Dataset {
  const stream = namedStream(seed, 'classes')
  const centres = Float64Array.from({ length: CLASSES * INPUTS }, () => stream.normal())
  const labels = Int32Array.from({ length: COUNT }, () => stream.integer(CLASSES))
  const inputs = Float64Array.from({ length: COUNT * INPUTS }, (_, at) => {
    const centre = centres[labels[Math.floor(at / INPUTS)] * INPUTS + (at % INPUTS)]
    return (centre + stream.normal()) * Math.SQRT1_2
  })
  const targets = new Float64Array(COUNT * CLASSES)
  for (const [row, label] of labels.entries()) targets[row * CLASSES + label] = 1
  return datasetOf(INPUTS, CLASSES, inputs, targets, labels)
}

/** Mean loss of the last ten steps for every seed; NaN where the net diverged. */
async function finalLosses(change: Pick<ModelSettings, 'norm' | 'skipSpan'>): Promise<number[]> {
  const model: ModelSettings = { ...DEFAULT_MLP.model, depth: DEPTH, width: 20, activation: 'relu', branchScale: 1, ...change }
  const finals: number[] = []
  for (const seed of SEEDS) {
    const dataset = classes(seed)
    const spec = networkSpec({ ...DEFAULT_MLP, model, loss: { kind: 'softmaxCrossEntropy', reduction: 'mean' } }, dataset)
    const start = initialWeights(spec, { scheme: 'heNormal', tau: 1, gain: 1 }, model, seed, 0)
    const trainer = createFloat64Trainer(optionsOf(spec, dataset, [start], { kind: 'sgd', lr: 0.1 }))
    const order = createBatchOrder(seed, COUNT, BATCH)
    const { losses } = await trainer.train(Array.from({ length: STEPS }, (_, step) => order.batchAt(step)))
    finals.push(losses.slice(-10).reduce((sum, loss) => sum + loss, 0) / 10)
  }
  return finals
}

describe('an MLP of depth 40', { timeout: 120_000 }, () => {
  test('learns with batch norm and skips', async () => {
    // 0.03 to 0.11 here; a guess costs ln 10 = 2.3.
    for (const loss of await finalLosses({ norm: 'batch', skipSpan: 2 })) expect(loss).toBeLessThan(0.3)
  })
  test('does not learn plainly', async () => {
    for (const loss of await finalLosses({ norm: 'none', skipSpan: 0 })) expect(loss).toBeGreaterThan(1)
  })
  test('does not learn with batch norm alone', async () => {
    for (const loss of await finalLosses({ norm: 'batch', skipSpan: 0 })) expect(loss).toBeGreaterThan(1)
  })
  test('explodes with skips alone', async () => {
    for (const loss of await finalLosses({ norm: 'none', skipSpan: 2 })) expect(loss).toBeNaN()
  })
})
