// How are the end-to-end tests run?
//
// Against the production build, on a port of the loopback that is free at that moment; one worker, because two cores carry one browser
// with a software GPU. No retries: a test that passes on the second try has found something.
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { defineConfig } from '@playwright/test'
import { BROWSER_FLAGS } from '../../src/cli/browserFlags.ts'
import { findBrowser } from '../../src/cli/findBrowser.ts'

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

// The workers load this file again and must find the server of the first: the choice travels in the environment.
process.env.PLATEAU_PORT ??= String(await freePort())
const address = `http://127.0.0.1:${process.env.PLATEAU_PORT}/`

export default defineConfig({
  testDir: '.',
  outputDir: '../../test-results',
  workers: 1,
  retries: 0,
  forbidOnly: process.env.CI !== undefined,
  timeout: 90_000,
  // The first shader compilation on SwiftShader takes seconds.
  expect: { timeout: 20_000 },
  reporter: [['list'], ['json', { outputFile: process.env.PLAYWRIGHT_JSON_OUTPUT_FILE ?? '../../test-results/e2e.json' }]],
  use: {
    baseURL: address,
    viewport: { width: 1440, height: 900 },
    screenshot: 'only-on-failure',
    launchOptions: { executablePath: findBrowser() ?? undefined, args: [...BROWSER_FLAGS] },
  },
  projects: [{ name: 'chromium', use: { browserName: 'chromium' } }],
  webServer: {
    command: `"${process.execPath}" node_modules/vite/bin/vite.js preview --port ${process.env.PLATEAU_PORT} --strictPort`,
    cwd: '../..',
    url: address,
    reuseExistingServer: false,
  },
})
