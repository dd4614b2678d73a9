// What does the page want of the run at this moment?
//
// Commands arrive between two chunks of work and only ever change this record; the run looks at it when it is ready.
// So no command finds the run half-way through a step.
import { MEASURED_INSTRUMENTS } from '../diagnostics/catalogue.ts'
import type { Command, Demand, Request } from '../protocol/messages.ts'
import type { Step } from '../core/units.ts'

export type RunMode = 'running' | 'paused' | 'finished' | 'diverged'

/** What has to be done between two chunks, in the order in which it came. */
export type Order = Extract<Command, { type: 'optimizer' | 'schedule' | 'measureNow' }> | Request

export interface RunControl {
  mode: RunMode
  /** Steps that were asked for one by one while paused. */
  pendingSteps: number
  /** Steps per second, null: as fast as it goes. */
  pace: number | null
  readonly orders: Order[]
  readonly closed: AbortController
  /** Takes a command or request; acknowledgements and withdrawals never come here. */
  receive(message: Exclude<Command, { type: 'start' | 'ack' | 'cancel' }> | Request): void
  /** Something changed: whoever waits looks again. */
  wake(): void
  /** Resolves at the next change: look at the record and call this without an `await` between, or a change is missed. */
  changed(): Promise<void>
}

/** What an order is for, where it can be taken back. */
export function demandOf(order: Order): Demand | null {
  if (order.type === 'snapshot') return 'snapshot'
  return order.type === 'measureNow' ? (MEASURED_INSTRUMENTS.find((name) => name === order.instrument) ?? null) : null
}

/** A paused run that nobody has asked for anything. */
export function createRunControl(pace: number | null): RunControl {
  let waiters: (() => void)[] = []
  const control: RunControl = {
    mode: 'paused',
    pendingSteps: 0,
    pace,
    orders: [],
    closed: new AbortController(),
    receive(message) {
      switch (message.type) {
        case 'run':
          if (control.mode === 'paused') control.mode = 'running'
          break
        case 'pause':
          if (control.mode === 'running') control.mode = 'paused'
          control.pendingSteps = 0
          break
        case 'step':
          if (control.mode === 'running') control.mode = 'paused'
          if (control.mode === 'paused') control.pendingSteps += message.count
          break
        case 'pace':
          control.pace = message.stepsPerSecond
          break
        case 'close':
          control.closed.abort(new DOMException('the run was closed', 'AbortError'))
          break
        case 'optimizer':
        case 'schedule':
        case 'measureNow':
        case 'checkpoint':
        case 'snapshot':
          control.orders.push(message)
          break
        default:
          message satisfies never
      }
      control.wake()
    },
    wake() {
      const woken = waiters
      waiters = []
      for (const resolve of woken) resolve()
    },
    changed: () => new Promise((resolve) => waiters.push(resolve)),
  }
  return control
}

/** How many steps may be done before something else is due; 0 when none is wanted. */
export function wantedSteps(control: RunControl, step: Step, end: Step): number {
  if (control.mode === 'running') return end - step
  return control.mode === 'paused' ? Math.min(control.pendingSteps, end - step) : 0
}
