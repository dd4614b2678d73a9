// How are two things compared on a machine that is never quiet? Turn by turn, so that a slow minute hits both.
//
// Each case is run once for nothing first: pipelines compile, code is optimised, pools fill. The order is turned round in
// every other round, because whoever comes second finds warm caches.
import type { Milliseconds } from '../../core/units.ts'

/** Something that can be timed; `run` answers with the time of one unit of its work. */
export interface TimedCase {
  readonly name: string
  readonly run: () => Promise<Milliseconds>
}

/** Below this a run measures the clock more than the work. */
const SHORTEST_RUN_MS: Milliseconds = 20
const MOST_REPEATS = 4096

/** A case whose warm-up took longer than this sits out the later rounds: more of them would say little and take minutes. */
const LONG_RUN_MS: Milliseconds = 5000
const LONG_RUN_ROUNDS = 3
/** The same for a round of all cases together. */
const LONG_ROUND_MS: Milliseconds = 20_000

/** A single figure should not take longer, and says little with fewer repeats. */
const LONG_FIGURE_MS: Milliseconds = 8000
const FEWEST_REPEATS = 5

/** How many repeats of work that takes `each` go behind one figure: as many as are wanted, fewer where that takes too long, at least five. */
export function affordable(each: Milliseconds, wanted: number): number {
  return Math.min(wanted, Math.max(FEWEST_REPEATS, Math.floor(LONG_FIGURE_MS / each)))
}

/**
 * Times per case in the order of the rounds.
 *
 * @returns [cases][rounds]; long cases may have fewer rounds, and theirs are the first ones.
 */
export async function interleavedUnevenly(cases: readonly TimedCase[], rounds: number): Promise<readonly (readonly Milliseconds[])[]> {
  const limits: number[] = []
  for (const { run } of cases) limits.push((await wall(run)) > LONG_RUN_MS ? Math.min(rounds, LONG_RUN_ROUNDS) : rounds)
  return await turns(cases, limits)
}

/** Times per case, [rounds] each (three where a round takes longer than 20 s), in the order of the rounds. */
export async function interleaved(cases: readonly TimedCase[], rounds: number): Promise<readonly (readonly Milliseconds[])[]> {
  for (const { run } of cases) await run()
  return await turns(
    cases,
    cases.map(() => rounds),
  )
}

async function turns(cases: readonly TimedCase[], wanted: readonly number[]): Promise<readonly (readonly Milliseconds[])[]> {
  const times: Milliseconds[][] = cases.map(() => [])
  let limits = wanted
  for (let round = 0; round < Math.max(0, ...limits); round++) {
    const order = cases.map((_, k) => k)
    if (round % 2 === 1) order.reverse()
    const start = performance.now()
    for (const k of order) if (round < limits[k]) times[k].push(await cases[k].run())
    if (performance.now() - start > LONG_ROUND_MS) limits = limits.map((limit) => Math.min(limit, LONG_RUN_ROUNDS))
  }
  return times
}

/** The wall time of one call. */
export async function wall(work: () => unknown): Promise<Milliseconds> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** A case that repeats its work until about 20 ms have passed; the count is found in the warm-up and kept. */
export function repeated(name: string, work: () => unknown): TimedCase {
  let repeats = 0
  const once = async (count: number) =>
    (await wall(async () => {
      for (let i = 0; i < count; i++) await work()
    })) / count
  return {
    name,
    async run() {
      if (repeats > 0) return await once(repeats)
      // The first call compiles; the second tells how long a call is.
      await once(1)
      repeats = 1
      let time = await once(1)
      while (time * repeats < SHORTEST_RUN_MS && repeats < MOST_REPEATS) {
        repeats = Math.min(MOST_REPEATS, Math.max(2 * repeats, Math.ceil(SHORTEST_RUN_MS / Math.max(time, 1e-4))))
        time = await once(repeats)
      }
      return time
    },
  }
}
