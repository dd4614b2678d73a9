// What the tests of aborted measurements share: the abort comes as a message would, while the measurement is under way.
import { expect, vi } from 'vitest'

/**
 * A measurement that is aborted by a task of the event loop ends with the signal's reason, and without most of its dispatches.
 *
 * @param held what may not grow: tensors, or bytes.
 * @param share of the dispatches of the whole measurement that may have been recorded by then.
 */
export async function expectEndsEarly(
  measure: (signal?: AbortSignal) => Promise<ArrayLike<number>>,
  held: () => number,
  share: number,
): Promise<void> {
  // The first one plans, compiles and fills what is kept.
  const wanted = await measure()
  const before = held()
  const dispatch = vi.spyOn(GPUComputePassEncoder.prototype, 'dispatchWorkgroups')
  try {
    const controller = new AbortController()
    const measured = measure(controller.signal)
    setTimeout(() => controller.abort(new Error('no longer wanted')), 0)
    await expect(measured).rejects.toThrow('no longer wanted')
    const recorded = dispatch.mock.calls.length
    expect(held()).toBe(before)
    // And nothing goes on behind its back.
    await new Promise((resolve) => setTimeout(resolve, 0))
    expect(dispatch.mock.calls).toHaveLength(recorded)
    dispatch.mockClear()
    expect(await measure()).toEqual(wanted)
    expect(recorded).toBeLessThan(share * dispatch.mock.calls.length)
  } finally {
    dispatch.mockRestore()
  }
}
