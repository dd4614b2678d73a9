// Where does the computing part of the page come from? The only place of its address; relative, so a folder can lie anywhere.
import type { WorkerPort } from '../protocol/client.ts'

/** A new Worker that has not greeted yet. */
export function spawnWorker(): WorkerPort {
  return new Worker(new URL('../runtime/worker.ts', import.meta.url), { type: 'module', name: 'plateau' })
}
