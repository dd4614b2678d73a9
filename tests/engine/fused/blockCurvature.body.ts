// What the fused kernels say about curvature and kernels of networks with layer norms and skips, against float64.
//
// Every combination of norm, span and placement. A span is a number of the kernels, so three of them share what compiles slowly; each
// network has an activation, a head and a tile of its own. Width 6 leaves two columns of padding that a row's mean must not see. Compared
// with 1e-5 of the largest entry, as for plain networks, and part by part, where a wrong gamma would drown among the weights.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Probe, SampleSet } from '../../../src/core/probe.ts'
import type { NoGpu, OpenedDevice } from '../../../src/engine/device.ts'
import { partsOf } from '../../../src/engine/fused/layout.ts'
import { liveFusedBytes } from '../../../src/engine/fused/ownedBuffers.ts'
import { relativeError } from '../reference/closeness.ts'
import { normals, samples } from '../reference/problems.ts'
import type { Blocks } from './blocks.ts'
import { probeFixture, type ProbeFixture, type ProbeProblem } from './probeFixture.ts'
import { stack } from './trainingFixture.ts'

const CLOSE = 1e-5
/** Of a part's own largest entry: small parts carry the rounding of the large ones. */
const CLOSE_PART = 1e-4

const SPANS = [1, 2, 3]

/** Networks with the blocks that each is given. */
const CASES: readonly (readonly [string, ProbeProblem, readonly Blocks[]])[] = [
  ['tanh', { widths: stack(4, 6, 5, 3), choices: { activation: 'tanh' }, gain: 1.3 }, [{ norm: true, span: 0 }]],
  [
    'relus, without biases, softmax',
    {
      widths: stack(8, 9, 6, 4),
      choices: { activation: 'relu', bias: false, loss: { kind: 'softmaxCrossEntropy', reduction: 'sum' } },
      gain: 1.3,
      tile: { rows: 4, rowsPerThread: 2 },
    },
    SPANS.map((span) => ({ norm: true, span, placement: 'postAct' })),
  ],
  [
    'tanh, 3 tanh at the output',
    {
      widths: stack(8, 6, 5, 3),
      choices: { activation: 'tanh', outputActivation: 'tanh3' },
      gain: 1.2,
      tile: { rows: 16, rowsPerThread: 4 },
    },
    SPANS.map((span) => ({ norm: false, span, placement: 'postAct' })),
  ],
  [
    'elu',
    { widths: stack(8, 6, 5, 3), choices: { activation: 'elu' }, gain: 1.3, tile: { rows: 2, rowsPerThread: 1 } },
    SPANS.map((span) => ({ norm: false, span, placement: 'preAct' })),
  ],
  [
    'sigmoids, logistic loss',
    { widths: stack(8, 6, 5, 3), choices: { activation: 'sigmoid', loss: { kind: 'logistic', reduction: 'mean' } }, gain: 1.5 },
    [
      ...SPANS.map((span) => ({ norm: true, span, placement: 'preAct' as const })),
      // A branch that counts nothing.
      { norm: true, span: 2, placement: 'preAct', branchScale: 0 },
    ],
  ],
  [
    'swish, NTK scaling, biases of half size, tanh at the output',
    {
      widths: stack(8, 6, 5, 3),
      choices: { activation: 'swish', outputActivation: 'tanh', ntk: true, biasScale: 0.5 },
      gain: 1.4,
      tile: { rows: 8, rowsPerThread: 2 },
    },
    SPANS.map((span) => ({ norm: true, span, placement: 'postAct' })),
  ],
]
const [NORMED] = CASES
const BOTH = CASES[CASES.length - 1]

/** One line for each network and its blocks. */
const NETWORKS = CASES.flatMap(([name, problem, given]) =>
  given.map((blocks) => {
    const { norm, span, placement = 'none', branchScale = 0.5 } = blocks
    return [
      `${name}; ${norm ? 'layer norm' : 'no norm'}, skips of span ${span} (${placement}, ${branchScale})`,
      { ...problem, blocks },
    ] as const
  }),
)

/**
 * Deep norms whose numbers lie far from 1.
 *
 * Arguments of 1e9 before the norms and gammas that take four orders of magnitude of a delta each, with skips that do not carry it past
 * them; and gammas of 1e9, after which a tile has an exponent before its norm.
 */
const FAR: readonly (readonly [string, Pick<ProbeProblem, 'choices' | 'gain' | 'gammas'>, Blocks])[] = [
  ['small gammas', { choices: { activation: 'tanh' }, gain: 2 ** 30, gammas: 1e-4 }, { norm: true, span: 0 }],
  [
    'small gammas and skips behind the activation',
    { choices: { activation: 'tanh' }, gain: 2 ** 30, gammas: 1e-4 },
    { norm: true, span: 2, placement: 'postAct', scale: 1e-6 },
  ],
  [
    'small gammas and skips before the activation',
    { choices: { activation: 'tanh' }, gain: 2 ** 30, gammas: 1e-4 },
    { norm: true, span: 1, placement: 'preAct', scale: 1e-6 },
  ],
  ['large gammas', { choices: { activation: 'swish' }, gain: 1.3, gammas: 2 ** 30 }, { norm: true, span: 0 }],
]

const set = samples(21, 'probe')
const few: SampleSet = { indices: Int32Array.of(4, 11, 2), from: 'train' }

type Question = (probe: Probe, parameterCount: number) => Promise<Float64Array>
/** Rows [P] that are compared part by part. */
const ROWS: Readonly<Record<string, Question>> = {
  'products with the Hessian of the loss': async (probe, count) => probe.hessianVectors(normals(5 * count, 'v'), 5, set),
  'the product with a single vector': async (probe, count) => probe.hessianVectors(normals(count, 'v'), 1, set),
  'products with the Hessian of an output': async (probe, count) =>
    probe.outputHessianVectors(normals(2 * count, 'v'), 2, set, { sample: 3, output: 1 }),
  'the Jacobian of the outputs': async (probe) => probe.outputJacobian(few),
}
const MATRICES: Readonly<Record<string, Question>> = {
  'the Gram matrix of samples': async (probe) => probe.perSampleGram(set),
  'the tangent kernel': async (probe) => probe.kernelGram(set),
}
const PRODUCTS = 'products with the Hessian of the loss'

/** Largest relative error of any layer's part of rows [count, P], and whose it is. */
function worstPart(
  own: Float64Array,
  wanted: Float64Array,
  { spec, parameterCount }: ProbeFixture,
): { readonly error: number; readonly where: string } {
  let worst = { error: 0, where: '' }
  for (const { layer, part, start, end } of partsOf(spec)) {
    const partOf = (values: Float64Array): number[] =>
      Array.from({ length: values.length / parameterCount }, (_, v) => [
        ...values.subarray(v * parameterCount + start, v * parameterCount + end),
      ]).flat()
    const [ownPart, wantedPart] = [partOf(own), partOf(wanted)]
    // Where float64 finds nothing but rounding (a bias before a norm's mean), float32 must find next to nothing.
    const isZero = Math.max(...wantedPart.map(Math.abs)) < 1e-12
    const error = isZero ? CLOSE_PART * 1e6 * Math.max(...ownPart.map(Math.abs)) : relativeError(ownPart, wantedPart)
    if (!(error <= worst.error)) worst = { error, where: `part ${part} of layer ${layer}` }
  }
  return worst
}

/**
 * Registers the tests; `open` is asked once.
 *
 * @param some fewer networks and questions, where another environment asked them all.
 */
export function blockCurvatureTests(open: () => Promise<OpenedDevice | NoGpu>, some: 'all' | 'some' = 'all'): void {
  vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
  let opened: OpenedDevice
  beforeAll(async () => {
    const answer = await open()
    if (answer.type === 'noGpu') throw new Error(answer.reason)
    opened = answer
  })
  afterAll(() => {
    expect(opened.health.fault).toBeNull()
    expect(liveFusedBytes()).toBe(0)
    opened.device.destroy()
  })

  const fixtureOf = (problem: ProbeProblem): (() => ProbeFixture) => {
    let fixture: ProbeFixture
    beforeAll(() => {
      fixture = probeFixture(opened, problem)
    })
    afterAll(() => fixture.destroy())
    return () => fixture
  }

  const networks = some === 'all' ? NETWORKS : NETWORKS.slice(-1)
  describe.each(networks)('a fused probe of a network of %s', (_name, problem) => {
    const fixture = fixtureOf(problem)
    const { blocks, choices } = problem
    // Other heads and single vectors compile other kernels, for which networks with an output activation stand.
    const rows = choices?.outputActivation === undefined ? [PRODUCTS] : Object.keys(ROWS)
    const matrices = blocks.norm ? Object.keys(MATRICES) : []
    test('has no unit so near its gate that float32 and float64 could differ', async () => {
      for (const layer of await fixture().reference.preactivations(set)) {
        for (const z of layer) expect(Math.abs(z)).toBeGreaterThan(1e-6)
      }
    })
    test.each([...rows, ...matrices])('measures %s as float64 does', async (question) => {
      const { probe, reference, parameterCount } = fixture()
      const ask = ROWS[question] ?? MATRICES[question]
      const [own, wanted] = [await ask(probe, parameterCount), await ask(reference, parameterCount)]
      expect(relativeError(own, wanted)).toBeLessThan(CLOSE)
      const { error, where } = question in ROWS ? worstPart(own, wanted, fixture()) : { error: 0, where: '' }
      expect(error, `at ${where}`).toBeLessThan(CLOSE_PART)
      // Answers of the CPU would be these very numbers.
      expect(own).not.toEqual(wanted)
    })
  })

  const tiles =
    some === 'all'
      ? [
          { rows: 4, rowsPerThread: 4 },
          { rows: 16, rowsPerThread: 2 },
        ]
      : []
  describe.each(tiles)('a fused probe in tiles of $rows rows, $rowsPerThread a thread', (tile) => {
    // The smaller ones with little room: 8 rows and two vectors at a time, samples of a kernel in unions of blocks, short submits.
    const budget = tile.rows === 4 ? { operations: 10_000, bytes: 6000 } : undefined
    const fixture = fixtureOf({ ...BOTH[1], blocks: BOTH[2][1], tile, budget })
    test('measures products and matrices as float64 does', async () => {
      const { probe, reference, parameterCount } = fixture()
      for (const ask of [ROWS[PRODUCTS], ...Object.values(MATRICES)]) {
        expect(relativeError(await ask(probe, parameterCount), await ask(reference, parameterCount))).toBeLessThan(CLOSE)
      }
    })
  })

  describe('a fused probe of a network with layer norm', () => {
    const fixture = fixtureOf({ ...NORMED[1], blocks: NORMED[2][0] })
    test('multiplies vectors that live in one part of one layer, of any size', async () => {
      const { probe, reference, parameterCount, spec } = fixture()
      const parts = partsOf(spec).filter(({ layer }) => layer === 1)
      const block = new Float64Array(parts.length * parameterCount)
      const numbers = normals(parameterCount, 'v')
      for (const [v, { part, start, end }] of parts.entries()) {
        const size = part % 2 === 0 ? 1e-60 : 1e40
        for (let i = start; i < end; i++) block[v * parameterCount + i] = size * numbers[i]
      }
      const [own, wanted] = [await probe.hessianVectors(block, parts.length, few), await reference.hessianVectors(block, parts.length, few)]
      for (const v of parts.keys()) {
        const rowOf = (values: Float64Array): Float64Array => values.subarray(v * parameterCount, (v + 1) * parameterCount)
        expect(relativeError(rowOf(own), rowOf(wanted)), `part ${v}`).toBeLessThan(CLOSE)
      }
    })
    test('gives the same bits when asked twice', async () => {
      const { probe, parameterCount } = fixture()
      const block = normals(5 * parameterCount, 'again')
      expect(await probe.hessianVectors(block, 5, few)).toEqual(await probe.hessianVectors(block, 5, few))
      expect(await probe.kernelGram(few)).toEqual(await probe.kernelGram(few))
    })
  })

  // Here every exponent of a norm counts.
  describe.each(some === 'all' ? FAR : [])('a fused probe of deep norms far from 1, %s,', (_name, problem, blocks) => {
    const fixture = fixtureOf({ widths: stack(14, 6), ...problem, blocks, samples: 12 })
    const questions: Readonly<Record<string, Question>> = {
      'the gradient': async (probe) => probe.gradient(few),
      'products with the Hessian': async (probe, count) => probe.hessianVectors(normals(2 * count, 'v'), 2, few),
    }
    test.each(Object.keys(questions))('measures %s of every part as float64 does', async (question) => {
      const { probe, reference, parameterCount, spec } = fixture()
      const [own, wanted] = [await questions[question](probe, parameterCount), await questions[question](reference, parameterCount)]
      let smallest = Infinity
      for (const { layer, part, start, end } of partsOf(spec)) {
        // The mean takes a bias before a norm away: what float64 finds there is rounding.
        if (part === 1 && layer < spec.layers.length - 1) continue
        const [ownPart, wantedPart] = [own.subarray(start, end), wanted.subarray(start, end)]
        expect(relativeError(ownPart, wantedPart), `part ${part} of layer ${layer}`).toBeLessThan(CLOSE_PART)
        smallest = Math.min(smallest, Math.max(...wantedPart.map(Math.abs)))
      }
      if (problem.gammas === 1e-4) expect(smallest).toBeLessThan(1e-20)
    })
  })

  // Each block takes two orders of magnitude of a delta: 1e-80 at the first layers. A branch of 1e-18 says nothing of the sizes that a
  // skip sends back, so these need exponents of their own.
  describe.each([0.001, 1e-18])('a fused probe of a deep network whose skips shrink, with branches of %d', (branchScale) => {
    const fixture = fixtureOf({
      widths: stack(42, 6),
      choices: { activation: 'tanh' },
      blocks: { norm: false, span: 1, scale: 0.01, branchScale },
      gain: 1,
      samples: 12,
    })
    test('keeps products with the Hessian far outside float32', async () => {
      const { probe, reference, parameterCount, spec } = fixture()
      const block = normals(2 * parameterCount, 'v')
      const [own, wanted] = [await probe.hessianVectors(block, 2, few), await reference.hessianVectors(block, 2, few)]
      expect(relativeError(own, wanted)).toBeLessThan(CLOSE)
      for (const { layer, part, start, end } of partsOf(spec)) {
        const [ownPart, wantedPart] = [own.subarray(start, end), wanted.subarray(start, end)]
        expect(relativeError(ownPart, wantedPart), `part ${part} of layer ${layer}`).toBeLessThan(CLOSE_PART)
      }
      expect(Math.max(...wanted.subarray(0, partsOf(spec)[0].end).map(Math.abs))).toBeLessThan(1e-70)
    })
  })
}
