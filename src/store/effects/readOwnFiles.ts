// Where are files read? In a Worker of their own, one for each choice, so that cancelling is certain and the page never stops.
import type { ReadOwnFilesAnswer } from '../../protocol/ownFileMessages.ts'
import type { ReadOwnFiles } from '../ownFileStore.ts'

/** A reader that spawns a Worker for each call and ends it with the answer. */
export function readOwnFilesIn(spawn: () => Worker): ReadOwnFiles {
  return (request, signal) =>
    new Promise((resolve, reject) => {
      const worker = spawn()
      const settle = (answer: ReadOwnFilesAnswer) => {
        worker.terminate()
        resolve(answer)
      }
      signal.addEventListener('abort', () => {
        worker.terminate()
        reject(signal.reason as Error)
      })
      worker.onmessage = ({ data }: MessageEvent<ReadOwnFilesAnswer>) => settle(data)
      worker.onerror = (event) => {
        event.preventDefault()
        settle({ type: 'refused', why: 'The file could not be read: the part of the page that reads files stopped.' })
      }
      worker.postMessage(request, { transfer: [] })
    })
}
