// What do layer norms add to the training step that tells them? The same step with and without, turn by turn.
//
// A difference of a few per cent drowns in the noise of a few rounds. So the two calls take turns for seconds, and the share is the
// median of ratios of neighbours with the 95 % interval of that median: an order statistic, so outliers cost nothing.
import type { Experiment } from '../../core/experiment.ts'
import type { Milliseconds } from '../../core/units.ts'
import type { Trainer } from '../../engine/trainer.ts'
import { quantiles } from '../../numerics/quantiles.ts'
import { isWanted } from './benchArguments.ts'
import type { BenchTable, Cell } from './benchTable.ts'
import { exactly, figureOf } from './figures.ts'
import { dataOf, lessonExperiment, openArm } from './presetArms.ts'
import type { BenchContext } from './section.ts'
import { wall } from './timing.ts'

const SAMPLES = 128
/** Taking turns ends after this time, or this many rounds (so many for each of `--pairs`, 80 at least), whichever is later. */
const TURNS_MS: Milliseconds = 8000
const FEWEST_ROUNDS = 80
const ROUNDS_OF_PAIR = 8
const MOST_ROUNDS = 2000
const WARM_CALLS = 6

/** A shallow network on images, where entries count, and a deep narrow one, where layers count. */
function networksOf(fashion: Experiment): readonly (readonly [string, Experiment])[] {
  const deep = { ...fashion, model: { ...fashion.model, depth: 32, width: 32 }, optimizer: { ...fashion.optimizer, lr: 1e-3 } }
  return [
    ['fashion', { ...fashion, batch: SAMPLES }],
    ['32 layers of 32', { ...deep, batch: SAMPLES }],
  ]
}

/** Every call trains one batch and tells its norms: the schedule of the page asks for every fifth at most. */
export async function stepNormsTable({ gpu, options, progress }: BenchContext): Promise<BenchTable> {
  const rows: Cell[][] = []
  const fashion = lessonExperiment('fashion')
  const dataset = await dataOf(fashion)
  for (const [name, experiment] of networksOf(fashion)) {
    for (const engine of ['float64', 'network', 'fused'] as const) {
      const title = `layer norms out of a step of ${engine}`
      if (!isWanted(options, title)) continue
      progress(title)
      const arm = await openArm(experiment, 'A', dataset, engine, gpu)
      if (arm === null) continue
      try {
        const { steps, ratios, told } = await turns(arm.trainer, arm.order.batchAt(0), options)
        rows.push([name, engine, figureOf(steps, 'ms'), percentOf(ratios), exactly(medianOf(told), 'ms'), String(ratios.length)])
      } finally {
        await arm.trainer.dispose()
      }
    }
  }
  return {
    title: `Layer norms out of the training step, batch ${SAMPLES}, told by every step; at most 5 % of a step was promised`,
    columns: ['network', 'engine', 'one step', 'norms add', 'of this thread', 'rounds'],
    rows,
    notes: [
      'Share of a step, with the 95 % interval of the median. "Of this thread" is what the engine itself measures and the page shows; what the graphics device adds is not in it.',
    ],
  }
}

interface Turns {
  readonly steps: readonly Milliseconds[]
  /** Of a step with norms to its neighbour without. */
  readonly ratios: readonly number[]
  /** What the engine says that they took. */
  readonly told: readonly Milliseconds[]
}

async function turns(trainer: Trainer, batch: Int32Array, { quick, pairs }: BenchContext['options']): Promise<Turns> {
  const plain = () => wall(() => trainer.train([batch]))
  const wishing = () =>
    wall(async () => {
      told.push((await trainer.train([batch], { layerNorms: true })).layerNormsDuration!)
    })
  const told: Milliseconds[] = []
  for (let call = 0; call < WARM_CALLS; call++) {
    await plain()
    await wishing()
  }
  const steps: Milliseconds[] = []
  const ratios: number[] = []
  const start = performance.now()
  const fewest = Math.max(FEWEST_ROUNDS, ROUNDS_OF_PAIR * pairs)
  const isEnough = () => performance.now() - start > (quick ? TURNS_MS / 4 : TURNS_MS) && ratios.length >= fewest
  while (!isEnough() && ratios.length < MOST_ROUNDS) {
    // Whoever comes second finds warm caches: they take turns at that too.
    const early = ratios.length % 2 === 1 ? await wishing() : null
    const first = await plain()
    steps.push(first)
    ratios.push((early ?? (await wishing())) / first)
  }
  return { steps, ratios, told }
}

function medianOf(values: readonly number[]): number {
  return quantiles(values, [0.5])[0]
}

/** "2.1 % (1.4 to 3.9)": the median of ratios less one, between the order statistics that hold it with 95 %. */
function percentOf(ratios: readonly number[]): string {
  const reach = 0.98 / Math.sqrt(ratios.length)
  const [low, value, high] = quantiles(ratios, [Math.max(0, 0.5 - reach), 0.5, Math.min(1, 0.5 + reach)])
  const percent = (ratio: number) => (100 * (ratio - 1)).toFixed(1)
  return `${percent(value)} % (${percent(low)} to ${percent(high)})`
}
