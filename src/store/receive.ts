// What does a message of the Worker change in the state? One function, no effects, so that a test can replay a run.
import type { OptimizerSettings } from '../core/experiment.ts'
import { withOptimizerChange } from '../core/optimizerChanges.ts'
import type { Demand, Stream } from '../protocol/messages.ts'
import { appendToColumns } from './armColumns.ts'
import { recordEdit } from './editHistory.ts'
import type { DemandView, LabState } from './labState.ts'

/** The part of the state that a stream message changes; the columns are changed in place behind `revision`. */
export function receive(state: LabState, message: Stream): Partial<LabState> {
  const { run } = state
  switch (message.type) {
    // Another Worker knows nothing of what was asked of the one before.
    case 'hello':
      return { demands: {} }
    case 'heartbeat':
    case 'checkpointed':
      return {}
    case 'progress': {
      const { what, done, total, label, demand } = message
      if (demand !== undefined) return withDemand(state, demand, (known) => ({ ...known, progress: { done, total, label } }))
      return { run: { ...run, progress: { what, done, total, label } } }
    }
    case 'ready': {
      const { chips, layerNames, parameterCount, step } = message
      return { chips, layerNames, parameterCount, run: { ...run, step, progress: null } }
    }
    case 'samples':
      for (const sample of message.samples) appendToColumns(state.columns, sample)
      return {
        revision: state.revision + 1,
        run: {
          ...run,
          step: message.step,
          stepsPerSecond: message.stepsPerSecond,
          stepDuration: message.stepDuration ?? run.stepDuration,
          progress: null,
        },
      }
    case 'state':
      return { run: { ...run, step: message.step, stepsPerSecond: message.state === 'running' ? run.stepsPerSecond : 0, progress: null } }
    case 'seedDiverged':
      return { run: { ...run, divergedSeeds: { ...run.divergedSeeds, [message.arm]: run.divergedSeeds[message.arm] + 1 } } }
    case 'optimizerChanged': {
      const { step, arm, optimizer } = message
      // A planned change that takes effect is announced too; it stands in the list already, unless a hand moved it since.
      const known = state.experiment.changes.find((change) => change.step === step && change.arm === arm)
      if (known !== undefined && sameOptimizer(known.optimizer, optimizer)) return {}
      // An edit like any other: Undo leads to the experiment without it.
      return {
        experiment: withOptimizerChange(state.experiment, { step, arm, optimizer }),
        edits: recordEdit(state.edits, state.experiment, null),
      }
    }
    case 'demand':
      if (message.state === 'begun') return withDemand(state, message.demand, (known) => ({ ...known, state: 'underway' }))
      return withDemand(state, message.demand, () => undefined)
    case 'fault':
      return {}
    default:
      message satisfies never
      return {}
  }
}

/** The demands with another entry; what is being taken back stays so until the Worker has ended it. */
export function withDemand(
  { demands }: Pick<LabState, 'demands'>,
  demand: Demand,
  change: (known: DemandView) => DemandView | undefined,
): Pick<LabState, 'demands'> {
  const known = demands[demand] ?? { state: 'asked', progress: null }
  const next = change(known)
  if (next === undefined) return { demands: Object.fromEntries(Object.entries(demands).filter(([name]) => name !== demand)) }
  return { demands: { ...demands, [demand]: known.state === 'cancelling' ? known : next } }
}

function sameOptimizer(a: OptimizerSettings, b: OptimizerSettings): boolean {
  return (Object.keys(a) as (keyof OptimizerSettings)[]).every((key) => a[key] === b[key])
}
