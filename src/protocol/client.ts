// How does the page speak with one Worker?
//
// Commands go out with the address of the run of the moment, requests come back as promises, and whatever still arrives
// from an older run or epoch is dropped here, once, so that no caller has to think of it.
import { FaultError, type Fault } from '../core/faults.ts'
import type { CommandBody, RequestBody } from './addressed.ts'
import type { Address, Stream, ToPage, ToWorker } from './messages.ts'

/** The part of a Worker that is used; a test gives its own. */
export interface WorkerPort {
  postMessage(message: ToWorker): void
  terminate(): void
  onmessage: ((event: MessageEvent<ToPage>) => void) | null
  onerror: ((event: ErrorEvent) => void) | null
  onmessageerror: ((event: MessageEvent) => void) | null
}

export interface ClientListener {
  /** Every stream message of the run of the moment, and the greeting of the Worker. */
  stream(message: Stream): void
  /** The script is missing, threw outside any run, or sent what cannot be read. */
  broken(detail: string): void
}

export interface Client {
  /** The run that is listened to. */
  readonly address: Address
  /** From now on this run counts; requests of the one before fail. */
  adopt(address: Address): void
  send(body: CommandBody): void
  /** Exactly one answer. @throws {FaultError} with the Worker's fault, or when run or Worker end before it. */
  request(body: RequestBody): Promise<unknown>
  /** Says that samples have arrived; until then the Worker sends no more. */
  acknowledge(sequence: number): void
  /** Ends the Worker at once; nothing is heard afterwards. */
  terminate(): void
}

interface Pending {
  resolve(value: unknown): void
  reject(error: FaultError): void
}

/** A client of a Worker that was just spawned; it belongs to no run until `adopt`. */
export function createClient(port: WorkerPort, listener: ClientListener): Client {
  let address: Address = { runId: 0, epoch: 0 }
  let nextRequest = 1
  let isOpen = true
  const pending = new Map<number, Pending>()

  const failAll = (fault: Fault): void => {
    const failed = [...pending.values()]
    pending.clear()
    for (const { reject } of failed) reject(new FaultError(fault))
  }

  port.onmessage = ({ data }) => {
    if (!isOpen) return
    if (data.type === 'hello') return listener.stream(data)
    if (data.runId !== address.runId || data.epoch !== address.epoch) return
    if (data.type !== 'reply') return listener.stream(data)
    const waiting = pending.get(data.requestId)
    pending.delete(data.requestId)
    if (data.ok) waiting?.resolve(data.value)
    else waiting?.reject(new FaultError(data.fault))
  }
  port.onerror = (event) => {
    // Otherwise the browser reports what is handled here as an uncaught error of the page.
    event.preventDefault()
    if (isOpen) listener.broken(event.message || 'the script could not be loaded')
  }
  port.onmessageerror = () => {
    if (isOpen) listener.broken('a message could not be read')
  }

  return {
    get address() {
      return address
    },
    adopt(next) {
      address = next
      failAll({ type: 'unsupported', detail: 'Another run has begun.' })
    },
    send(body) {
      port.postMessage({ ...body, ...address })
    },
    request(body) {
      const requestId = nextRequest++
      return new Promise((resolve, reject) => {
        pending.set(requestId, { resolve, reject })
        port.postMessage({ ...body, requestId, ...address })
      })
    },
    acknowledge(sequence) {
      port.postMessage({ type: 'ack', sequence, ...address })
    },
    terminate() {
      isOpen = false
      port.terminate()
      failAll({ type: 'workerFailed', detail: 'The computation was restarted before it could answer.' })
    },
  }
}
