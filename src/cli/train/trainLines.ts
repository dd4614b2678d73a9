// How does a run read on a terminal? One aligned line per arm and step, every line whole in itself.
import type { Experiment } from '../../core/experiment.ts'
import type { TrainLine } from './trainRun.ts'

const WIDTHS = { step: 8, loss: 11, accuracy: 8, rate: 9 } as const

/** The titles above the lines. */
export function columnTitles(experiment: Experiment): string {
  return joined(experiment, ['arm', 'step', 'loss', 'train %', 'test %', 'steps/s', 'engine'])
}

/** One arm at one step; accuracies of a regression are a dash, and so is a speed before the first step. */
export function lineText(experiment: Experiment, line: TrainLine): string {
  const { chip } = line
  return joined(experiment, [
    line.arm,
    String(line.step),
    lossText(line.loss),
    percentText(line.trainAccuracy),
    percentText(line.testAccuracy),
    rateText(line.stepsPerSecond),
    `${chip.engine} on ${chip.adapter ?? 'the CPU'} (${chip.precision})`,
  ])
}

function joined(experiment: Experiment, [arm, step, loss, train, test, rate, engine]: readonly string[]): string {
  const arms = experiment.versus === null ? [] : [arm.padEnd(3)]
  return [
    ...arms,
    step.padStart(WIDTHS.step),
    loss.padStart(WIDTHS.loss),
    train.padStart(WIDTHS.accuracy),
    test.padStart(WIDTHS.accuracy),
    rate.padStart(WIDTHS.rate),
    ` ${engine}`,
  ].join(' ')
}

function lossText(loss: number): string {
  const plain = loss === 0 || (Math.abs(loss) >= 1e-3 && Math.abs(loss) < 1e4)
  return plain ? loss.toFixed(5) : loss.toExponential(4)
}

function percentText(share: number | null): string {
  return share === null ? '-' : (100 * share).toFixed(2)
}

function rateText(rate: number): string {
  if (!Number.isFinite(rate)) return '-'
  return rate >= 100 ? String(Math.round(rate)) : rate.toPrecision(3)
}
