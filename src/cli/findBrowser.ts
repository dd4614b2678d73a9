// Where is a Chromium that can run WebGPU on this machine?
//
// CHROME_PATH wins, then the usual places, then Playwright's download folder: a lecturer's own Chrome serves without a download.
// Ubuntu's `chromium` is a script that only starts a snap; it cannot be driven from a test, so it does not count.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { posix, win32 } from 'node:path'

/** What the search depends on, so that tests can name any machine. */
export interface Machine {
  readonly platform: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
}

const LINUX_PLACES: readonly string[] = [
  '/usr/lib/chromium/chromium',
  '/opt/google/chrome/chrome',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/opt/microsoft/msedge/msedge',
  '/usr/bin/microsoft-edge-stable',
  '/usr/bin/microsoft-edge',
]

const MAC_PLACES: readonly string[] = [
  'Google Chrome.app/Contents/MacOS/Google Chrome',
  'Chromium.app/Contents/MacOS/Chromium',
  'Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
]

const WINDOWS_PLACES: readonly string[] = [
  'Google\\Chrome\\Application\\chrome.exe',
  'Chromium\\Application\\chrome.exe',
  'Microsoft\\Edge\\Application\\msedge.exe',
]

/** The places, best first, where Chrome, Chromium or Edge usually stand on this kind of machine; CHROME_PATH is not among them. */
export function usualPlaces({ platform, env, home }: Machine): readonly string[] {
  switch (platform) {
    case 'linux':
      return LINUX_PLACES
    case 'darwin':
      return ['/Applications', posix.join(home, 'Applications')].flatMap((folder) => MAC_PLACES.map((place) => posix.join(folder, place)))
    case 'win32':
      return [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA]
        .filter((folder) => folder !== undefined)
        .flatMap((folder) => WINDOWS_PLACES.map((place) => win32.join(folder, place)))
    default:
      return []
  }
}

/** The folder where Playwright keeps the browsers that it downloads, or null where it keeps none of its own. */
export function playwrightFolder({ platform, env, home }: Machine): string | null {
  const chosen = env.PLAYWRIGHT_BROWSERS_PATH
  if (chosen !== undefined && chosen !== '' && chosen !== '0') return chosen
  switch (platform) {
    case 'linux':
      return posix.join(env.XDG_CACHE_HOME || posix.join(home, '.cache'), 'ms-playwright')
    case 'darwin':
      return posix.join(home, 'Library/Caches/ms-playwright')
    case 'win32':
      return win32.join(env.LOCALAPPDATA ?? win32.join(home, 'AppData\\Local'), 'ms-playwright')
    default:
      return null
  }
}

/** The full Chromium builds among the entries of Playwright's folder, newest first; the headless shell has no WebGPU. */
export function playwrightBuilds(entries: readonly string[]): readonly string[] {
  const revision = (entry: string) => Number(entry.slice('chromium-'.length))
  return entries.filter((entry) => /^chromium-\d+$/.test(entry)).sort((a, b) => revision(b) - revision(a))
}

const PLAYWRIGHT_BINARIES: readonly string[] = [
  'chrome-linux64/chrome',
  'chrome-linux/chrome',
  'chrome-mac-arm64/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing',
  'chrome-mac-x64/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing',
  'chrome-mac/Chromium.app/Contents/MacOS/Chromium',
  'chrome-win64/chrome.exe',
  'chrome-win/chrome.exe',
]

/** Whether the text of a launcher only hands over to a snap. */
export function isSnapLauncher(text: string): boolean {
  return text.startsWith('#!') && /\/snap\/bin\/|snap (run|install)/.test(text)
}

function isBrowser(path: string): boolean {
  if (!existsSync(path)) return false
  const { size } = statSync(path)
  return size > 64_000 || !isSnapLauncher(readFileSync(path, 'utf8'))
}

/** The machine this process runs on. */
export function thisMachine(): Machine {
  return { platform: process.platform, env: process.env, home: homedir() }
}

/**
 * Path of the browser to drive, or null where the machine has none.
 *
 * @throws {Error} when CHROME_PATH is set and names no file: a wrong wish is told, not silently replaced.
 */
export function findBrowser(machine: Machine = thisMachine()): string | null {
  const wish = machine.env.CHROME_PATH
  if (wish !== undefined && wish !== '') {
    if (!existsSync(wish))
      throw new Error(`findBrowser: no file at CHROME_PATH, got ${wish}, expected a Chrome, Chromium or Edge executable`)
    return wish
  }
  const usual = usualPlaces(machine).find(isBrowser)
  if (usual !== undefined) return usual
  const folder = playwrightFolder(machine)
  if (folder === null || !existsSync(folder)) return null
  const paths = playwrightBuilds(readdirSync(folder)).flatMap((build) =>
    PLAYWRIGHT_BINARIES.map((binary) => posix.join(folder, build, binary)),
  )
  return paths.find((path) => existsSync(path)) ?? null
}
