// How much cheaper is a block of Hessian-vector products than nested gradients, and than a step of training?
import { norm } from '../../numerics/logMagnitude.ts'
import { namedStream } from '../../numerics/streams.ts'
import type { OpenedDevice } from '../../engine/device.ts'
import { createFloat64Trainer } from '../../engine/float64/float64Trainer.ts'
import { createFusedTrainer } from '../../engine/fused/fusedTrainer.ts'
import type { BenchTable, Cell } from './benchTable.ts'
import { countDeviceCalls } from './deviceCounts.ts'
import { exactly, figureOf, ratioOf } from './figures.ts'
import type { BenchContext } from './section.ts'
import { flatWeights, stackProblem } from './stackProblem.ts'
import { createTfjsStack } from './tfjsStack.ts'
import { interleaved, wall } from './timing.ts'

const SHAPE = { depth: 64, width: 32, batch: 128, activation: 'tanh' } as const
const VECTORS = 8

/** Eight products at once against nested gradients of tfjs on a repaired tape, and against our own step. */
export async function fusedProductsTable({ options }: BenchContext, gpu: OpenedDevice): Promise<BenchTable> {
  const problem = stackProblem(SHAPE)
  const ours = await createFusedTrainer(problem.options, gpu)
  const tfjs = await createTfjsStack(gpu, problem)
  try {
    const probe = ours.probe(0)
    const set = { indices: problem.indices, from: 'train' } as const
    const [start] = problem.options.initialWeights
    const exact = await createFloat64Trainer(problem.options).probe(0).hessianVectors(start, 1, set)
    const ourError = relativeError(await probe.hessianVectors(start, 1, set), exact)
    const theirError = relativeError(flatWeights(await tfjs.readHessianVector(), SHAPE.width), exact)
    const stream = namedStream(1, 'bench/vectors')
    const block = Float64Array.from({ length: VECTORS * probe.parameterCount }, () => stream.normal())
    const products = () => probe.hessianVectors(block, VECTORS, set)
    const nested = async () => (await tfjs.hessianVector('packed')).wall
    const cases = [
      { name: 'block', run: async () => (await wall(products)) / VECTORS },
      { name: 'step', run: () => wall(() => ours.train([problem.indices])) },
      { name: 'nested', run: async () => (await tfjs.hessianVector('default')).wall },
      { name: 'nested, packed', run: nested },
    ]
    const [perVector, step, theirs, packed] = await interleaved(cases, options.pairs)
    const mine = await countDeviceCalls(products)
    const them = await countDeviceCalls(nested)
    const against = (what: string, times: readonly number[], ratio: Cell, promised: string, dispatches: Cell): Cell[] => [
      what,
      figureOf(times, 'ms'),
      ratio,
      promised,
      dispatches,
    ]
    return {
      title: `Hessian-vector products of a ${SHAPE.depth} x ${SHAPE.width} tanh network, batch ${SHAPE.batch}`,
      columns: ['what', 'time', 'ratio to ours', 'promised', 'dispatches'],
      rows: [
        against(`ours, per vector of ${VECTORS}`, perVector, '', '', exactly(mine.dispatches, 'count')),
        against('nested gradients of tfjs', theirs, ratioOf(theirs, perVector), 'at least 30', exactly(them.dispatches, 'count')),
        against('the same, matmul program 3', packed, ratioOf(packed, perVector), '', exactly(them.dispatches, 'count')),
        against('our training step', step, ratioOf(step, perVector), 'at least 0.5', ''),
      ],
      notes: [
        `Ours reads all ${VECTORS} products back, dispatches are those of the whole block; theirs is awaited only, one vector. The tape of tfjs is repaired, else its product is wrong.`,
        `Relative error of a product against our float64 engine: ours ${ourError.toExponential(1)}, tfjs ${theirError.toExponential(1)}.`,
      ],
    }
  } finally {
    await ours.dispose()
    tfjs.dispose()
  }
}

/** Euclidean norm of the difference over that of the truth. */
function relativeError(measured: Float64Array, truth: Float64Array): number {
  return norm(measured.map((value, i) => value - truth[i])) / norm(truth)
}
