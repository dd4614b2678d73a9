// How much work is a training step, how long will it take, and what would make it shorter?
//
// Counted from shapes alone, so that a page can say it before the first step. Times a multiplication are rough: a machine may be three
// times faster or slower. Of a graphics card nothing is claimed: there only a measured step says something.
import type { EngineChip } from './engineChip.ts'
import type { ArmName, Experiment } from './experiment.ts'
import { dataShape } from './footprint.ts'
import { largestThatFits } from './largestThatFits.ts'
import { imageAfter, weightCount, type NetworkSpec } from './networkSpec.ts'
import { armExperiment, armsOf, networkSpec } from './resolve.ts'
import { namesSoftwareAdapter } from './softwareAdapter.ts'
import type { Milliseconds } from './units.ts'

/** Longer steps are worth a word. */
export const SLOW_STEP_MS: Milliseconds = 2000

/** Forward, deltas back, gradient; the linear model's outputs need a tangent pass too. */
const PASSES = 3
const LINEARISED_PASSES = 4

/** Nanoseconds a multiplication, measured on two cores of 2.8 GHz: 0.6 to 1.4 in float64, 1.3 to 2.2 and about 2.5 on a software adapter. */
const NANOSECONDS = { float64: 1, fused: 2, network: 2.5 } as const
/** A weight of a chain costs the same for any batch. */
const CHAIN_NANOSECONDS = 20

/** Multiplications of weights in one forward pass of one sample; pools, norms and activations are not counted. A convolution uses each of its weights at every position. */
export function multiplicationsPerRow({ layers }: NetworkSpec): number {
  let sum = 0
  for (const layer of layers) {
    if (layer.kind === 'pool') continue
    const [height, width] = layer.kind === 'conv' ? imageAfter(layer) : [1, 1]
    sum += weightCount(layer) * height * width
  }
  return sum
}

/** Multiplications of one training step of `seeds` networks on `rows` samples. */
export function stepMultiplications(spec: NetworkSpec, rows: number, seeds: number): number {
  return (spec.linearised === true ? LINEARISED_PASSES : PASSES) * multiplicationsPerRow(spec) * rows * seeds
}

/** One training step of all arms, which take turns; null where an arm computes on a graphics card, or nobody knows where. */
export function expectedStep(
  experiment: Experiment,
  chips: Readonly<Partial<Record<ArmName, Pick<EngineChip, 'engine' | 'adapter'>>>>,
): Milliseconds | null {
  let sum = 0
  for (const name of armsOf(experiment)) {
    const chip = chips[name]
    if (chip === undefined) return null
    const arm = armExperiment(experiment, name)
    if (chip.engine === 'chain') {
      sum += (arm.seeds * arm.model.depth * CHAIN_NANOSECONDS) / 1e6
      continue
    }
    if (chip.engine !== 'float64' && !namesSoftwareAdapter(chip.adapter ?? '')) return null
    sum += (armWork(arm) * NANOSECONDS[chip.engine]) / 1e6
  }
  return sum
}

/**
 * What to tell of a step that takes so long: how long, and the smallest loss that would bring it below two seconds; null for a quick one.
 *
 * @param known measured: it was; expected: it is counted.
 */
export function slowStepSentence(experiment: Experiment, duration: Milliseconds | null, known: 'measured' | 'expected'): string | null {
  if (duration === null || !(duration > SLOW_STEP_MS)) return null
  const work = totalWork(experiment)
  const timeOf = (other: Experiment): Milliseconds => (duration * totalWork(other)) / work
  const takes = known === 'measured' ? 'A step takes about' : 'A step will take about'
  return `${takes} ${inWords(duration)} here: ${shorter(experiment, timeOf)}`
}

/** Seeds first, then width, then the batch, as where memory is short. */
function shorter(experiment: Experiment, timeOf: (other: Experiment) => Milliseconds): string {
  const { model, versus, seeds, batch } = experiment
  const single = { ...experiment, seeds: 1 }
  const narrow = (width: number): Experiment => ({
    ...single,
    model: { ...model, width, parameterBudget: null },
    versus:
      versus?.model?.width === undefined ? versus : { ...versus, model: { ...versus.model, width: Math.min(width, versus.model.width) } },
  })
  const widest = Math.max(model.width, versus?.model?.width ?? 0)
  const candidates: readonly (readonly [name: string, from: number, change: (value: number) => Experiment])[] = [
    ['seeds', seeds, (value) => ({ ...experiment, seeds: value })],
    ['width', widest, narrow],
    ['batch', batch, (value) => ({ ...single, batch: value })],
  ]
  for (const [name, from, change] of candidates) {
    const value = largestThatFits(from, (candidate) => timeOf(change(candidate)) <= SLOW_STEP_MS)
    if (value === null || value === from) continue
    const also = name !== 'seeds' && seeds > 1 ? ' and 1 seed' : ''
    const named = name === 'seeds' ? (value === 1 ? '1 seed' : `${value} seeds`) : `${name} ${value}`
    return `with ${named}${also} it would be about ${inWords(timeOf(change(value)))}.`
  }
  return 'fewer seeds, a smaller width and fewer layers make it shorter.'
}

function totalWork(experiment: Experiment): number {
  return armsOf(experiment).reduce((sum, name) => sum + armWork(armExperiment(experiment, name)), 0)
}

function armWork(arm: Experiment): number {
  const rows = Math.min(arm.batch, arm.data.kind === 'point' ? 1 : arm.data.trainCount)
  return stepMultiplications(networkSpec(arm, dataShape(arm.data)), rows, arm.seeds)
}

function inWords(duration: Milliseconds): string {
  const seconds = duration / 1000
  if (seconds < 1) return `${Math.max(0.1, seconds).toFixed(1)} s`
  if (seconds < 90) return `${Math.round(seconds)} s`
  return seconds < 5400 ? `${Math.round(seconds / 60)} minutes` : `${Math.round(seconds / 3600)} hours`
}
