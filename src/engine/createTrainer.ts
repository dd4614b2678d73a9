// Where does a trainer come from? Everybody asks here; nobody else names an engine.
//
// Engines are imported late: a chain never loads tfjs. The device is opened once per thread and kept, because two arms
// share it and a second adapter request is slow; a lost or poisoned one is replaced at the next request.
import type { Experiment } from '../core/experiment.ts'
import { isWeighted } from '../core/networkSpec.ts'
import { stepMultiplications } from '../core/stepWork.ts'
import { chooseEngine, type EngineFacts } from './chooseEngine.ts'
import { openDevice, type NoGpu, type OpenedDevice } from './device.ts'
import { withFixedOutput } from './fixedOutput.ts'
import type { Trainer, TrainerOptions } from './trainer.ts'

export interface CreateTrainerRequest {
  readonly options: Omit<TrainerOptions, 'reason'>
  readonly kind: Experiment['model']['kind']
  /** Wish of the experiment. */
  readonly preference: Experiment['engine']
  /** false: never ask for a GPU (two losses in a row, or a command line that says so). */
  readonly allowGpu: boolean
}

let shared: Promise<OpenedDevice | NoGpu> | null = null

/**
 * The trainer of one arm, on the engine that `chooseEngine` names.
 *
 * @throws {FaultError} poisoned, deviceLost or noWebGpu from the GPU; ShapeFault when options do not fit together.
 */
export async function createTrainer(request: CreateTrainerRequest): Promise<Trainer> {
  const { kind, preference } = request
  const { spec, dataset, batchRows, initialWeights } = request.options
  const linearised = spec.linearised === true
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
    // Where float64 is taken anyway nobody asks, and the kernels are not loaded.
    fusedObstacle:
      device.type === 'device' && !(device.software && preference === 'auto') ? await fusedObstacleOf(request.options, device) : null,
    // Batches of unknown size may be as large as the data.
    stepWork: stepMultiplications(spec, batchRows ?? dataset.train.count, initialWeights.length),
    weightedLayers: spec.layers.filter(isWeighted).length,
  }
  const { engine, reason } = chooseEngine(facts)
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
