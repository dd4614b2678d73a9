// What does a message say, apart from whom it is for?
import type { Command, Request, Stream } from './messages.ts'

type WithoutAddress<Message> = Message extends unknown ? Omit<Message, 'runId' | 'epoch'> : never

/** A command before the client puts the address of the run on it. */
export type CommandBody = WithoutAddress<Command>
/** A request before the client numbers and addresses it. */
export type RequestBody = Request extends infer Each ? (Each extends Request ? Omit<Each, 'runId' | 'epoch' | 'requestId'> : never) : never
/** A stream message before the Worker puts the address on it. */
export type StreamBody = WithoutAddress<Stream>
