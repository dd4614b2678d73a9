// Does theory answer for any run that can be set, without a throw and without a number that is none?
import { expect, test } from 'vitest'
import { DEFAULT_EXPERIMENT, DEFAULT_MLP } from '../../src/core/defaults.ts'
import { activationSchema, experimentSchema, type Experiment } from '../../src/core/experiment.ts'
import { dataShape } from '../../src/core/footprint.ts'
import { namedStream } from '../../src/numerics/streams.ts'
import { theoryFor } from '../../src/theory/curvesFor.ts'
import { runFacts, type MeasuredFacts } from '../../src/theory/runFacts.ts'

const { entries } = experimentSchema
const SCHEMES = entries.init.entries.scheme.options
const KINDS = ['teacher', 'linearTeacher', 'gaussian', 'sphere', 'point', 'line', 'mixture'] as const

test('theoryFor answers 3000 random runs, small and extreme (seed 731)', () => {
  const stream = namedStream(731, 'runs')
  const one = <Value>(values: readonly Value[]): Value => values[stream.integer(values.length)]
  for (let draw = 0; draw < 3000; draw++) {
    const base = one([DEFAULT_EXPERIMENT, DEFAULT_MLP, DEFAULT_MLP])
    const isChain = base.model.kind === 'chain'
    const arm: Experiment = {
      ...base,
      model: {
        ...base.model,
        depth: one([1, 2, 3, 4, 17, 200]),
        width: one([1, 2, 3, 16, 64]),
        activation: one(activationSchema.options),
        outputActivation: one(activationSchema.options),
        bias: one([true, false]),
        parameterization: one(['standard', 'ntk'] as const),
        outputWeights: one(['trained', 'signs'] as const),
        norm: one(['none', 'none', 'batch', 'layer'] as const),
        skipSpan: one([0, 0, 1]),
      },
      init: { scheme: one(SCHEMES), tau: one([0.1, 1, Math.sqrt(3), Math.E, 5]), gain: one([0.5, 1]) },
      data: {
        ...base.data,
        kind: isChain ? one(['point', 'line'] as const) : one(KINDS),
        inputs: one([1, 2, 9]),
        outputs: one([1, 3]),
        trainCount: one([1, 2, 40]),
      },
      loss: { kind: one(['squaredError', 'squaredError', 'softmaxCrossEntropy'] as const), reduction: one(['mean', 'sum'] as const) },
      optimizer: {
        ...base.optimizer,
        kind: one(['sgd', 'momentum', 'nesterov', 'rmsprop', 'adam', 'perturbed'] as const),
        lr: one([1e-6, 0.1, 10]),
      },
      batch: one([1, 40]),
      versus: null,
    }
    const size = one([0, 1e-12, 1, 1e6])
    const data = one([
      null,
      { traceS: size, traceSS: size * size, crossSquare: one([0, size]), meanInputSquare: size, meanTargetSquare: 1 },
    ])
    const measured: MeasuredFacts = one([
      {},
      { step: 0 },
      {
        step: 5,
        lambdaMax: one([-1, 0, 1e9]),
        kernel: { steps: [0, 5], lower: [0, one([-1e-20, 2])], upper: [one([0, 1]), 3] },
        initialLoss: one([0, 1]),
        initialTrainLoss: 1,
        drift: one([0, 2]),
        residualInputNorm: one([1e-30, 1]),
        outputGradientSquare: { min: one([0, 1]), max: 2 },
        confusion: one([0, 1]),
        outputHessianNorm: one([0, 1]),
        ball: {
          steps: [0, 5],
          lipschitz: [one([0, 1]), 2],
          distance: [0, 1],
          residual: one([0, 1]),
          kernelNorm: one([0, 1]),
          rows: 2,
          curvature: one([0, 1]),
          reach: one([0, 1]),
        },
      },
    ])
    const shape = { ...dataShape(arm.data), trainCount: arm.data.trainCount }
    const said = JSON.stringify({ draw, model: arm.model, init: arm.init, data: arm.data.kind, loss: arm.loss, measured, moments: data })
    let curves: ReturnType<typeof theoryFor>
    try {
      curves = theoryFor(runFacts(arm, shape, data, measured))
    } catch (error) {
      throw new Error(`${String(error)} for ${said}`, { cause: error })
    }
    expect(new Set(curves.map(({ id }) => id)).size).toBe(curves.length)
    for (const { id, x, y } of curves) {
      if (y.some(Number.isNaN) || x.some(Number.isNaN)) throw new Error(`${id} is not a number for ${said}`)
      expect(x.length).toBe(y.length)
    }
  }
}, 120_000)
