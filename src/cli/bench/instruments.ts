// What does looking cost? Each instrument in training steps of the same network, and the promises made about them.
import { CATALOGUE, MEASURED_INSTRUMENTS } from '../../diagnostics/catalogue.ts'
import { measuringContext } from '../measuringContext.ts'
import { isWanted } from './benchArguments.ts'
import type { Cell } from './benchTable.ts'
import { chainSpectrumTable } from './chainSpectrum.ts'
import { figureOf, ratioOf, type Figure } from './figures.ts'
import type { EngineName } from './openEngines.ts'
import { dataOf, lessonExperiment, openArm, presetName, trainingCase, type PresetArm } from './presetArms.ts'
import { findLesson } from '../../lessons/catalogue.ts'
import { promisesTable } from './promises.ts'
import { stepNormsTable } from './stepNorms.ts'
import { NO_GPU_NOTE, type BenchContext, type BenchSection } from './section.ts'
import { interleavedUnevenly, repeated, type TimedCase } from './timing.ts'

/** A chain, a network whose Hessian is exact, and the one on images. */
const NETWORKS: readonly { readonly lesson: string; readonly engines: readonly EngineName[] }[] = [
  { lesson: 'race', engines: ['chain'] },
  { lesson: 'freeze', engines: ['float64', 'network', 'fused'] },
  { lesson: 'fashion', engines: ['float64', 'network', 'fused'] },
]

const CHAIN_NAME = 'chain of 100'

/** Costs of all instruments, then the promises; the chain goes first, while no engine holds tfjs. */
export const benchInstruments: BenchSection = async function* instruments(context: BenchContext) {
  const isAsked = (name: string, slow = false) => isWanted(context.options, name, slow)
  if (isAsked(CHAIN_NAME)) {
    context.progress(CHAIN_NAME)
    yield await chainSpectrumTable(context)
  }
  const rows: Cell[][] = []
  for (const { lesson, engines } of NETWORKS) {
    for (const engine of engines) {
      const name = `${lesson} on ${engine}`
      if (!isAsked(name, engine === 'network')) continue
      context.progress(name)
      rows.push(...(await costRows({ lesson: findLesson(lesson, null)!, arm: 'A' }, engine, context)))
    }
  }
  yield {
    title: 'What each instrument costs, as the page runs it live',
    columns: ['network', 'engine', 'instrument', 'one measurement', 'in training steps', 'every n steps', 'per step at that schedule'],
    rows,
    notes: [
      'One measurement against one training step (all seeds, batch included), round by round. The page spends at most half of the time on all of them together.',
      ...(context.gpu === null ? [NO_GPU_NOTE] : []),
      ...(context.options.quick && context.options.only === null ? ['--quick: the engine network is left out.'] : []),
    ],
  }
  yield await stepNormsTable(context)
  yield await promisesTable(context)
}

async function costRows(preset: PresetArm, engine: EngineName, { gpu, options }: BenchContext): Promise<Cell[][]> {
  const experiment = lessonExperiment(preset.lesson.id)
  const arm = await openArm(experiment, preset.arm, await dataOf(experiment), engine, gpu)
  if (arm === null) return []
  try {
    const names = MEASURED_INSTRUMENTS.filter((name) => experiment.diagnostics.every[name] > 0)
    const step = trainingCase('step', arm)
    const answers = new Map<string, string>()
    const cases: TimedCase[] = names.map((name) => {
      const measure = CATALOGUE[name].create()
      return repeated(name, async () => {
        const sample = await measure(measuringContext(experiment, arm, Math.max(1, arm.trainer.step), 'live'))
        answers.set(name, sample.type === 'unavailable' ? `: nothing to measure (${sample.reason})` : detailOf(sample))
      })
    })
    const [steps, ...times] = await interleavedUnevenly([step, ...cases], options.pairs)
    return names.map((name, k) => {
      const ratio = ratioOf(times[k], steps)
      const every = experiment.diagnostics.every[name]
      return [
        presetName(preset),
        engine,
        `${name}${answers.get(name)}`,
        figureOf(times[k], 'ms'),
        ratio,
        String(every),
        divided(ratio, every),
      ]
    })
  } finally {
    await arm.trainer.dispose()
  }
}

/** What makes one Hessian dearer than another. */
function detailOf(sample: { readonly type: string } & Partial<{ readonly method: string; readonly parameterCount: number }>): string {
  return sample.type === 'hessian' ? ` (${sample.method}, ${sample.parameterCount} weights)` : ''
}

function divided(figure: Figure, by: number): Figure {
  return { ...figure, value: figure.value / by, low: figure.low / by, high: figure.high / by }
}
