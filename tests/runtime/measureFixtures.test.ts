// Are the numbers that we hand to others right? Every fixture on both backends, against a program that shares no code.
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { installNodeWebGpu } from '../../src/cli/nodeWebGpu.ts'
import { readPublicAsset } from '../../src/cli/readPublicAsset.ts'
import { validateExperiment } from '../../src/core/parseExperiment.ts'
import { MEASURED_FIELDS, type Measured, type MeasuredField, type Snapshot } from '../../src/core/snapshot.ts'
import { loadDataset } from '../../src/data/loadDataset.ts'
import { createArm } from '../../src/runtime/arm.ts'
import { chooseTrainer } from '../../src/runtime/chooseTrainer.ts'
import { measureProblem, type CreateTrainer } from '../../src/runtime/problem/measureProblem.ts'
import { parseProblem } from '../../src/runtime/problem/parseProblem.ts'
import { assembleSnapshot, snapshotOf } from '../../src/runtime/snapshot.ts'
import { trainArms } from '../../src/runtime/trainArms.ts'
import { expectClose, expectCurvature, expectFirstOrder } from './agreement.ts'
import { holdNetworkEngine } from './heldNetworkEngine.ts'

const FOLDER = new URL('../fixtures/experiments/', import.meta.url)
const FUSED = new Set(['mlp-tanh-teacher-adam.json', 'mlp-layer-norm-gelu.json'])
const FIXTURES = readdirSync(FOLDER).filter((name) => name.endsWith('.json'))
const hasGpu = await installNodeWebGpu()
if (hasGpu) afterAll(await holdNetworkEngine())
if (!hasGpu) process.stdout.write('measure fixtures: no WebGPU in Node here, the comparison of backends is skipped\n')

const engineFor =
  (engine: 'float64' | 'network' | 'fused'): CreateTrainer =>
  async (options, modelKind) =>
    await chooseTrainer({ ...options, modelKind, engine, allowGpu: engine !== 'float64' })

const known = new Map<string, Promise<Snapshot>>()

function measured(name: string): Promise<Snapshot> {
  const found = known.get(name) ?? measure(name)
  known.set(name, found)
  return found
}

interface Fixture {
  readonly step: number
  readonly experiment: unknown
  /** What would take the most time and is proved by smaller fixtures. */
  readonly without?: readonly MeasuredField[]
}

function fixture(name: string): Fixture {
  return JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Fixture
}

async function measure(name: string): Promise<Snapshot> {
  const { step, experiment: written, without = [] } = fixture(name)
  const experiment = validateExperiment(written)
  const dataset = await loadDataset(experiment.data, { seed: experiment.seed, readAsset: readPublicAsset })
  const arm = await createArm('A', { ...experiment, engine: 'float64' }, dataset, { createTrainer: chooseTrainer }, false)
  if (step > 0) await trainArms([arm], 0, step, () => performance.now())
  const only = MEASURED_FIELDS.filter((field) => !without.includes(field))
  const snapshot = await assembleSnapshot({ experiment, arm, seedIndex: 0, step, createTrainer: engineFor('float64'), only })
  await arm.trainer.dispose()
  // What others read is the text, not the object.
  return JSON.parse(JSON.stringify(snapshot)) as Snapshot
}

const curved = FIXTURES.filter((name) => fixture(name).without?.includes('hessian') !== true)
test.each(curved)('measure %s has the curvature of finite differences', { timeout: 60_000 }, async (name) => {
  expectCurvature(await measured(name))
})

describe.each(FIXTURES)('measure %s', (name) => {
  test('agrees with a program that knows only the JSON', { timeout: 60_000 }, async () => {
    expectFirstOrder(await measured(name))
  })

  test('gives the same numbers when its problem is measured again', { timeout: 60_000 }, async () => {
    const { problem, measured: m } = await measured(name)
    // Only what was measured: every field there, and none that the size forbade.
    const only = MEASURED_FIELDS.filter((field) => m[field] !== undefined)
    const again = snapshotOf(await measureProblem(parseProblem(problem), engineFor('float64'), only))
    expect(JSON.parse(JSON.stringify(again.measured))).toEqual(m)
    expect(JSON.parse(JSON.stringify(again.problem))).toEqual(problem)
  })

  // The software adapter takes seconds to compile each fused kernel, so only two fixtures go through them here.
  const engines = FUSED.has(name) ? (['network', 'fused'] as const) : (['network'] as const)
  test.skipIf(!hasGpu).each(engines)('is the same on WebGPU, engine %s', { timeout: 180_000 }, async (engine) => {
    const { problem, measured: exact } = await measured(name)
    const isTooSlow = (field: MeasuredField): boolean => engine === 'fused' && field === 'outputHessianNorms'
    const fields = MEASURED_FIELDS.filter((field) => exact[field] !== undefined && !isTooSlow(field))
    const gpu = await measureProblem(parseProblem(problem), engineFor(engine), fields)
    expect(gpu.description.engine).toBe(problem.model.kind === 'chain' ? 'chain' : engine)
    expectClose(JSON.parse(JSON.stringify(gpu.measured)) as Measured, exact)
  })
})
