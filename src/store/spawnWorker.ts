// Where do the Workers of the page come from? The only place of their addresses; relative, so a folder can lie anywhere.
import type { WorkerPort } from '../protocol/client.ts'

/** A new Worker that has not greeted yet. */
export function spawnWorker(): WorkerPort {
  return new Worker(new URL('../runtime/worker.ts', import.meta.url), { type: 'module', name: 'plateau' })
}

/** A new Worker that reads one choice of files. */
export function spawnOwnFileWorker(): Worker {
  return new Worker(new URL('../runtime/ownFileWorker.ts', import.meta.url), { type: 'module', name: 'plateau-files' })
}
