// How many tests passed and failed, by the runners' own reports?
//
// A runner can go wrong without a failed test: a file that does not load, an error outside every test, a file that it never saw.
// Each of these counts as one failure here, so a green line means that every test file ran.

/** What one runner said. */
export interface Tally {
  readonly passed: number
  readonly failed: number
  /** Titles of tests that did not run. */
  readonly skipped: readonly string[]
  /** Failures that are no failed test, one sentence each; they are part of `failed`. */
  readonly faults: readonly string[]
}

/** The part of Vitest's JSON report that counts. */
export interface VitestReport {
  readonly success: boolean
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly message: string
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

interface PlaywrightSuite {
  readonly file: string
  readonly specs?: readonly { readonly title: string; readonly tests: readonly { readonly status: string }[] }[]
  readonly suites?: readonly PlaywrightSuite[]
}

/** The part of Playwright's JSON report that counts. */
export interface PlaywrightReport {
  readonly suites: readonly PlaywrightSuite[]
  readonly errors: readonly { readonly message?: string }[]
}

/** The files that exist but that the report does not name; paths with forward slashes, the report's may be absolute. */
function unseen(files: readonly string[], reported: readonly string[]): readonly string[] {
  const missed = files.filter((file) => !reported.some((name) => name.replaceAll('\\', '/').endsWith(file)))
  return missed.map((file) => `${file}: holds tests but never ran`)
}

/** Tally of a Vitest run over `files`. */
export function tallyVitest(report: VitestReport, files: readonly string[]): Tally {
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults)
  const withStatus = (status: string) => tests.filter((test) => test.status === status)
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  )
  const faults = [
    ...broken.map(({ name, message }) => `${name}: did not load or failed outside its tests: ${message.split('\n')[0]}`),
    ...unseen(
      files,
      report.testResults.map(({ name }) => name),
    ),
    ...(tests.length === 0 ? ['no test ran'] : []),
  ]
  const passed = withStatus('passed').length
  const failed = withStatus('failed').length + faults.length
  const outside = !report.success && failed === 0 ? ['an error outside every test'] : []
  const skipped = tests.filter(({ status }) => status !== 'passed' && status !== 'failed')
  return { passed, failed: failed + outside.length, skipped: skipped.map(({ fullName }) => fullName), faults: [...faults, ...outside] }
}

const specsOf = (suite: PlaywrightSuite): NonNullable<PlaywrightSuite['specs']> => [
  ...(suite.specs ?? []),
  ...(suite.suites ?? []).flatMap(specsOf),
]

/** Tally of a Playwright run over `files`; a test that passed only on a second try counts as failed. */
export function tallyPlaywright(report: PlaywrightReport, files: readonly string[]): Tally {
  const tests = report.suites.flatMap(specsOf).flatMap(({ title, tests: runs }) => runs.map(({ status }) => ({ title, status })))
  const withStatus = (...statuses: readonly string[]) => tests.filter(({ status }) => statuses.includes(status))
  const faults = [
    ...report.errors.map(({ message }) => `an error outside every test: ${(message ?? '').split('\n')[0]}`),
    ...unseen(
      files,
      report.suites.map(({ file }) => file),
    ),
    ...(tests.length === 0 ? ['no test ran'] : []),
  ]
  return {
    passed: withStatus('expected').length,
    failed: withStatus('unexpected', 'flaky').length + faults.length,
    skipped: withStatus('skipped').map(({ title }) => title),
    faults,
  }
}

/** A runner that ended without a readable report. */
export function noReport(why: string): Tally {
  return { passed: 0, failed: 1, skipped: [], faults: [why] }
}

/** The closing line that continuous integration reads. */
export function closingLine(tallies: readonly Tally[]): string {
  const sum = (count: (tally: Tally) => number) => tallies.reduce((total, tally) => total + count(tally), 0)
  return `${sum((tally) => tally.passed)} passed, ${sum((tally) => tally.failed)} failed`
}
