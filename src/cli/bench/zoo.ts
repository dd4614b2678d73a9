// How fast does each family of the papers train, on the layers of WebGPU, in float64, and in tfjs as it comes?
import type { Dataset } from '../../core/dataset.ts'
import type { OpenedDevice } from '../../engine/device.ts'
import { initialWeights } from '../../engine/initialWeights.ts'
import { nextBatches, type Arm } from '../../runtime/arm.ts'
import { isWanted } from './benchArguments.ts'
import type { Cell } from './benchTable.ts'
import { countDeviceCalls } from './deviceCounts.ts'
import { exactly, figureOf, ratioOf } from './figures.ts'
import { instrumentedCase } from './instrumentedCase.ts'
import { dataOf, openArm, trainingCase } from './presetArms.ts'
import { NO_GPU_NOTE, type BenchContext, type BenchSection } from './section.ts'
import { createTfjsNetwork, type TfjsNetwork } from './tfjsNetwork.ts'
import { affordable, interleavedUnevenly, wall, type TimedCase } from './timing.ts'
import { ZOO, type ZooFamily } from './zooFamilies.ts'

/** Steps behind one figure with instruments: one round of their schedule, or as many as a long wait allows. */
const STRETCH = 25
/** Losses of one batch at the start may differ by float32 rounding, not by more. */
const AGREEMENT = 1e-3

/** Steps a second, but for counts. */
const COLUMNS = [
  'network',
  'weights',
  'WebGPU',
  'with instruments',
  'promised',
  'dispatches a step',
  'submits a step',
  'tfjs',
  'times faster than tfjs',
  'float64',
  'float64 with instruments',
] as const

/** Steps a second of every family, turn by turn. */
export const benchZoo: BenchSection = async function* zoo(context: BenchContext) {
  const isShortened = context.options.quick && context.options.only === null
  const rows: Cell[][] = []
  const notes = [
    'Steps a second; batch 32, one seed, plain descent. "With instruments": the run\'s own schedule, which gives measuring at most a third of the time, over 25 steps (5 or more where these took too long). tfjs 4.22 with its own flags, awaited only.',
  ]
  for (const family of ZOO.filter(({ name, slow }) => isWanted(context.options, name, slow))) {
    context.progress(family.name)
    const measured = await familyRow(family, context)
    rows.push(measured.row)
    if (measured.disagreement > AGREEMENT) {
      notes.push(`WARNING: ${family.name}: the losses of one batch differ by ${measured.disagreement.toExponential(1)}.`)
    }
  }
  if (context.gpu === null) notes.push(NO_GPU_NOTE)
  else if (!notes.some((note) => note.startsWith('WARNING')))
    notes.push(`Ours and tfjs agree on the loss of one batch within ${AGREEMENT}.`)
  if (isShortened) notes.push('--quick: the deep residual families are left out.')
  yield {
    title: 'Training on the families of the papers',
    columns: COLUMNS,
    rows,
    notes,
  }
}

/** One line of the table, and by how much tfjs disagrees about the first loss. */
export async function familyRow(family: ZooFamily, { gpu, options }: BenchContext): Promise<{ row: Cell[]; disagreement: number }> {
  const { experiment, promised } = family
  const dataset = await dataOf(experiment)
  const arms: Arm[] = []
  let theirs: TfjsNetwork | null = null
  const opened = async (engine: 'network' | 'float64') => {
    const arm = await openArm(experiment, 'A', dataset, engine, gpu)
    if (arm !== null) arms.push(arm)
    return arm
  }
  try {
    const network = await opened('network')
    const watched = await opened('network')
    const float64 = (await opened('float64'))!
    const watchedFloat64 = (await opened('float64'))!
    let disagreement = 0
    const cases: TimedCase[] = [
      trainingCase('float64', float64),
      instrumentedCase('float64 with instruments', experiment, watchedFloat64, await stretchOf(float64)),
    ]
    if (gpu !== null && network !== null && watched !== null) {
      theirs = await baseline(gpu, network, dataset)
      const [first] = nextBatches(network, 0, 1)
      const mine = (await network.trainer.train([first])).losses[0]
      disagreement = Math.abs((await theirs.loss()) / mine - 1)
      const step = theirs.step
      cases.push(
        trainingCase('network', network),
        instrumentedCase('network with instruments', experiment, watched, await stretchOf(network)),
        {
          name: 'tfjs',
          run: async () => await step(),
        },
      )
    }
    const [float64Times, float64Watched, ours, oursWatched, tfjs] = await interleavedUnevenly(cases, options.pairs)
    const perSecond = (times: readonly number[] | undefined): Cell =>
      times === undefined
        ? ''
        : figureOf(
            times.map((time) => 1000 / time),
            'perSecond',
          )
    const counts =
      network === null ? null : await countDeviceCalls(() => network.trainer.train(nextBatches(network, network.trainer.step, 1)))
    const rounds = Math.min(ours?.length ?? 0, tfjs?.length ?? 0)
    const row: Cell[] = [
      family.name,
      String(float64.trainer.parameterCount),
      perSecond(ours),
      perSecond(oursWatched),
      promised === null ? '' : `at least ${promised}`,
      counts === null ? '' : exactly(counts.dispatches, 'count'),
      counts === null ? '' : exactly(counts.submits, 'count'),
      perSecond(tfjs),
      rounds === 0 ? '' : ratioOf(tfjs.slice(0, rounds), ours.slice(0, rounds)),
      perSecond(float64Times),
      perSecond(float64Watched),
    ]
    return { row, disagreement }
  } finally {
    theirs?.dispose()
    for (const arm of arms) await arm.trainer.dispose()
  }
}

/** Steps behind one figure with instruments; the first step compiles. */
async function stretchOf(arm: Arm): Promise<number> {
  const step = async () => await wall(() => arm.trainer.train(nextBatches(arm, arm.trainer.step, 1)))
  await step()
  return affordable(await step(), STRETCH)
}

/** tfjs on the first batch, from the same start. */
async function baseline(gpu: OpenedDevice, arm: Arm, dataset: Dataset): Promise<TfjsNetwork> {
  const [indices] = nextBatches(arm, 0, 1)
  const rows = (values: ArrayLike<number>, width: number) =>
    Float32Array.from({ length: indices.length * width }, (_, i) => values[indices[Math.floor(i / width)] * width + (i % width)])
  const { experiment } = arm
  const start = initialWeights(arm.spec, experiment.init, experiment.model, experiment.seed, 0)
  const batch = {
    rows: indices.length,
    inputs: rows(dataset.train.inputs, dataset.inputWidth),
    targets: rows(dataset.train.targets, dataset.outputWidth),
  }
  return createTfjsNetwork(gpu, arm.spec, start, batch, experiment.optimizer.lr)
}
