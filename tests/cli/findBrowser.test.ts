import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findBrowser, isSnapLauncher, playwrightBuilds, playwrightFolder, usualPlaces } from '../../src/cli/findBrowser.ts'

const linux = { platform: 'linux', env: {}, home: '/home-of/ada' }

describe('usualPlaces', () => {
  test('looks for Chrome, Chromium and Edge on each system', () => {
    const mac = { platform: 'darwin', env: {}, home: '/U/ada' }
    const windows = { platform: 'win32', env: { PROGRAMFILES: 'C:\\Programs', LOCALAPPDATA: 'C:\\Local' }, home: 'C:\\ada' }
    for (const machine of [linux, mac, windows]) {
      const places = usualPlaces(machine).join('\n').toLowerCase()
      for (const name of ['chrome', 'chromium', 'edge']) expect(places).toContain(name)
    }
    expect(usualPlaces(mac)).toContain('/U/ada/Applications/Chromium.app/Contents/MacOS/Chromium')
    expect(usualPlaces(windows)).toContain('C:\\Local\\Google\\Chrome\\Application\\chrome.exe')
  })
  test('is empty on a system it does not know', () => {
    expect(usualPlaces({ ...linux, platform: 'sunos' })).toEqual([])
  })
  test('leaves out folders that Windows does not name', () => {
    expect(usualPlaces({ platform: 'win32', env: {}, home: '' })).toEqual([])
  })
})

describe('playwrightFolder', () => {
  test('is where PLAYWRIGHT_BROWSERS_PATH says', () => {
    expect(playwrightFolder({ ...linux, env: { PLAYWRIGHT_BROWSERS_PATH: '/b' } })).toBe('/b')
  })
  test('is below the cache of the user otherwise', () => {
    expect(playwrightFolder(linux)).toBe('/home-of/ada/.cache/ms-playwright')
    expect(playwrightFolder({ ...linux, env: { XDG_CACHE_HOME: '/c' } })).toBe('/c/ms-playwright')
    expect(playwrightFolder({ ...linux, platform: 'sunos' })).toBeNull()
  })
})

describe('playwrightBuilds', () => {
  test('gives full Chromium builds, the newest first by number', () => {
    expect(playwrightBuilds(['chromium-999', 'firefox-1500', 'chromium_headless_shell-1300', 'chromium-1200', '.links'])).toEqual([
      'chromium-1200',
      'chromium-999',
    ])
  })
})

describe('isSnapLauncher', () => {
  test('knows the script that only starts a snap from one that starts a browser', () => {
    expect(isSnapLauncher('#!/bin/sh\nexec /snap/bin/chromium "$@"\n')).toBe(true)
    expect(isSnapLauncher('#!/bin/sh\necho "requires the chromium snap: snap install chromium"\n')).toBe(true)
    expect(isSnapLauncher('#!/bin/sh\nexec /usr/lib/chromium/chromium "$@"\n')).toBe(false)
  })
})

describe('findBrowser', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'plateau-browser-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })
  // A system without usual places: what this machine has installed must not decide the test.
  const machine = (env: Record<string, string>) => ({ platform: 'sunos', env, home: folder })

  test('takes CHROME_PATH before all else', () => {
    const path = join(folder, 'my-chrome')
    writeFileSync(path, '')
    expect(findBrowser(machine({ CHROME_PATH: path }))).toBe(path)
  })
  test('throws when CHROME_PATH names no file', () => {
    expect(() => findBrowser(machine({ CHROME_PATH: join(folder, 'none') }))).toThrow('CHROME_PATH')
  })
  test('finds what Playwright has downloaded', () => {
    const path = join(folder, 'chromium-1300', 'chrome-linux64', 'chrome')
    mkdirSync(join(folder, 'chromium-1300', 'chrome-linux64'), { recursive: true })
    mkdirSync(join(folder, 'chromium-1301'))
    writeFileSync(path, '')
    expect(findBrowser(machine({ PLAYWRIGHT_BROWSERS_PATH: folder }))).toBe(path)
  })
  test('is null where there is none', () => {
    expect(findBrowser(machine({ PLAYWRIGHT_BROWSERS_PATH: folder }))).toBeNull()
  })
})
