import { describe, expect, test } from 'vitest'
import { createPause } from '../../../src/engine/float64/pause.ts'

const work = (ms: number): void => {
  const until = performance.now() + ms
  while (performance.now() < until);
}

describe('createPause', () => {
  test('lets messages through after 40 ms of work, and not before', async () => {
    const pause = createPause(undefined)
    let arrived = false
    setTimeout(() => (arrived = true), 0)
    await pause()
    expect(arrived).toBe(false)
    work(41)
    await pause()
    expect(arrived).toBe(true)
  })
  test('stops where a message that came in between aborted', async () => {
    const controller = new AbortController()
    const pause = createPause(controller.signal)
    setTimeout(() => controller.abort(), 0)
    await pause()
    work(41)
    await expect(pause()).rejects.toThrow(/abort/)
  })
})
