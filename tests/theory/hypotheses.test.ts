// Is every condition ticked where it holds, crossed where it is broken, and judged rightly exactly at its boundary?
import { describe, expect, test } from 'vitest'
import { DEFAULT_EXPERIMENT, DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { Experiment } from '../../src/core/experiment.ts'
import { digamma } from '../../src/numerics/specialFunctions.ts'
import { batchSumCurves } from '../../src/theory/batchSumCurves.ts'
import { theoryFor } from '../../src/theory/curvesFor.ts'
import { expectedBatchSizeBound } from '../../src/theory/diversityExpectation.ts'
import { runFacts, type MeasuredFacts, type RunFacts } from '../../src/theory/runFacts.ts'
import { shallowCurves } from '../../src/theory/shallowCurves.ts'

const chain: Experiment = { ...DEFAULT_EXPERIMENT, versus: null }
const linear: Experiment = {
  ...DEFAULT_MLP,
  model: { ...DEFAULT_MLP.model, activation: 'identity', bias: false, depth: 3, width: 16 },
  init: { scheme: 'unitNormal', tau: 1, gain: 1 },
  data: { ...DEFAULT_MLP.data, kind: 'teacher', inputs: 8, outputs: 1, trainCount: 500 },
  loss: { kind: 'squaredError', reduction: 'mean' },
  optimizer: { ...DEFAULT_MLP.optimizer, kind: 'sgd', lr: 0.01 },
  batch: 500,
}
const relu: Experiment = { ...linear, model: { ...linear.model, activation: 'relu' }, init: { ...linear.init, scheme: 'heNormal' } }
const regression: Experiment = { ...linear, model: { ...linear.model, depth: 1 }, optimizer: { ...linear.optimizer, lr: 1e-4 }, batch: 1 }
const orthogonal: Experiment = { ...linear, init: { ...linear.init, scheme: 'orthogonal' } }
const ntk: Experiment = { ...linear, model: { ...linear.model, depth: 2, parameterization: 'ntk' } }
const KERNEL = { steps: [0, 10], lower: [0.5, 0.4], upper: [4, 4] }
const POINT = { inputWidth: 1, outputWidth: 1, imageShape: null, trainCount: 1 }

interface Case {
  readonly arm: Experiment
  readonly measured?: MeasuredFacts
  /** Of the facts, where no experiment has them. */
  readonly facts?: Partial<RunFacts>
  readonly outputs?: number
  readonly trainCount?: number
}
type Verdict = boolean | 'unknown'

function factsOf({ arm, measured = {}, facts = {}, outputs = 1, trainCount = arm.data.trainCount }: Case): RunFacts {
  const shape = arm.model.kind === 'chain' ? POINT : { inputWidth: 8, outputWidth: outputs, imageShape: null, trainCount }
  return { ...runFacts(arm, shape, null, measured), ...facts }
}
function verdictOf(id: string, text: string, own: Case): Verdict {
  const curve = theoryFor(factsOf(own)).find((candidate) => candidate.id === id)
  if (curve === undefined) throw new Error(`no curve ${id}`)
  const found = curve.hypotheses.filter((hypothesis) => hypothesis.text.startsWith(text))
  if (found.length !== 1) throw new Error(`${found.length} conditions "${text}" among ${curve.hypotheses.map((h) => h.text).join('; ')}`)
  return found[0].holds
}
const model = (arm: Experiment, change: Partial<Experiment['model']>): Experiment => ({ ...arm, model: { ...arm.model, ...change } })
const init = (arm: Experiment, change: Partial<Experiment['init']>): Experiment => ({ ...arm, init: { ...arm.init, ...change } })
const lr = (arm: Experiment, rate: number): Experiment => ({ ...arm, optimizer: { ...arm.optimizer, lr: rate } })
const kind = (arm: Experiment, name: Experiment['optimizer']['kind']): Experiment => ({
  ...arm,
  optimizer: { ...arm.optimizer, kind: name },
})
const data = (arm: Experiment, change: Partial<Experiment['data']>): Experiment => ({ ...arm, data: { ...arm.data, ...change } })
const SEEN: MeasuredFacts = { initialTrainLoss: 1, outputGradientSquare: { min: 2, max: 4 }, confusion: 0.5 }
const certified: MeasuredFacts = { kernel: KERNEL, initialLoss: 2, lambdaMax: 50 }
const whole: Experiment = data({ ...linear, batch: 64, diagnostics: { ...linear.diagnostics, probeCount: 64 } }, { trainCount: 64 })
const equal: Experiment = init(model(chain, { depth: 6 }), { scheme: 'constant', tau: 0.7 })
const moments = (traceS: number, crossSquare: number) => ({
  traceS,
  traceSS: traceS * traceS,
  crossSquare,
  meanInputSquare: traceS,
  meanTargetSquare: crossSquare,
})
const BALL = { steps: [0, 1], lipschitz: [2, 2], distance: [0, 1], residual: 3, kernelNorm: 4, rows: 20 }

/** Curve, beginning of the condition, where it holds, where it is broken, and the boundary with its verdict. */
const CASES: readonly (readonly [string, string, Case, Case, Case, Verdict])[] = [
  [
    'chain.gradientMedian',
    'weights as drawn',
    { arm: chain, measured: { step: 0 } },
    { arm: chain, measured: { step: 1 } },
    { arm: chain },
    'unknown',
  ],
  [
    'chain.gradientSlope',
    'tau < e',
    { arm: init(chain, { tau: 2.7 }) },
    { arm: init(chain, { tau: 2.8 }) },
    { arm: init(chain, { tau: Math.E }) },
    false,
  ],
  [
    'chain.gradientSlope',
    'E ln|w| < 0',
    { arm: init(chain, { scheme: 'unitNormal' }) },
    { arm: chain, facts: { laws: Array.from({ length: 24 }, () => ({ family: 'normal' as const, variance: 9, kurtosis: 3 })) } },
    // exp(-psi(1/2))/2, the variance of a normal weight whose logarithm has mean 0.
    {
      arm: chain,
      facts: {
        laws: Array.from({ length: 24 }, () => ({ family: 'normal' as const, variance: Math.exp(-digamma(0.5)) / 2, kurtosis: 3 })),
      },
    },
    false,
  ],
  [
    'chain.lossLowerBound',
    'one sample with x = y = 1',
    { arm: equal, facts: { data: moments(1, 1) } },
    { arm: equal, facts: { data: moments(4, 4) } },
    { arm: equal, facts: { data: moments(1, 1.21) } },
    false,
  ],
  [
    'mlp.orthogonalGradient',
    'no biases',
    { arm: orthogonal, measured: { residualInputNorm: 1 } },
    { arm: model(orthogonal, { bias: true }), measured: { residualInputNorm: 1 } },
    { arm: orthogonal, measured: { residualInputNorm: 1e-300 } },
    true,
  ],
  [
    'mlp.orthogonalGradient',
    'inputs and outputs fit',
    { arm: orthogonal, measured: { residualInputNorm: 1 } },
    { arm: orthogonal, outputs: 17, measured: { residualInputNorm: 1 } },
    { arm: orthogonal, outputs: 16, measured: { residualInputNorm: 1 } },
    true,
  ],
  [
    'mlp.orthogonalCosine',
    'inputs and outputs fit',
    { arm: orthogonal },
    { arm: model(orthogonal, { width: 7 }) },
    { arm: model(orthogonal, { width: 8 }) },
    true,
  ],
  [
    'mlp.orthogonalCosine',
    'no biases',
    { arm: orthogonal },
    { arm: model(orthogonal, { bias: true }) },
    { arm: model(orthogonal, { depth: 2 }) },
    true,
  ],
  [
    'mlp.orthogonalCosine',
    'weights as drawn',
    { arm: orthogonal, measured: { step: 0 } },
    { arm: orthogonal, measured: { step: 1 } },
    { arm: orthogonal },
    'unknown',
  ],
  [
    'mlp.gradientRate',
    'p d sigma^2 <= 1',
    { arm: init(relu, { scheme: 'lecunNormal' }) },
    { arm: init(relu, { scheme: 'uniform', tau: 2.5 }) },
    { arm: init(model(relu, { width: 49 }), { scheme: 'uniform', tau: Math.sqrt(6) }) },
    true,
  ],
  [
    'mlp.gradientRate',
    'width >= depth',
    { arm: model(linear, { depth: 15 }) },
    { arm: model(linear, { depth: 17 }) },
    { arm: model(linear, { depth: 16 }) },
    true,
  ],
  // (1 - 2^-8)^2 = 0.9922, ^3 = 0.9883.
  [
    'mlp.gradientRate',
    'no layer is dead',
    { arm: relu },
    { arm: model(relu, { width: 3 }) },
    { arm: model(relu, { width: 8, depth: 4 }) },
    false,
  ],
  [
    'mlp.gradientRate',
    'no layer is dead',
    { arm: relu },
    { arm: model(relu, { width: 8, depth: 4 }) },
    { arm: model(relu, { width: 8, depth: 3 }) },
    true,
  ],
  [
    'mlp.forwardTypical',
    'no layer is dead',
    { arm: relu },
    { arm: model(relu, { width: 8, depth: 4 }) },
    { arm: model(relu, { width: 8, depth: 3 }) },
    true,
  ],
  [
    'mlp.signalSpread',
    'no layer is dead',
    { arm: relu },
    { arm: model(relu, { width: 8, depth: 4 }) },
    { arm: model(relu, { width: 8, depth: 3 }) },
    true,
  ],
  [
    'relu.deadByDepth',
    'symmetric weights',
    { arm: relu },
    { arm: init(relu, { scheme: 'constant', tau: 1 }) },
    { arm: init(relu, { scheme: 'orthogonal' }) },
    true,
  ],
  [
    'relu.deadByDepth',
    'all hidden layers equally wide',
    { arm: relu },
    { arm: relu, facts: { widths: [8, 16, 15, 1] } },
    { arm: model(relu, { depth: 2 }) },
    true,
  ],
  [
    'budget.widthByDepth',
    'all hidden layers equally wide',
    { arm: linear },
    { arm: linear, facts: { widths: [8, 16, 15, 1] } },
    { arm: model(linear, { depth: 2 }) },
    true,
  ],
  ['budget.widthByDepth', 'no biases', { arm: linear }, { arm: model(linear, { bias: true }) }, { arm: model(linear, { depth: 2 }) }, true],
  [
    'diversity.batchSizeBound',
    'weights N(0, 1)',
    { arm: linear },
    { arm: init(linear, { scheme: 'heNormal' }) },
    { arm: init(linear, { scheme: 'uniform', tau: Math.sqrt(3 * 16) }) },
    false,
  ],
  [
    'diversity.batchSizeBound',
    'no biases',
    { arm: linear },
    { arm: model(linear, { bias: true }) },
    { arm: model(linear, { depth: 1 }) },
    true,
  ],
  ['diversity.batchSizeBound', 'one output', { arm: linear }, { arm: linear, outputs: 3 }, { arm: linear, outputs: 2 }, false],
  [
    'diversity.batchSizeBound',
    'at most four layers',
    { arm: linear },
    { arm: model(linear, { depth: 5 }) },
    { arm: model(linear, { depth: 4 }) },
    true,
  ],
  [
    'diversity.batchSizeBound',
    'a teacher of the same shape',
    { arm: linear },
    { arm: data(linear, { kind: 'gaussian' }) },
    { arm: linear },
    'unknown',
  ],
  [
    'mlp.forwardSquare',
    'biases still 0',
    { arm: linear },
    { arm: linear },
    { arm: model(linear, { bias: true }), measured: { step: 0 } },
    true,
  ],
  [
    'mlp.forwardSquare',
    'biases still 0',
    { arm: linear },
    { arm: linear },
    { arm: model(linear, { bias: true }), measured: { step: 1 } },
    'unknown',
  ],
  [
    'mlp.signalTail',
    'the signal of one sample',
    { arm: relu, facts: { probeCount: 1 } },
    { arm: relu },
    { arm: relu, facts: { probeCount: 2 } },
    false,
  ],
  [
    'mlp.signalSpread',
    'the signal of one sample',
    { arm: linear, facts: { probeCount: 1 } },
    { arm: linear },
    { arm: linear, facts: { probeCount: 2 } },
    false,
  ],
  [
    'skip.forwardSquare',
    'linear branches',
    { arm: model(linear, { skipSpan: 1 }) },
    { arm: model(relu, { skipSpan: 1 }) },
    { arm: model(linear, { skipSpan: 2, depth: 5 }) },
    true,
  ],
  [
    'kernel.driftByWidth',
    'NTK parameterization',
    { arm: ntk, measured: { drift: 1 } },
    { arm: model(ntk, { parameterization: 'standard' }), measured: { drift: 1 } },
    { arm: model(ntk, { width: 1 }), measured: { drift: 1 } },
    true,
  ],
  [
    'kernel.driftByWidth',
    'linear output',
    { arm: ntk, measured: { drift: 1 } },
    { arm: model(ntk, { outputActivation: 'swish' }), measured: { drift: 1 } },
    { arm: model(ntk, { outputActivation: 'relu' }), measured: { drift: 1 } },
    false,
  ],
  [
    'kernel.outputHessianByWidth',
    'one hidden layer',
    { arm: ntk, measured: { outputHessianNorm: 1 } },
    { arm: model(ntk, { depth: 4 }), measured: { outputHessianNorm: 1 } },
    { arm: model(ntk, { depth: 3 }), measured: { outputHessianNorm: 1 } },
    false,
  ],
  [
    'kernel.lossUpperBound',
    'full-batch gradient descent',
    { arm: whole, measured: certified },
    { arm: kind(whole, 'adam'), measured: certified },
    { arm: { ...whole, batch: 63 }, measured: certified },
    false,
  ],
  [
    'kernel.lossUpperBound',
    'full-batch gradient descent',
    { arm: { ...whole, batch: 900 }, measured: certified },
    { arm: kind(whole, 'momentum'), measured: certified },
    { arm: { ...whole, batch: 64 }, measured: certified },
    true,
  ],
  [
    'kernel.lossUpperBound',
    'kernel measured on the whole',
    { arm: whole, measured: certified },
    { arm: linear, measured: certified },
    { arm: data({ ...whole, batch: 65 }, { trainCount: 65 }), measured: certified },
    false,
  ],
  [
    'kernel.lossUpperBound',
    'lr <= 1/lambda_max',
    { arm: lr(whole, 0.015), measured: certified },
    { arm: lr(whole, 0.03), measured: certified },
    { arm: lr(whole, 0.02), measured: certified },
    true,
  ],
  [
    'kernel.lossUpperBound',
    'lambda_min(K) > 0',
    { arm: whole, measured: certified },
    { arm: whole, measured: { ...certified, kernel: { ...KERNEL, lower: [0.5, -1e-9] } } },
    { arm: whole, measured: { ...certified, kernel: { ...KERNEL, lower: [0.5, 0] } } },
    false,
  ],
  [
    'kernel.driftBound',
    'smooth activation',
    { arm: model(linear, { activation: 'tanh' }), measured: { ball: { ...BALL, curvature: 1 } } },
    { arm: relu, measured: { ball: { ...BALL, curvature: 1 } } },
    { arm: model(linear, { activation: 'softplus' }), measured: { ball: { ...BALL, curvature: 1 } } },
    true,
  ],
  [
    'kernel.driftBound',
    '|H| ',
    { arm: model(ntk, { activation: 'tanh', outputWeights: 'signs' }), measured: { ball: { ...BALL, reach: 1 } } },
    { arm: model(relu, { width: 4 }), measured: { ball: { ...BALL, curvature: 1 } } },
    { arm: model(ntk, { activation: 'tanh' }), measured: { ball: { ...BALL, reach: 1, curvature: 1 } } },
    'unknown',
  ],
  [
    'sgd.confusionBound',
    'batches of one sample',
    { arm: regression, measured: SEEN },
    { arm: { ...regression, batch: 9 }, measured: SEEN },
    { arm: { ...regression, batch: 2 }, measured: SEEN },
    false,
  ],
  [
    'sgd.confusionBound',
    'plain SGD',
    { arm: regression, measured: SEEN },
    { arm: kind(regression, 'adam'), measured: SEEN },
    { arm: kind(regression, 'momentum'), measured: SEEN },
    false,
  ],
  [
    'sgd.confusionBound',
    'no bias',
    { arm: regression, measured: SEEN },
    { arm: model(regression, { bias: true }), measured: SEEN },
    { arm: model(regression, { width: 1 }), measured: SEEN },
    true,
  ],
  [
    'sgd.confusionBound',
    'as many weights as samples',
    { arm: regression, trainCount: 7, measured: SEEN },
    { arm: regression, trainCount: 9, measured: SEEN },
    { arm: regression, trainCount: 8, measured: SEEN },
    true,
  ],
  [
    'sgd.confusionBound',
    '|x|^2 and eta of the whole',
    { arm: regression, trainCount: 63, measured: SEEN },
    { arm: regression, trainCount: 65, measured: SEEN },
    { arm: regression, trainCount: 64, measured: SEEN },
    true,
  ],
  ['hessian.stabilityLine', 'full-batch steps', { arm: whole }, { arm: { ...whole, batch: 63 } }, { arm: { ...whole, batch: 64 } }, true],
  [
    'hessian.stabilityLine',
    'lambda_max below',
    { arm: linear, measured: { lambdaMax: 199 } },
    { arm: linear, measured: { lambdaMax: 201 } },
    { arm: linear, measured: { lambdaMax: 200 } },
    true,
  ],
  [
    'hessian.stabilityLine',
    'lambda_max of the preconditioned',
    { arm: kind(linear, 'rmsprop'), measured: { preconditionedLambdaMax: 199 } },
    { arm: kind(linear, 'rmsprop'), measured: { preconditionedLambdaMax: 201 } },
    { arm: kind(linear, 'rmsprop'), measured: { lambdaMax: 1 } },
    'unknown',
  ],
]
/** Nothing can break them: they are never decided, or by construction. */
const NEVER_BROKEN = new Set(['biases still 0', '|H| ', 'a teacher of the same shape'])

describe('every condition', () => {
  test.each(CASES)('%s, %s: holds, is broken, and has its boundary', (id, text, holds, broken, boundary, verdict) => {
    if (text !== 'a teacher of the same shape') expect(verdictOf(id, text, holds)).toBe(true)
    if (text === 'a teacher of the same shape' || !NEVER_BROKEN.has(text)) expect(verdictOf(id, text, broken)).toBe(false)
    expect(verdictOf(id, text, boundary)).toBe(verdict)
  })

  test('many samples: from ten times n Delta on', () => {
    const bound = (n: number) => expectedBatchSizeBound(n, 8, [16, 16])
    const boundary = Array.from({ length: 256 }, (_, n) => n + 2).find((n) => n > 10 * bound(n))!
    for (const [n, holds] of [
      [boundary - 1, false],
      [boundary, true],
    ] as const)
      expect(verdictOf('diversity.lowerBoundByWidth', 'many samples', { arm: linear, facts: { probeCount: n } })).toBe(holds)
  })

  test('of the shallow network: its limit is for weights as drawn', () => {
    const network = { inputs: Float64Array.of(1), weights: Float64Array.of(0.5), signs: Float64Array.of(1) }
    for (const isStart of [true, false]) {
      const limit = shallowCurves(network, 'tanh', 'identity', isStart).find(({ id }) => id === 'kernel.shallowLimit')!
      expect(limit.hypotheses.at(-1)!.holds).toBe(isStart)
      expect(limit.hypotheses[0].holds).toBe(true)
    }
  })

  test('of batch sums: samples that share a norm break both, and drawing with replacement is never what was done', () => {
    const sums = { sizes: Float64Array.of(1), means: Float64Array.of(1), stderrs: Float64Array.of(0), draws: 1, meanSquare: 1 }
    for (const coupled of [true, false]) {
      const [without, again] = batchSumCurves(sums, 10, 0.5, coupled)
      expect(without.hypotheses.map(({ holds }) => holds)).toEqual([!coupled, true])
      expect(again.hypotheses.map(({ holds }) => holds)).toEqual([!coupled, false])
    }
  })

  test('has a case here', () => {
    const covered = new Set(CASES.map(([id, text]) => `${id}|${text}`))
    const texts = CASES.map(([, text]) => text)
    const others = [
      'independent symmetric weights',
      'uniform weights',
      'linear network, normal weights',
      'equal weights 0 < w0 < 1',
      'gradient descent without momentum',
      'gradients have no common direction',
      'half squared error',
      'many samples',
      'inputs spread evenly',
      'zeros at the border',
      'eps far below',
      'L_F on the way',
      'lr < 2/(N S)',
      'the sample points in no special direction',
    ]
    const arms: readonly Case[] = [
      ...CASES.flatMap(([, , holds, broken, boundary]) => [holds, broken, boundary]),
      { arm: kind(equal, 'rmsprop') },
      { arm: init(relu, { scheme: 'uniform' }) },
    ]
    const unknown = arms
      .flatMap((own) => theoryFor(factsOf(own)).flatMap(({ hypotheses }) => hypotheses.map(({ text }) => text)))
      .filter((text) => ![...texts, ...others].some((known) => text.startsWith(known)))
    expect([...new Set(unknown)]).toEqual([])
    expect(covered.size).toBeGreaterThan(40)
  })
})
