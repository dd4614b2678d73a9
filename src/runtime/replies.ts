// How does a request get its one answer? With what its work gave, or with the reason why there is nothing.
import type { Fault } from '../core/faults.ts'
import type { Request } from '../protocol/messages.ts'
import { faultOf, isAbort } from './faultOf.ts'
import type { Order } from './runControl.ts'

/** Exactly one of these answers each request. */
export type Answer =
  | { readonly requestId: number; readonly ok: true; readonly value: unknown }
  | { readonly requestId: number; readonly ok: false; readonly fault: Fault }

/** Why an order that its owner withdrew has no answer. */
export const TAKEN_BACK = 'It was taken back.'

export interface Replies {
  /** Answers with what the work gives, or with its fault. */
  respond(request: Request, work: () => Promise<unknown>): Promise<void>
  /** Answers an order whose turn never comes; commands have no answer. */
  refuse(order: Order, detail?: string): void
}

/** @param answer sends one answer to whoever asked. */
export function createReplies(answer: (answer: Answer) => void): Replies {
  const refuse: Replies['refuse'] = (order, detail = 'The run has ended.') => {
    if (order.type === 'checkpoint' || order.type === 'snapshot') {
      answer({ requestId: order.requestId, ok: false, fault: { type: 'unsupported', detail } })
    }
  }
  return {
    async respond(request, work) {
      try {
        answer({ requestId: request.requestId, ok: true, value: await work() })
      } catch (error) {
        if (isAbort(error)) refuse(request, TAKEN_BACK)
        else answer({ requestId: request.requestId, ok: false, fault: faultOf(error) })
      }
    },
    refuse,
  }
}
