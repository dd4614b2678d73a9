// Does everything work, here and now, on a real WebGPU?
//
// Finds or installs a browser, then lets each runner speak for itself and adds up their reports. The runners go one after the other:
// each of them keeps two cores busy. Usage: npm test [-- unit browser e2e].
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureBrowser } from './installBrowser.ts'
import { softwareVulkan } from './softwareVulkan.ts'
import { closingLine, noReport, tallyPlaywright, tallyVitest } from './testReports.ts'
import type { PlaywrightReport, Tally, VitestReport } from './testReports.ts'

const SUITES = ['unit', 'browser', 'e2e'] as const
type Suite = (typeof SUITES)[number]

const VITEST = 'node_modules/vitest/vitest.mjs'
const VITE = 'node_modules/vite/bin/vite.js'
const PLAYWRIGHT = 'node_modules/@playwright/test/cli.js'

/** Test files of each suite, relative to the folder that its runner names them by; the suffix decides, as in the runners' own configuration. */
export function filesOf(suite: Suite, paths: readonly string[]): readonly string[] {
  const isBrowser = (path: string) => path.endsWith('.browser.test.ts')
  const isElsewhere = (path: string) => /^(?:e2e|bench)\//.test(path)
  switch (suite) {
    case 'unit':
      return paths.filter((path) => /\.test\.tsx?$/.test(path) && !isBrowser(path) && !isElsewhere(path))
    case 'browser':
      return paths.filter((path) => isBrowser(path) && !isElsewhere(path))
    case 'e2e':
      return paths.filter((path) => /^e2e\/.*\.(?:spec|test)\.ts$/.test(path)).map((path) => path.slice('e2e/'.length))
    default:
      return suite satisfies never
  }
}

function runNode(script: string, args: readonly string[], env: NodeJS.ProcessEnv): number {
  return spawnSync(process.execPath, [script, ...args], { stdio: 'inherit', env }).status ?? 1
}

function runSuite(suite: Suite, files: readonly string[], folder: string, env: NodeJS.ProcessEnv): Tally {
  const output = join(folder, `${suite}.json`)
  if (suite === 'e2e') {
    if (runNode(VITE, ['build', '--logLevel', 'warn'], env) !== 0) return noReport('the production build failed')
    runNode(PLAYWRIGHT, ['test', '--config', 'tests/e2e/playwright.config.ts'], { ...env, PLAYWRIGHT_JSON_OUTPUT_FILE: output })
  } else {
    runNode(VITEST, ['run', '--project', suite, '--reporter=default', '--reporter=json', `--outputFile.json=${output}`], env)
  }
  try {
    const text = readFileSync(output, 'utf8')
    return suite === 'e2e'
      ? tallyPlaywright(JSON.parse(text) as PlaywrightReport, files)
      : tallyVitest(JSON.parse(text) as VitestReport, files)
  } catch (error) {
    return noReport(`${suite}: the runner left no report (${String(error)})`)
  }
}

/** Runs the named suites, all of them when none is named; answers 0 only when every test file ran and nothing failed. */
export async function main(args: readonly string[]): Promise<number> {
  const unknown = args.filter((name) => !SUITES.some((suite) => suite === name))
  if (unknown.length > 0) {
    console.error(`test: no suite of that name, got ${unknown.join(' ')}, expected ${SUITES.join(', ')}`)
    return 2
  }
  let browser: string
  try {
    browser = ensureBrowser()
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    return 2
  }
  console.log(`Browser: ${browser}`)
  const env = { ...process.env, ...softwareVulkan(browser), CHROME_PATH: browser }
  const paths = readdirSync('tests', { recursive: true, encoding: 'utf8' }).map((path) => path.replaceAll('\\', '/'))
  const folder = mkdtempSync(join(tmpdir(), 'plateau-test-'))
  const tallies: Tally[] = []
  for (const suite of SUITES.filter((name) => args.length === 0 || args.includes(name))) {
    const started = performance.now()
    const tally = runSuite(suite, filesOf(suite, paths), folder, env)
    tallies.push(tally)
    console.log(`\n${suite}: ${closingLine([tally])} in ${Math.round((performance.now() - started) / 1000)} s`)
    for (const title of tally.skipped) console.log(`  skipped: ${title}`)
    for (const fault of tally.faults) console.log(`  ${fault}`)
  }
  rmSync(folder, { recursive: true })
  console.log(`\n${closingLine(tallies)}`)
  return tallies.every(({ failed }) => failed === 0) ? 0 : 1
}
