// What has to be installed before the tests can drive a browser, and who may do it?
//
// Debian's package as root: it is patched with the system and brings its libraries. Everywhere else Playwright's own build,
// because Ubuntu's package is a snap and the others differ. Without the rights, one sentence says what is missing.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { findBrowser } from './findBrowser.ts'
import { hasVulkanLoader } from './softwareVulkan.ts'

/** One command of a plan, run without a shell. */
export interface Command {
  readonly program: string
  readonly args: readonly string[]
  /** What a person reads when the command fails. */
  readonly advice: string
}

/** What the plan depends on. */
export interface Host {
  readonly platform: string
  /** `ID` of /etc/os-release, empty where there is none. */
  readonly distribution: string
  readonly isRoot: boolean
}

/** The `ID` of an os-release text without its quotes; empty when it has none. */
export function distributionOf(osRelease: string): string {
  return /^ID="?([\w.-]+)"?$/m.exec(osRelease)?.[1] ?? ''
}

const APT_ADVICE =
  'Install a browser first: as root, apt-get install chromium libvulkan1; or set CHROME_PATH to a Chrome, Chromium or Edge.'
const PLAYWRIGHT_ADVICE =
  'Install Chrome, Chromium or Edge first, or name one with CHROME_PATH; on Linux, npx playwright install --with-deps chromium as root brings its libraries too.'

const apt = (...packages: readonly string[]): readonly Command[] => [
  { program: 'apt-get', args: ['update', '-q'], advice: APT_ADVICE },
  { program: 'apt-get', args: ['install', '-y', '-q', '--no-install-recommends', ...packages], advice: APT_ADVICE },
]

/** Commands that bring a browser, in order. */
export function browserPlan({ platform, distribution, isRoot }: Host): readonly Command[] {
  if (platform === 'linux' && distribution === 'debian' && isRoot) return apt('chromium', 'libvulkan1')
  const libraries = platform === 'linux' && distribution === 'ubuntu' && isRoot ? ['--with-deps'] : []
  return [
    { program: process.execPath, args: ['node_modules/playwright/cli.js', 'install', ...libraries, 'chromium'], advice: PLAYWRIGHT_ADVICE },
  ]
}

/** Commands that bring the Vulkan loader which Dawn in Node needs; none where we may not install, the browser's own copy serves then. */
export function vulkanPlan({ platform, distribution, isRoot }: Host): readonly Command[] {
  return platform === 'linux' && ['debian', 'ubuntu'].includes(distribution) && isRoot ? apt('libvulkan1') : []
}

function thisHost(): Host {
  return {
    platform: process.platform,
    distribution: existsSync('/etc/os-release') ? distributionOf(readFileSync('/etc/os-release', 'utf8')) : '',
    isRoot: process.getuid?.() === 0,
  }
}

function carryOut(plan: readonly Command[]): void {
  for (const { program, args, advice } of plan) {
    const { status } = spawnSync(program, args, { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
    if (status !== 0) throw new Error(advice)
  }
}

/**
 * Path of a browser, after installing one where there is none, and the Vulkan loader beside it.
 *
 * @throws {Error} one sentence that says what to install, when this process cannot.
 */
export function ensureBrowser(): string {
  const host = thisHost()
  if (findBrowser() === null) carryOut(browserPlan(host))
  const browser = findBrowser()
  if (browser === null) throw new Error(browserPlan(host)[0].advice)
  if (host.platform === 'linux' && !hasVulkanLoader()) carryOut(vulkanPlan(host))
  return browser
}
