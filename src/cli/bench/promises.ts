// Do the instruments cost what was promised? Each promise as one ratio, with its bound beside it; printed, never judged.
import { perSampleGramOf } from '../../diagnostics/extendedGram.ts'
import { namedStream } from '../../numerics/streams.ts'
import type { SampleSet } from '../../core/probe.ts'
import type { Arm } from '../../runtime/arm.ts'
import { isWanted } from './benchArguments.ts'
import type { BenchTable, Cell } from './benchTable.ts'
import { figureOf, ratioOf } from './figures.ts'
import type { EngineName } from './openEngines.ts'
import { dataOf, lessonExperiment, openArm } from './presetArms.ts'
import type { BenchContext } from './section.ts'
import { interleavedUnevenly, repeated, type TimedCase } from './timing.ts'

/** Samples of every promise; a training step then has as many. */
const SAMPLES = 128
const VECTORS = 8
const PAIRS = 100

/** The promises on the image network, on every engine that this machine has. */
export async function promisesTable(context: BenchContext): Promise<BenchTable> {
  const rows: Cell[][] = []
  const experiment = lessonExperiment('fashion')
  const dataset = await dataOf(experiment)
  for (const engine of ['float64', 'network', 'fused'] as const) {
    const name = `promises on ${engine}`
    if (!isWanted(context.options, name)) continue
    context.progress(name)
    const arm = await openArm({ ...experiment, batch: SAMPLES }, 'A', dataset, engine, context.gpu)
    if (arm === null) continue
    try {
      rows.push(...(await promiseRows(arm, engine, context)))
    } finally {
      await arm.trainer.dispose()
    }
  }
  return {
    title: `The promises, on the network of the preset fashion with ${SAMPLES} samples`,
    columns: ['question', 'engine', 'time', 'against', 'ratio', 'promised'],
    rows,
    notes: [
      'A training gradient is `Probe.gradient` with its readback of all weights; a training step reads back its loss only. Ratios round by round.',
      'The promise of layer norms at 5 % of a step is about those that the step tells of its own batch, in the table before; the rows here are passes over the probe set.',
    ],
  }
}

async function promiseRows(arm: Arm, engine: EngineName, { options }: BenchContext): Promise<Cell[][]> {
  const [probe] = arm.probes
  const set = firstRows(0)
  const pairs = Array.from({ length: PAIRS }, (_, k) => [firstRows(k), firstRows(k + PAIRS)] as const)
  const stream = namedStream(1, 'bench/vectors')
  const block = Float64Array.from({ length: VECTORS * probe.parameterCount }, () => stream.normal())
  const batch = arm.order.batchAt(0)
  const cases: readonly TimedCase[] = [
    repeated('step', () => arm.trainer.train([batch])),
    repeated('gradient', () => probe.gradient(set)),
    repeated('gram', () => perSampleGramOf(probe, set)),
    repeated('norms', () => probe.gradientNorms(set)),
    repeated('pairs', () => probe.batchPairs(pairs)),
    repeated('products', () => probe.hessianVectors(block, VECTORS, set)),
  ]
  const [step, gradient, gram, norms, batchPairs, products] = await interleavedUnevenly(cases, options.pairs)
  const perVector = products.map((time) => time / VECTORS)
  const row = (question: string, times: readonly number[], against: string, below: readonly number[], promised: string): Cell[] => [
    question,
    engine,
    figureOf(times, 'ms'),
    against,
    ratioOf(times, below),
    promised,
  ]
  return [
    row(`cosines of all pairs of ${SAMPLES} samples`, gram, 'training step', step, 'at most 2'),
    row('layer norms, by a pass of their own', norms, 'training step', step, ''),
    row(`Hessian-vector product, per vector of ${VECTORS}`, perVector, 'training gradient', gradient, 'at most 2'),
    row(`Hessian-vector product, per vector of ${VECTORS}`, perVector, 'training step', step, ''),
    row(`${PAIRS} pairs of mini-batches of ${SAMPLES}`, batchPairs, 'training step', step, ''),
  ]
}

/** A mini-batch of neighbours, since the training split is shuffled already. */
function firstRows(part: number): SampleSet {
  return { indices: Int32Array.from({ length: SAMPLES }, (_, i) => (part * 37 + i) % 10_000), from: 'train' }
}
