// How fast does each engine train each network of the presets, and what does a step ask of the GPU?
import type { Arm } from '../../runtime/arm.ts'
import { nextBatches } from '../../runtime/arm.ts'
import { isWanted } from './benchArguments.ts'
import type { Cell } from './benchTable.ts'
import { countDeviceCalls } from './deviceCounts.ts'
import { exactly, figureOf, ratioOf } from './figures.ts'
import type { EngineName } from './openEngines.ts'
import { dataOf, openArm, presetArms, presetName, trainingCase, type PresetArm } from './presetArms.ts'
import { NO_GPU_NOTE, type BenchContext, type BenchSection } from './section.ts'
import { interleaved } from './timing.ts'

/** What --quick keeps: the default scene, the deepest network, the images. */
const QUICK_LESSONS = new Set(['race', 'narrow-mlp', 'fashion'])

/** Steps per second on the networks of the presets; engines take turns on each of them. */
export const benchEngines: BenchSection = async function* engines(context: BenchContext) {
  const isShortened = context.options.quick && context.options.only === null
  const isSlow = ({ lesson, arm }: PresetArm) => !(QUICK_LESSONS.has(lesson.id) && arm === 'A')
  const presets = presetArms().filter((preset) => isWanted(context.options, presetName(preset), isSlow(preset)))
  const rows: Cell[][] = []
  for (const preset of presets) {
    context.progress(presetName(preset))
    rows.push(...(await presetRows(preset, context)))
  }
  yield {
    title: 'Training on the networks of the presets',
    columns: ['network', 'engine', 'steps a second', 'against float64', 'dispatches a step', 'submits a step', 'steps a call'],
    rows,
    notes: [
      'Every step with its batch, its update and its losses read back; measuring is off. "Against float64": how many times faster a step is, round by round.',
      ...(context.gpu === null ? [NO_GPU_NOTE] : []),
      ...(isShortened ? ['--quick: the other presets are left out.'] : []),
    ],
  }
}

async function presetRows(preset: PresetArm, { gpu, options }: BenchContext): Promise<Cell[][]> {
  const { lesson, arm: name } = preset
  const { experiment } = lesson
  const dataset = await dataOf(experiment)
  const engines: readonly EngineName[] = experiment.model.kind === 'chain' ? ['chain'] : ['float64', 'network', 'fused']
  const arms: Arm[] = []
  try {
    for (const engine of engines) {
      const arm = await openArm(experiment, name, dataset, engine, gpu)
      if (arm !== null) arms.push(arm)
    }
    const cases = arms.map((arm) => trainingCase(arm.trainer.description.engine, arm))
    const times = await interleaved(cases, options.pairs)
    const reference = arms.findIndex(({ trainer }) => trainer.description.engine === 'float64')
    const rows: Cell[][] = []
    for (const [k, arm] of arms.entries()) {
      const chunk = cases[k].chunk()
      const onGpu = arm.trainer.description.backend === 'webgpu'
      const batches = nextBatches(arm, arm.trainer.step, chunk)
      const counts = onGpu ? await countDeviceCalls(() => arm.trainer.train(batches)) : null
      rows.push([
        presetName(preset),
        arm.trainer.description.engine,
        figureOf(
          times[k].map((time) => 1000 / time),
          'perSecond',
        ),
        reference < 0 || reference === k ? '' : ratioOf(times[reference], times[k]),
        counts === null ? '' : exactly(counts.dispatches / chunk, 'count'),
        counts === null ? '' : exactly(counts.submits / chunk, 'count'),
        exactly(chunk, 'count'),
      ])
    }
    return rows
  } finally {
    for (const arm of arms) await arm.trainer.dispose()
  }
}
