// Why are nested gradients of tfjs wrong, and what makes them a fair baseline?
//
// tfjs-core 4.22 records the copy of a saved output before the op that made it, so that a nested tape loses its share:
// second derivatives of tanh, exp, softmax are silently wrong (issue 3252 of tfjs). Moving the op in front of those
// copies repairs it; a wrong product would be no baseline.

/** The two members of tfjs' engine that the repair touches. */
interface TapeEngine {
  runKernelFunc: (this: TapeEngine, params: unknown) => unknown
  readonly state: { readonly activeTape?: unknown[] | null }
}

/** Repairs the engine for the time of `work`. */
export async function withOrderedTape<Result>(engine: unknown, work: () => Promise<Result>): Promise<Result> {
  const repaired = engine as TapeEngine
  const before = repaired.runKernelFunc
  repaired.runKernelFunc = function ordered(params) {
    const tape = this.state.activeTape
    const length = tape?.length ?? 0
    const result = before.call(this, params)
    if (tape !== undefined && tape !== null && tape === this.state.activeTape && tape.length > length + 1) {
      tape.splice(length, 0, tape.pop())
    }
    return result
  }
  try {
    return await work()
  } finally {
    repaired.runKernelFunc = before
  }
}
