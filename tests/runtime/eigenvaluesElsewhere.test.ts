// Each title finishes the sentence "eigenvaluesElsewhere ...".
import { expect, test } from 'vitest'
import { DomainFault } from '../../src/core/faults.ts'
import { symmetricEigenvalues } from '../../src/numerics/symmetricEigenvalues.ts'
import {
  eigenvaluesElsewhere,
  type EigenvalueAnswer,
  type EigenvaluePort,
  type EigenvalueQuestion,
} from '../../src/runtime/eigenvaluesElsewhere.ts'

const diagonal = (n: number) => {
  const matrix = new Float64Array(n * n)
  for (let i = 0; i < n; i++) matrix[i * n + i] = n - i
  return matrix
}

function bench(reply: (port: EigenvaluePort, question: EigenvalueQuestion) => void) {
  const counts = { spawned: 0, terminated: 0, asked: 0 }
  const spawn = (): EigenvaluePort => {
    counts.spawned++
    const port: EigenvaluePort = {
      postMessage: (question) => (counts.asked++, queueMicrotask(() => reply(port, question))),
      terminate: () => counts.terminated++,
      onmessage: null,
      onerror: null,
    }
    return port
  }
  return { counts, elsewhere: eigenvaluesElsewhere(spawn) }
}

const honest = (port: EigenvaluePort, { id, matrix, n }: EigenvalueQuestion) =>
  port.onmessage?.({ data: { id, eigenvalues: symmetricEigenvalues(matrix, n) } } as MessageEvent<EigenvalueAnswer>)

test('eigenvaluesElsewhere keeps small matrices here and asks one second Worker for all large ones', async () => {
  const { counts, elsewhere } = bench(honest)
  expect([...(await elsewhere.eigenvalues(diagonal(3), 3))]).toEqual([1, 2, 3])
  expect(counts.spawned).toBe(0)
  for (let i = 0; i < 2; i++) expect((await elsewhere.eigenvalues(diagonal(200), 200))[199]).toBe(200)
  expect(counts).toEqual({ spawned: 1, terminated: 0, asked: 2 })
})

test('eigenvaluesElsewhere ends the Worker when it is aborted, and spawns another for the next matrix', async () => {
  const never = bench((port, question) => (never.counts.asked > 1 ? honest(port, question) : undefined))
  const controller = new AbortController()
  const open = never.elsewhere.eigenvalues(diagonal(200), 200, controller.signal)
  controller.abort(new Error('closed'))
  await expect(open).rejects.toThrow('closed')
  expect(never.counts.terminated).toBe(1)
  expect((await never.elsewhere.eigenvalues(diagonal(200), 200))[0]).toBe(1)
  expect(never.counts.spawned).toBe(2)
})

test('eigenvaluesElsewhere computes here when the second Worker cannot be had', async () => {
  const { counts, elsewhere } = bench((port) => port.onerror?.({ preventDefault: () => undefined } as ErrorEvent))
  for (let i = 0; i < 2; i++) expect((await elsewhere.eigenvalues(diagonal(200), 200))[199]).toBe(200)
  expect(counts.asked).toBe(1)
  expect((await eigenvaluesElsewhere(null).eigenvalues(diagonal(200), 200))[0]).toBe(1)
})

test('eigenvaluesElsewhere passes on what the solver refuses', async () => {
  const { elsewhere } = bench((port, { id }) =>
    port.onmessage?.({ data: { id, problem: 'entry 3 is not finite' } } as MessageEvent<EigenvalueAnswer>),
  )
  await expect(elsewhere.eigenvalues(diagonal(200), 200)).rejects.toBeInstanceOf(DomainFault)
})
