// Where are the eigenvalues of a large matrix computed? In a second Worker, which can be ended in the middle.
//
// Small matrices stay here: a message there and back costs more than they do. The second Worker is spawned at the first
// large matrix and kept; where it cannot be had (some embeds allow no nested Workers) everything stays here.
import { DomainFault } from '../core/faults.ts'
import { symmetricEigenvalues } from '../numerics/symmetricEigenvalues.ts'

export interface EigenvalueQuestion {
  readonly id: number
  /** [n, n] row-major. */
  readonly matrix: Float64Array
  readonly n: number
}

export type EigenvalueAnswer =
  | { readonly id: number; readonly eigenvalues: Float64Array }
  | { readonly id: number; readonly problem: string }

/** The part of a Worker that is used. */
export interface EigenvaluePort {
  postMessage(question: EigenvalueQuestion): void
  terminate(): void
  onmessage: ((event: MessageEvent<EigenvalueAnswer>) => void) | null
  onerror: ((event: ErrorEvent) => void) | null
}

export interface EigenvaluesElsewhere {
  /** Ascending eigenvalues of a symmetric [n, n] matrix, which stays as it is. @throws the signal's reason when aborted. */
  eigenvalues(matrix: Float64Array, n: number, signal?: AbortSignal): Promise<Float64Array>
}

/** About 20 ms of work here: from then on the page would feel it. */
const SMALLEST_ELSEWHERE = 160

/** @param spawn makes the second Worker; null when there can be none. */
export function eigenvaluesElsewhere(spawn: (() => EigenvaluePort) | null): EigenvaluesElsewhere {
  let port: EigenvaluePort | null = null
  let isBroken = spawn === null
  let nextId = 1

  const ask = (matrix: Float64Array, n: number, signal?: AbortSignal): Promise<Float64Array | 'broken'> =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      port ??= spawn!()
      const id = nextId++
      const abort = (): void => {
        // The loop over there listens to nobody; a new Worker is cheaper than the rest of n^3.
        port?.terminate()
        port = null
        reject(signal?.reason)
      }
      const settle = (): void => signal?.removeEventListener('abort', abort)
      port.onmessage = ({ data }) => {
        if (data.id !== id) return
        settle()
        if ('eigenvalues' in data) resolve(data.eigenvalues)
        else reject(new DomainFault(data.problem))
      }
      port.onerror = (event) => {
        event.preventDefault()
        settle()
        resolve('broken')
      }
      signal?.addEventListener('abort', abort, { once: true })
      port.postMessage({ id, matrix, n })
    })

  return {
    async eigenvalues(matrix, n, signal) {
      if (n < SMALLEST_ELSEWHERE || isBroken) return symmetricEigenvalues(matrix, n)
      const answer = await ask(matrix, n, signal)
      if (answer !== 'broken') return answer
      isBroken = true
      port?.terminate()
      port = null
      return symmetricEigenvalues(matrix, n)
    },
  }
}
