// Where does a trainer come from? Everybody asks here; nobody else names an engine.
//
// Engines are imported late: a chain never loads tfjs. The device is opened once per thread and kept, because two arms
// share it and a second adapter request is slow; a lost or poisoned one is replaced at the next request.
import type { Experiment } from '../core/experiment.ts'
import type { NetworkSpec } from '../core/networkSpec.ts'
import type { Milliseconds } from '../core/units.ts'
import { chooseEngine, type EngineFacts, type Trial } from './chooseEngine.ts'
import { openDevice, type NoGpu, type OpenedDevice } from './device.ts'
import { withFixedOutput } from './fixedOutput.ts'
import { multiplicationsPerRow } from './multiplicationsPerRow.ts'
import type { Trainer, TrainerOptions } from './trainer.ts'

export interface CreateTrainerRequest {
  readonly options: Omit<TrainerOptions, 'reason'>
  readonly kind: Experiment['model']['kind']
  /** Wish of the experiment. */
  readonly preference: Experiment['engine']
  /** false: never ask for a GPU (two losses in a row, or a command line that says so). */
  readonly allowGpu: boolean
}

/** Samples and seeds of the trial on a software adapter; its trainers are thrown away. */
const TRIAL_ROWS = 64
const TRIAL_SEEDS = 2
/** Multiplications of a forward pass above which a trial itself would take seconds; large networks are tried on fewer rows. */
const LARGEST_TRIAL = 2e7
/** Fewer rows say nothing about a batch. */
const FEWEST_TRIAL_ROWS = 4

let shared: Promise<OpenedDevice | NoGpu> | null = null

/**
 * The trainer of one arm, on the engine that `chooseEngine` names.
 *
 * @throws {FaultError} poisoned, deviceLost or noWebGpu from the GPU; ShapeFault when options do not fit together.
 */
export async function createTrainer(request: CreateTrainerRequest): Promise<Trainer> {
  const { kind, preference } = request
  const linearised = request.options.spec.linearised === true
  const wantsGpu = kind !== 'chain' && preference !== 'float64' && !linearised
  const device: OpenedDevice | NoGpu =
    wantsGpu && request.allowGpu ? await sharedDevice() : { type: 'noGpu', reason: 'The GPU is not used for this run.' }
  const facts: EngineFacts = {
    kind,
    linearised,
    preference,
    gpu:
      device.type === 'noGpu'
        ? { type: 'none', reason: device.reason }
        : { type: 'adapter', name: device.adapterName, software: device.software },
    fusedObstacle: device.type === 'device' ? await fusedObstacleOf(request.options, device) : null,
    trial: null,
  }
  const timed = device.type === 'device' && device.software && preference === 'auto' ? await trialOf(request.options, device, facts) : null
  const { engine, reason } = chooseEngine({ ...facts, trial: timed })
  const options: TrainerOptions = { ...request.options, reason }
  const opened = async (): Promise<Trainer> => {
    if (linearised) return await onCpuLinearised(options, request)
    if (device.type === 'noGpu' || engine === 'chain' || engine === 'float64') return await onCpu(engine, options)
    return await onGpu(engine, options, device)
  }
  const trainer = await opened()
  return options.spec.fixedOutput === true ? withFixedOutput(trainer) : trainer
}

/** A sentence that says why the fused kernels cannot take a network; null when they can. */
async function fusedObstacleOf(options: Omit<TrainerOptions, 'reason'>, device: OpenedDevice): Promise<string | null> {
  const { fusedObstacleOn, fusedMemoryRefusal } = await import('./fused/fusedTrainer.ts')
  const obstacle = fusedObstacleOn(options.spec, device)
  if (obstacle !== null) return `Not fused because of ${obstacle}.`
  const refusal = fusedMemoryRefusal(options, device)
  return refusal === null ? null : `Not fused: ${refusal.detail}`
}

async function onCpu(engine: string, options: TrainerOptions): Promise<Trainer> {
  if (engine === 'chain') return (await import('./chain/chainTrainer.ts')).createChainTrainer(options)
  return (await import('./float64/float64Trainer.ts')).createFloat64Trainer(options)
}

/** The second arm is asked for with the engine that the first one got, so the wish names the twin. */
async function onCpuLinearised(options: TrainerOptions, { kind, preference }: CreateTrainerRequest): Promise<Trainer> {
  const twin = kind === 'chain' ? 'chain' : preference === 'auto' ? 'float64' : preference
  return (await import('./float64/linearisedTrainer.ts')).createLinearisedTrainer(options, twin)
}

async function onGpu(engine: string, options: TrainerOptions, device: OpenedDevice): Promise<Trainer> {
  if (engine === 'fused') return (await import('./fused/fusedTrainer.ts')).createFusedTrainer(options, device)
  return (await import('./network/networkTrainer.ts')).createNetworkTrainer(options, device)
}

/** The device of this thread, opened anew when there was none or it is no longer well. */
async function sharedDevice(): Promise<OpenedDevice | NoGpu> {
  const pending = shared
  if (pending !== null) {
    const known = await pending
    if (known.type === 'device' && known.health.fault === null) return known
    // Somebody else may have opened the next one meanwhile.
    if (shared !== null && shared !== pending) return shared
  }
  shared = openDevice()
  return shared
}

/** Rows of the trial; 0 where even a few would take seconds. A convolution uses each weight once a position, so work is counted, not weights. */
export function trialRows(spec: NetworkSpec, trainCount: number, seeds: number): number {
  const affordable = Math.floor(LARGEST_TRIAL / (seeds * multiplicationsPerRow(spec)))
  const rows = Math.min(TRIAL_ROWS, trainCount, affordable)
  return rows >= Math.min(FEWEST_TRIAL_ROWS, trainCount) ? rows : 0
}

/** One timed step of each kind of engine on a few rows; null when it would be too long, or the GPU failed. */
async function trialOf(options: Omit<TrainerOptions, 'reason'>, device: OpenedDevice, facts: EngineFacts): Promise<Trial | null> {
  const { train } = options.dataset
  const initialWeights = options.initialWeights.slice(0, TRIAL_SEEDS)
  const rows = trialRows(options.spec, train.count, initialWeights.length)
  if (rows === 0) return null
  const few = {
    count: rows,
    inputs: train.inputs.subarray(0, rows * options.dataset.inputWidth),
    targets: train.targets.subarray(0, rows * options.dataset.outputWidth),
    labels: train.labels?.subarray(0, rows) ?? null,
  }
  const small = { ...options, initialWeights, batchRows: rows, dataset: { ...options.dataset, train: few, test: few }, reason: 'trial' }
  const batch = Int32Array.from({ length: rows }, (_, index) => index)
  const onDevice = facts.fusedObstacle === null ? 'fused' : 'network'
  try {
    return {
      float64: await stepTime(await onCpu('float64', small), batch),
      gpu: await stepTime(await onGpu(onDevice, small, device), batch),
    }
  } catch {
    // Whatever failed there will fail, or not, when the real trainer is made; the choice falls to the CPU.
    return null
  }
}

async function stepTime(trainer: Trainer, batch: Int32Array): Promise<Milliseconds> {
  try {
    // The first step compiles pipelines and code.
    await trainer.train([batch])
    const start = performance.now()
    await trainer.train([batch])
    return performance.now() - start
  } finally {
    await trainer.dispose()
  }
}
