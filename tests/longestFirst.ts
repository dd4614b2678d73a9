// In which order do the test files start? The longest first, so that the last one does not keep one of two cores waiting.
//
// A fresh clone knows no durations, and Vitest then goes by the size of files: those that open a device are a few lines long and came last.
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Seconds on one core, where there are many of them. A file that is not named takes less. */
const SECONDS: Readonly<Record<string, number>> = {
  'runtime/measureFixtures.test.ts': 75,
  'engine/fused/blockCurvature.test.ts': 60,
  'engine/fused/probe.test.ts': 45,
  'lessons/claims.test.ts': 33,
  'engine/float64/parts.test.ts': 26,
  'engine/network/layers.test.ts': 25,
  'runtime/measureProblems.test.ts': 25,
  'engine/float64/trainability.test.ts': 23,
  'engine/network/aborts.test.ts': 21,
  'data/ownFile/mutants.test.ts': 20,
}
/** What opens a device in Node, or might. */
const ENGINES = /\/engine\/(?:fused|network)\//
const SECONDS_OF_AN_ENGINE = 15

function secondsOf(path: string): number {
  const named = Object.keys(SECONDS).find((end) => path.endsWith(`/tests/${end}`))
  if (named !== undefined) return SECONDS[named]
  return ENGINES.test(path) ? SECONDS_OF_AN_ENGINE : 0
}

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((a, b) => secondsOf(b.moduleId) - secondsOf(a.moduleId))
  }
}
