// `npm run -s measure`: one JSON object of our numbers, for other software to check.
//
// Nothing is loaded before everything was validated, nothing is printed before everything was measured, and nothing is
// ever clamped. Exit codes: 2 bad input, 3 numbers that cannot be trusted, 4 WebGPU asked for and absent.
import { readFileSync } from 'node:fs'
import { DomainFault, FaultError, ShapeFault, type Fault } from '../core/faults.ts'
import type { Experiment } from '../core/experiment.ts'
import { refusalOf } from '../core/footprint.ts'
import { validateExperiment } from '../core/parseExperiment.ts'
import { armsOf } from '../core/resolve.ts'
import type { Snapshot } from '../core/snapshot.ts'
import { loadDataset } from '../data/loadDataset.ts'
import type { Trainer } from '../engine/trainer.ts'
import { createArm } from '../runtime/arm.ts'
import { chooseTrainer } from '../runtime/chooseTrainer.ts'
import { divergenceFault } from '../runtime/divergedLayer.ts'
import { measureProblem, type CreateTrainer } from '../runtime/problem/measureProblem.ts'
import { parseProblem } from '../runtime/problem/parseProblem.ts'
import { unreadFields } from '../runtime/problem/unreadFields.ts'
import type { RunHost, TrainerRequest } from '../runtime/runHost.ts'
import { assembleSnapshot, snapshotOf } from '../runtime/snapshot.ts'
import { applyChanges, nextChangeAfter, trainArms } from '../runtime/trainArms.ts'
import { measureArguments, type MeasureRequest } from './measureArguments.ts'
import { installNodeWebGpu } from './nodeWebGpu.ts'
import { readPublicAsset } from './readPublicAsset.ts'

/** WebGPU was asked for and cannot be had. */
class NoWebGpu extends Error {}

const CHUNK = 32

function readJson(path: string): unknown {
  let text: string
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8')
  } catch {
    throw new DomainFault(`input: cannot be read, got ${JSON.stringify(path)}, expected a JSON file`)
  }
  try {
    // Some editors begin a file with a byte-order mark.
    return JSON.parse(text.replace(/^\uFEFF/u, ''))
  } catch {
    const start = text.trim().slice(0, 40)
    throw new DomainFault(`input: not JSON, got ${start === '' ? 'nothing' : JSON.stringify(start)}, expected one JSON object`)
  }
}

/** The engine preference of a backend: float64 on the CPU, or whatever runs on WebGPU. */
function engineOf(backend: 'webgpu' | 'float64', wanted: Experiment['engine']): Experiment['engine'] {
  if (backend === 'float64') return 'float64'
  return wanted === 'network' ? 'network' : 'fused'
}

/** Decides the backend once; chains are float64 whatever is asked. */
async function chooseBackend(
  asked: MeasureRequest['backend'],
  kind: Experiment['model']['kind'],
  wanted: Experiment['engine'],
): Promise<'webgpu' | 'float64'> {
  if (kind === 'chain' || asked === 'float64' || (asked === null && wanted === 'float64')) return 'float64'
  if (await installNodeWebGpu()) return 'webgpu'
  if (asked === 'webgpu') throw new NoWebGpu('WebGPU: no adapter, got none, expected one (or --backend float64)')
  return 'float64'
}

async function create(request: TrainerRequest, backend: 'webgpu' | 'float64'): Promise<Trainer> {
  const trainer = await chooseTrainer(request)
  if (request.modelKind !== 'chain' && backend === 'webgpu' && trainer.description.backend !== 'webgpu') {
    await trainer.dispose()
    throw new NoWebGpu(
      `WebGPU: not usable, got ${JSON.stringify(trainer.description.reason)}, expected an engine on WebGPU (or --backend float64)`,
    )
  }
  return trainer
}

async function measureGivenProblem(json: unknown, request: MeasureRequest): Promise<Snapshot> {
  // A whole snapshot is as good as its problem.
  const given = isRecord(json) && 'problem' in json ? json.problem : json
  const problem = parseProblem(given)
  const backend = await chooseBackend(request.backend, problem.kind, 'auto')
  const createTrainer: CreateTrainer = async (options, modelKind) =>
    await create({ ...options, modelKind, engine: engineOf(backend, 'auto'), allowGpu: backend === 'webgpu' }, backend)
  const snapshot = snapshotOf(await measureProblem(problem, createTrainer, request.only))
  return { ...snapshot, omitted: [...snapshot.omitted, ...unreadFields(given, snapshot.problem.optimizer?.convention)] }
}

function validated(json: unknown, request: MeasureRequest): Experiment {
  const experiment = validateExperiment(isRecord(json) && json.format === 'snapshot' ? json.experiment : json)
  if (!armsOf(experiment).includes(request.arm))
    throw new DomainFault(`--arm: no such arm, got ${request.arm}, expected ${armsOf(experiment).join(' | ')}`)
  if (request.arm === 'B' && experiment.versus?.linearised === true)
    throw new DomainFault('--arm: not a network, got B, which is linearised, expected A')
  if (request.seedIndex >= experiment.seeds)
    throw new DomainFault(`--seed-index: no such seed, got ${request.seedIndex}, expected 0 .. ${experiment.seeds - 1}`)
  if (request.step > experiment.steps)
    throw new DomainFault(`--step: beyond the run, got ${request.step}, expected 0 .. ${experiment.steps}`)
  const refusal = refusalOf(experiment)
  if (refusal !== null) throw new DomainFault(`experiment: too large, got ${refusal.bytes} bytes, expected at most ${refusal.limit}`)
  return experiment
}

async function measureExperiment(experiment: Experiment, request: MeasureRequest): Promise<Snapshot> {
  const backend = await chooseBackend(request.backend, experiment.model.kind, experiment.engine)
  const dataset = await loadDataset(experiment.data, { seed: experiment.seed, readAsset: readPublicAsset })
  const host: Pick<RunHost, 'createTrainer'> = { createTrainer: async (options) => await create(options, backend) }
  const wished = { ...experiment, engine: engineOf(backend, experiment.engine) }
  const arm = await createArm(request.arm, wished, dataset, host, backend === 'webgpu')
  try {
    let step = 0
    while (step < request.step) {
      applyChanges(experiment, [arm], step)
      const count = Math.min(CHUNK, request.step - step, nextChangeAfter(experiment, step) - step)
      await trainArms([arm], step, count, () => performance.now())
      step += count
      if (arm.divergedAt[request.seedIndex] >= 0) throw new FaultError(await divergenceFault(arm))
    }
    const createTrainer: CreateTrainer = async (options, modelKind) =>
      await create({ ...options, modelKind, engine: wished.engine, allowGpu: backend === 'webgpu' }, backend)
    return await assembleSnapshot({ experiment, arm, seedIndex: request.seedIndex, step, createTrainer, only: request.only })
  } finally {
    await arm.trainer.dispose()
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function untrusted(fault: Fault): boolean {
  return fault.type === 'poisoned' || fault.type === 'deviceLost' || fault.type === 'diverged'
}

/** Measures and prints; answers with the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const request = measureArguments(args)
    const json = readJson(request.input.path)
    const snapshot =
      request.input.type === 'problem'
        ? await measureGivenProblem(json, request)
        : await measureExperiment(validated(json, request), request)
    const text = `${JSON.stringify(snapshot)}\n`
    await new Promise<void>((resolve, reject) => process.stdout.write(text, (error) => (error ? reject(error) : resolve())))
    return 0
  } catch (error) {
    return told(error)
  }
}

/** One line on standard error, and the exit code of this kind of failure. */
function told(error: unknown): number {
  const say = (line: string, code: number): number => {
    process.stderr.write(`measure: ${line.replaceAll('\n', ' ')}\n`)
    return code
  }
  if (error instanceof DomainFault || error instanceof ShapeFault) return say(error.message, 2)
  if (error instanceof NoWebGpu) return say(error.message, 4)
  if (error instanceof FaultError && untrusted(error.fault)) return say(`${error.fault.type}: ${error.fault.detail}`, 3)
  if (error instanceof FaultError) return say(`${error.fault.type}: ${error.fault.detail}`, 2)
  if (error instanceof RangeError) return say(`problem: too large for this machine, got ${JSON.stringify(error.message)}, expected less`, 2)
  throw error
}
