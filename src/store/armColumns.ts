// Where do the samples of one arm live? One column or history per instrument, and why an instrument is silent.
import type { ArmName } from '../core/experiment.ts'
import type {
  CosineSample,
  CostSample,
  EvaluationSample,
  GradientNormSample,
  HessianSample,
  InstrumentName,
  KernelSample,
  Sample,
  UnavailableReason,
} from '../core/sample.ts'
import { appendLosses, createLossColumn, frozenLosses, type LossColumn } from './lossColumn.ts'
import { appendSample, createHistory, type SampleHistory } from './sampleHistory.ts'

export interface ArmColumns {
  loss: LossColumn | null
  readonly evaluation: SampleHistory<EvaluationSample>
  readonly gradientNorms: SampleHistory<GradientNormSample>
  readonly cosines: SampleHistory<CosineSample>
  readonly hessian: SampleHistory<HessianSample>
  readonly kernel: SampleHistory<KernelSample>
  /** Why an instrument has nothing to show now; an entry goes when a measurement comes. */
  readonly unavailable: Map<InstrumentName, UnavailableReason>
  readonly costs: Map<InstrumentName, CostSample>
}

/** Columns per arm; B stays empty where there is no arm B. */
export type RunColumns = Readonly<Record<ArmName, ArmColumns>>

/** Empty columns of one arm. */
export function createArmColumns(): ArmColumns {
  return {
    loss: null,
    evaluation: createHistory(),
    gradientNorms: createHistory(),
    cosines: createHistory(),
    hessian: createHistory(),
    kernel: createHistory(),
    unavailable: new Map(),
    costs: new Map(),
  }
}

/** Empty columns of both arms. */
export function createRunColumns(): RunColumns {
  return { A: createArmColumns(), B: createArmColumns() }
}

/** Puts one sample where it belongs. */
export function appendToColumns(columns: RunColumns, sample: Sample): void {
  const arm = columns[sample.arm]
  switch (sample.type) {
    case 'loss':
      if (arm.loss === null || arm.loss.seedCount !== sample.seedCount) arm.loss = createLossColumn(sample.seedCount)
      appendLosses(arm.loss, sample)
      return
    case 'evaluation':
      appendSample(arm.evaluation, sample)
      break
    case 'gradientNorms':
      appendSample(arm.gradientNorms, sample)
      break
    case 'cosines':
      appendSample(arm.cosines, sample)
      break
    case 'hessian':
      if (sample.entries !== null) forgetEntries(arm.hessian)
      appendSample(arm.hessian, sample)
      break
    case 'kernel':
      appendSample(arm.kernel, sample)
      break
    case 'unavailable':
      arm.unavailable.set(sample.instrument, sample.reason)
      return
    case 'cost':
      arm.costs.set(sample.instrument, sample)
      return
    default:
      sample satisfies never
      return
  }
  arm.unavailable.delete(sample.type)
}

/** The largest step of which anything is known, 0 when empty. */
export function lastStep(columns: RunColumns): number {
  const ends = [columns.A, columns.B].map((arm) => (arm.loss === null || arm.loss.count === 0 ? 0 : arm.loss.steps[arm.loss.count - 1] + 1))
  return Math.max(...ends)
}

/** What a ghost keeps of an arm: the same columns, their loss cut to size. */
export function frozenColumns(columns: RunColumns): RunColumns {
  const frozen = (arm: ArmColumns): ArmColumns => ({ ...arm, loss: arm.loss === null ? null : frozenLosses(arm.loss) })
  return { A: frozen(columns.A), B: frozen(columns.B) }
}

/** Entry maps are megabytes each: only the newest map is kept, at whichever step it was measured. */
function forgetEntries(history: SampleHistory<HessianSample>): void {
  for (let index = history.samples.length - 1; index >= 0; index--) {
    const sample = history.samples[index]
    if (sample.entries === null) continue
    history.bytes -= sample.entries.byteLength
    history.samples[index] = { ...sample, entries: null }
  }
}
