// Does only one figure of a page run, and do other pages not mind?
import { describe, expect, test, vi } from 'vitest'
import { createLease } from '../../src/embed/lease.ts'

/** Channels that deliver at once to all others of the same name, as one origin would. */
function origin(): (name: string) => BroadcastChannel {
  const channels: { readonly deliver: (data: unknown) => void }[] = []
  return () => {
    const listeners: ((event: MessageEvent<unknown>) => void)[] = []
    const self = { deliver: (data: unknown) => listeners.forEach((listener) => listener({ data } as MessageEvent<unknown>)) }
    channels.push(self)
    return {
      addEventListener: (_type: string, listener: (event: MessageEvent<unknown>) => void) => listeners.push(listener),
      postMessage: (data: unknown) => channels.filter((other) => other !== self).forEach((other) => other.deliver(structuredClone(data))),
      close: () => undefined,
    } as unknown as BroadcastChannel
  }
}

describe('createLease', () => {
  test('stops the others of its page and not itself', () => {
    const open = origin()
    const [lostA, lostB, lostElsewhere] = [vi.fn<() => void>(), vi.fn<() => void>(), vi.fn<() => void>()]
    const a = createLease('https://lecture.example/1', lostA, open)
    const b = createLease('https://lecture.example/1', lostB, open)
    createLease('https://other.example/', lostElsewhere, open)
    a.claim()
    expect(lostA).not.toHaveBeenCalled()
    expect(lostB).toHaveBeenCalledTimes(1)
    b.claim()
    expect(lostA).toHaveBeenCalledTimes(1)
    expect(lostElsewhere).not.toHaveBeenCalled()
  })
  test('ignores what is no claim', () => {
    const open = origin()
    const lost = vi.fn<() => void>()
    createLease('page', lost, open)
    const stranger = open('plateau-lease')
    for (const message of [null, 7, 'claim', {}, { type: 'claim' }, { type: 'claim', page: 7 }]) {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin
      stranger.postMessage(message)
    }
    expect(lost).not.toHaveBeenCalled()
  })
  test('runs without a channel', () => {
    expect(() =>
      createLease(
        'page',
        () => undefined,
        () => null,
      ).claim(),
    ).not.toThrow()
  })
})
