// How long does the script work for a call that mostly waits for the GPU?
//
// Two stretches: from the call until the event loop is free again, and from the mapped answer to the result. What lies
// between is waiting, in which a page would draw. Only for calls with one readback: a second one would hide in the wait.
import type { Milliseconds } from '../../core/units.ts'

/** Script time of one call; what the queue does inside `submit` counts as script. Calls must not overlap. */
export async function scriptTime(call: () => Promise<unknown>): Promise<Milliseconds> {
  const prototype = GPUBuffer.prototype
  const { mapAsync } = prototype
  let answered: Milliseconds = NaN
  prototype.mapAsync = async function mapped(...range) {
    const result = await mapAsync.apply(this, range)
    answered = performance.now()
    return result
  }
  try {
    const start = performance.now()
    const done = call()
    // After all microtasks: everything that did not have to wait has run.
    await new Promise((resolve) => setImmediate(resolve))
    const asked = performance.now() - start
    await done
    return asked + (Number.isNaN(answered) ? 0 : Math.max(0, performance.now() - answered))
  } finally {
    prototype.mapAsync = mapAsync
  }
}
