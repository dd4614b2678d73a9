// What did somebody ask for once, and how is it taken back?
//
// A whole measurement or a snapshot takes seconds to minutes, and the run stands still for it. Each has a signal of its own, so
// that taking it back ends the work itself and not the run; its begin and its end are told, whichever way it ended.
import type { Demand } from '../protocol/messages.ts'
import type { Publisher } from './publisher.ts'
import { demandOf, type Order, type RunControl } from './runControl.ts'

export interface Demands {
  /** Does the work and tells its begin and end. @throws what the work throws; the reason of its signal when it was taken back. */
  answer<Result>(demand: Demand, work: (stop: AbortSignal) => Promise<Result>): Promise<Result>
  /** The same, where being taken back is an answer too. */
  attempt(demand: Demand, work: (stop: AbortSignal) => Promise<void>): Promise<void>
  /** Ends what was asked for, whether it waits or is under way; over already: nothing happens. */
  takeBack(demand: Demand): void
}

/** @param refuse is called with each order that was taken back before its turn. */
export function createDemands(control: RunControl, publisher: Pick<Publisher, 'post'>, refuse: (order: Order) => void): Demands {
  let underway: { readonly demand: Demand; readonly stop: AbortController } | null = null

  const answer: Demands['answer'] = async (demand, work) => {
    const stop = new AbortController()
    underway = { demand, stop }
    publisher.post({ type: 'demand', demand, state: 'begun' })
    let state: 'ended' | 'cancelled' = 'cancelled'
    try {
      const result = await work(AbortSignal.any([control.closed.signal, stop.signal]))
      state = 'ended'
      return result
    } finally {
      underway = null
      publisher.post({ type: 'demand', demand, state })
    }
  }

  return {
    answer,
    async attempt(demand, work) {
      let stop: AbortSignal | null = null
      try {
        await answer(demand, async (own) => {
          stop = own
          await work(own)
        })
      } catch (error) {
        // A run that is closed ends with the same kind of error, and must.
        if (control.closed.signal.aborted || stop === null || error !== (stop as AbortSignal).reason) throw error
      }
    },
    takeBack(demand) {
      for (const order of control.orders.filter((waiting) => demandOf(waiting) === demand)) {
        control.orders.splice(control.orders.indexOf(order), 1)
        refuse(order)
        publisher.post({ type: 'demand', demand, state: 'cancelled' })
      }
      if (underway?.demand === demand) underway.stop.abort(new DOMException('it was taken back', 'AbortError'))
    },
  }
}
