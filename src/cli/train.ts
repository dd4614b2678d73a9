// `npm run train -- <lesson, preset or experiment.json>`: any experiment of the page without the page.
//
// Prints a line every n steps and can require an accuracy, so that "it learns" is a command and not a claim.
// Exit codes: 0 done, 1 below the required accuracy or diverged, 2 bad input, 3 numbers that cannot be trusted, 4 no WebGPU.
import { readFileSync } from 'node:fs'
import { DomainFault, FaultError, ShapeFault } from '../core/faults.ts'
import type { Experiment } from '../core/experiment.ts'
import { refusalOf } from '../core/footprint.ts'
import { validateExperiment } from '../core/parseExperiment.ts'
import { findLesson, LESSONS } from '../lessons/catalogue.ts'
import { chooseTrainer } from '../runtime/chooseTrainer.ts'
import { installNodeWebGpu } from './nodeWebGpu.ts'
import { readPublicAsset } from './readPublicAsset.ts'
import { TRAIN_PRESETS } from './train/trainPresets.ts'
import { trainArguments, type TrainRequest } from './train/trainArguments.ts'
import { columnTitles, lineText } from './train/trainLines.ts'
import { ownData } from './train/ownData.ts'
import { trainRun } from './train/trainRun.ts'

const LINES = 20

/** WebGPU was asked for and cannot be had. */
class NoWebGpu extends Error {}

/** Trains and prints; answers with the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    return await train(trainArguments(args))
  } catch (error) {
    return told(error)
  }
}

async function train(request: TrainRequest): Promise<number> {
  const wished = wishedExperiment(request)
  const own = request.data.length === 0 ? null : await ownData(request.data, wished)
  // A chain becomes an MLP with steps of its own; what was asked for counts.
  const experiment = checked(own === null ? wished : { ...own.experiment, steps: request.steps ?? own.experiment.steps })
  const gpu = experiment.model.kind !== 'chain' && experiment.engine !== 'float64' && (await installNodeWebGpu())
  if (request.backend === 'webgpu' && experiment.model.kind !== 'chain' && !gpu) {
    throw new NoWebGpu('WebGPU: no adapter, got none, expected one (or --backend float64)')
  }
  process.stdout.write(`${columnTitles(experiment)}\n`)
  const last = await trainRun(experiment, {
    readAsset: readPublicAsset,
    ownFile: own?.samples ?? null,
    createTrainer: chooseTrainer,
    allowGpu: gpu,
    every: request.every ?? Math.max(1, Math.ceil(experiment.steps / LINES)),
    onLine: (line) => process.stdout.write(`${lineText(experiment, line)}\n`),
  })
  const required = request.requireAccuracy
  if (required === null) return 0
  const { testAccuracy } = last[0]
  const reached = testAccuracy !== null && testAccuracy >= required
  const words = testAccuracy === null ? 'no accuracy: the task is a regression' : `test accuracy ${(100 * testAccuracy).toFixed(2)} %`
  process.stdout.write(`${reached ? 'Reached' : 'Missed'}: ${words}, required ${(100 * required).toFixed(2)} %.\n`)
  return reached ? 0 : 1
}

function wishedExperiment(request: TrainRequest): Experiment {
  const named = findLesson(request.input, null)?.experiment ?? presetNamed(request.input)
  const base = named ?? validateExperiment(readExperiment(request.input))
  const engine = request.engine ?? engineOf(request.backend, base.engine)
  return validateExperiment({ ...base, steps: request.steps ?? base.steps, engine })
}

/** The experiment, when it fits. */
function checked(experiment: Experiment): Experiment {
  const refusal = refusalOf(experiment)
  if (refusal !== null) throw new DomainFault(`experiment: too large, got ${refusal.bytes} bytes, expected at most ${refusal.limit}`)
  return experiment
}

function presetNamed(name: string): Experiment | null {
  return Object.hasOwn(TRAIN_PRESETS, name) ? TRAIN_PRESETS[name] : null
}

function engineOf(backend: TrainRequest['backend'], wanted: Experiment['engine']): Experiment['engine'] {
  if (backend === null) return wanted
  if (backend === 'float64') return 'float64'
  // `fused` falls back to the layers where the kernels cannot take the network.
  return wanted === 'network' ? 'network' : 'fused'
}

function readExperiment(path: string): unknown {
  let text: string
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8')
  } catch {
    const ids = [...LESSONS.map(({ id }) => id), ...Object.keys(TRAIN_PRESETS)].join(' | ')
    throw new DomainFault(`input: neither a lesson, a preset nor a file, got ${JSON.stringify(path)}, expected ${ids} or a JSON file`)
  }
  try {
    return JSON.parse(text)
  } catch {
    throw new DomainFault(`input: not JSON, got ${JSON.stringify(text.trim().slice(0, 40))}, expected one JSON object`)
  }
}

/** One line on standard error, and the exit code of this kind of failure. */
function told(error: unknown): number {
  const say = (line: string, code: number): number => {
    process.stderr.write(`train: ${line.replaceAll('\n', ' ')}\n`)
    return code
  }
  if (error instanceof DomainFault || error instanceof ShapeFault) return say(error.message, 2)
  if (error instanceof NoWebGpu) return say(error.message, 4)
  if (!(error instanceof FaultError)) throw error
  const { type, detail } = error.fault
  return say(`${type}: ${detail}`, type === 'diverged' ? 1 : type === 'poisoned' || type === 'deviceLost' ? 3 : 2)
}
