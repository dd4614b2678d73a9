// How much faster is a step of our kernels than the same step elsewhere? The table of the fused engine.
//
// One step a call on every side. Ours reads its losses back and keeps what it would need to take the step back; theirs
// is only awaited: the comparison leans to the others.
import { createFusedTrainer } from '../../engine/fused/fusedTrainer.ts'
import type { OpenedDevice } from '../../engine/device.ts'
import type { Milliseconds } from '../../core/units.ts'
import { isWanted } from './benchArguments.ts'
import type { BenchTable, Cell } from './benchTable.ts'
import { countDeviceCalls, type DeviceCounts } from './deviceCounts.ts'
import { exactly, figureOf, ratioOf } from './figures.ts'
import { createJaxStack, type JaxStack } from './jaxStack.ts'
import type { BenchContext } from './section.ts'
import { stackProblem, type StackShape } from './stackProblem.ts'
import { createTfjsStack, type MatmulSetting, type TfjsStack } from './tfjsStack.ts'
import { interleaved, wall, type TimedCase } from './timing.ts'

interface StackCase {
  readonly shape: StackShape
  /** Takes minutes on a software adapter. */
  readonly slow: boolean
  /** What was promised against each opponent. */
  readonly promised: Readonly<Record<'default' | 'packed' | 'jax', string>>
}

const relu = { batch: 128, activation: 'relu' } as const

const CASES: readonly StackCase[] = [
  { shape: { depth: 128, width: 32, ...relu }, slow: false, promised: { default: 'at least 20', packed: 'at least 6', jax: 'at least 4' } },
  { shape: { depth: 32, width: 100, ...relu }, slow: false, promised: { default: 'at least 8', packed: '', jax: 'at least 1' } },
  { shape: { depth: 300, width: 100, ...relu }, slow: true, promised: { default: 'at least 7', packed: '', jax: 'at least 1' } },
]

/** Losses of the first step may differ by float32 rounding through hundreds of layers, not by more. */
const AGREEMENT = 1e-3
/** Legal for every case here. */
const FIRST_TILE = { rows: 16, rowsPerThread: 8 } as const

interface Opponent {
  readonly name: string
  readonly promised: string
  readonly step: () => Promise<Milliseconds>
  readonly js: Milliseconds[] | null
}

/** Ours against tfjs in two settings and jax-js, turn by turn. */
export async function fusedStepsTable(context: BenchContext, gpu: OpenedDevice): Promise<BenchTable> {
  const isShortened = context.options.quick && context.options.only === null
  const rows: Cell[][] = []
  const notes = ['Times of one step, batch 128, relu, sgd; ours with its losses read back, theirs awaited only. Ratios round by round.']
  for (const stackCase of CASES) {
    const { depth, width } = stackCase.shape
    const name = `step, ${depth} x ${width}`
    if (!isWanted(context.options, name, stackCase.slow)) continue
    context.progress(name)
    const { rows: own, disagreement } = await caseRows(stackCase, context, gpu)
    rows.push(...own)
    if (disagreement > AGREEMENT)
      notes.push(`WARNING: at ${depth} x ${width} the losses of the first step differ by ${disagreement.toExponential(1)}.`)
  }
  if (!notes.some((note) => note.startsWith('WARNING'))) notes.push(`All sides agree on the loss of the first step within ${AGREEMENT}.`)
  notes.push('A step of ours is two dispatches in one submit; one that takes longer than 50 ms is cut into pieces, which counts here.')
  if (isShortened) notes.push('--quick: 300 x 100 is left out.')
  return {
    title: 'A training step of deep dense stacks',
    columns: [
      'layers x width',
      'against',
      'their step',
      'our step',
      'times faster',
      'promised',
      'their dispatches',
      'their submits',
      'their JS',
      'ours',
    ],
    rows,
    notes,
  }
}

async function caseRows(
  { shape, promised }: StackCase,
  { options }: BenchContext,
  gpu: OpenedDevice,
): Promise<{ rows: Cell[][]; disagreement: number }> {
  const problem = stackProblem(shape)
  const ours = await createFusedTrainer(problem.options, gpu)
  const tfjs = await createTfjsStack(gpu, problem)
  const jax = await createJaxStack(problem)
  try {
    const opponents: Opponent[] = [
      tfjsOpponent(tfjs, 'default', promised.default),
      tfjsOpponent(tfjs, 'packed', promised.packed),
      ...(jax === null ? [] : [{ name: 'jax-js 0.1.25, jit', promised: promised.jax, step: () => jax.step(), js: null }]),
    ]
    const { uncut, disagreement } = await firstStep(shape, gpu, tfjs, jax)
    const cases: TimedCase[] = [
      { name: 'ours', run: () => wall(() => ours.train([problem.indices])) },
      ...opponents.map(({ name, step }) => ({ name, run: step })),
    ]
    const [mine, ...theirs] = await interleaved(cases, options.pairs)
    const cut = await countDeviceCalls(async () => await ours.train([problem.indices]))
    const rows: Cell[][] = []
    for (const [k, { name, promised: must, step, js }] of opponents.entries()) {
      const counts = await countDeviceCalls(step)
      rows.push([
        `${shape.depth} x ${shape.width}`,
        name,
        figureOf(theirs[k], 'ms'),
        figureOf(mine, 'ms'),
        ratioOf(theirs[k], mine),
        must,
        exactly(counts.dispatches, 'count'),
        exactly(counts.submits, 'count'),
        js === null ? '' : figureOf(js, 'ms'),
        countsText(uncut, cut),
      ])
    }
    return { rows, disagreement }
  } finally {
    await ours.dispose()
    tfjs.dispose()
  }
}

function tfjsOpponent(tfjs: TfjsStack, setting: MatmulSetting, promised: string): Opponent {
  const js: Milliseconds[] = []
  const step = async (): Promise<Milliseconds> => {
    const times = await tfjs.step(setting)
    js.push(times.js)
    return times.wall
  }
  return { name: setting === 'default' ? 'tfjs 4.22' : 'tfjs 4.22, matmul program 3', promised, step, js }
}

/** The first step of everybody from the same start; ours with a tile given, so that no timing of tiles is counted. */
async function firstStep(
  shape: StackShape,
  gpu: OpenedDevice,
  tfjs: TfjsStack,
  jax: JaxStack | null,
): Promise<{ readonly uncut: DeviceCounts; readonly disagreement: number }> {
  const problem = stackProblem(shape)
  const fresh = await createFusedTrainer(problem.options, gpu, { tile: FIRST_TILE })
  try {
    let ours = NaN
    const uncut = await countDeviceCalls(async () => {
      ours = (await fresh.train([problem.indices])).losses[0]
    })
    const others = [await tfjs.loss()]
    if (jax !== null) {
      await jax.step()
      others.push(await jax.loss())
    }
    return { uncut, disagreement: Math.max(...others.map((loss) => Math.abs(loss / ours - 1))) }
  } finally {
    await fresh.dispose()
  }
}

function countsText(uncut: DeviceCounts, cut: DeviceCounts): string {
  const words = ({ dispatches, submits }: DeviceCounts) => `${dispatches} in ${submits}`
  return cut.dispatches === uncut.dispatches ? words(uncut) : `${words(uncut)}, cut: ${words(cut)}`
}
