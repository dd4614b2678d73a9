// How does Dawn in Node wait for a pipeline or a readback? In a loop over the global `setImmediate`, which keeps one core busy.
//
// Half of what a test on the software adapter computed was that loop, taken from the threads that compile. Asking once in a millisecond
// is often enough here. Whoever else looks the function up there only wants to be called later.
const { setTimeout: later } = globalThis
const EVERY_MS = 1

const patient = (callback: (...given: unknown[]) => void, ...given: unknown[]) => later(callback, EVERY_MS, ...given)
globalThis.setImmediate = patient as unknown as typeof setImmediate
