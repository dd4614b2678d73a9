// What can a person do about a fault? Every fault has a title, what was kept, and at least one next step.
import type { Fault } from '../core/faults.ts'

export type AdviceAction = 'retry' | 'rewind' | 'reload' | 'lowerRate' | 'reset' | 'shrink' | 'useCpu'

export interface Advice {
  readonly title: string
  /** What was kept, and what to try. */
  readonly next: string
  readonly actions: readonly AdviceAction[]
}

export const ACTION_LABELS: Readonly<Record<AdviceAction, string>> = {
  retry: 'Try again',
  reload: 'Reload the page',
  rewind: 'Back ten steps',
  lowerRate: 'Rate ÷ 10 and run',
  reset: 'Back to the start',
  shrink: 'Use the nearest that fits',
  useCpu: 'Compute on the CPU',
}

/** Words and actions for a fault; the fault's own `detail` stands between title and next step. */
export function adviceFor(fault: Fault): Advice {
  switch (fault.type) {
    case 'diverged':
      return {
        title: `Run ${fault.arm} left the finite numbers`,
        next: 'Every curve is kept. A smaller rate or a smaller scale τ usually helps.',
        actions: ['lowerRate', 'rewind', 'reset'],
      }
    case 'refused':
      return {
        title: 'Too large for this machine',
        next: 'Nothing was started, and your settings are kept.',
        actions: ['shrink', 'reset'],
      }
    case 'dataMissing':
      return {
        title: 'The images did not arrive',
        next: 'Your settings are kept. Check the connection, then try again.',
        actions: ['retry'],
      }
    case 'dataCorrupt':
      return {
        title: 'The images arrived damaged',
        next: 'Damaged data are never used. Trying again loads the file anew.',
        actions: ['retry'],
      }
    case 'noWebGpu':
      return {
        title: 'No GPU for this page',
        next: 'The same experiment runs on the CPU in double precision, only slower.',
        actions: ['useCpu', 'retry'],
      }
    case 'deviceLost':
      return {
        title: 'The GPU was lost',
        next: 'The last checkpoint is kept. Another try may find it again.',
        actions: ['retry', 'useCpu', 'reload'],
      }
    case 'poisoned':
      return {
        title: 'The GPU gave numbers that cannot be trusted',
        next: 'They were thrown away; everything before them is kept.',
        actions: ['retry', 'useCpu'],
      }
    case 'hung':
      return { title: 'The computation does not answer', next: 'Everything measured so far is kept.', actions: ['retry', 'useCpu'] }
    case 'workerFailed':
      return { title: 'The computation stopped', next: 'Your settings and curves are kept.', actions: ['retry', 'reload'] }
    case 'unsupported':
      return {
        title: 'That cannot be computed here',
        next: 'Change the setting that is named, or let the engine be chosen automatically.',
        actions: ['useCpu', 'reset'],
      }
    default:
      fault satisfies never
      return { title: 'The run stopped', next: '', actions: ['retry'] }
  }
}
