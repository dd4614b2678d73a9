// How is the page built, served and tested?
//
// Every address in the build is relative, so the folder works wherever it is put, an embed included.
// Servers listen on the loopback only. Both test projects live here because they must resolve modules as the page does.
import react from '@vitejs/plugin-react'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'
import { BROWSER_FLAGS } from './src/cli/browserFlags.ts'
import { contentSecurityPolicy } from './src/cli/contentSecurityPolicy.ts'
import { findBrowser } from './src/cli/findBrowser.ts'
import { LongestFirst } from './tests/longestFirst.ts'

const LOOPBACK = '127.0.0.1'
const OUTSIDE = ['tests/e2e/**', 'tests/bench/**']
/** Half of the seconds that the tests in a browser take; the other browser has the rest. */
const FIRST_BROWSER = ['tests/engine/fused/{probe,blockCurvature,activations,saturation,sameBits,layerRanges}.browser.test.ts']

export default defineConfig({
  base: './',
  plugins: [react(), contentSecurityPolicy()],
  // Shards are gzip inside, yet named .bin: under .gz the servers would add Content-Encoding and the browser would unpack them.
  assetsInclude: ['**/*.bin'],
  worker: { format: 'es' },
  // A dependency that is found only while a page runs reloads that page. The scanner does not look into Workers, so theirs are named.
  optimizeDeps: {
    include: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-webgpu', 'valibot', 'ml-matrix', 'pure-rand/generator/xoroshiro128plus'],
  },
  server: { host: LOOPBACK },
  preview: { host: LOOPBACK },
  build: {
    target: 'es2023',
    // The policy allows no data: script or font.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          // The runner would leave one core idle, which on two cores is half of the machine.
          maxWorkers: '100%',
          // A busy machine is no failure: the longest statements need 2 s of one idle core, and a hang still ends the run.
          testTimeout: 30_000,
          environment: 'node',
          setupFiles: ['tests/patientDawn.ts'],
          include: ['tests/**/*.test.ts', 'tests/**/*.test.tsx'],
          exclude: ['tests/**/*.browser.test.ts', ...OUTSIDE],
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['tests/**/*.browser.test.ts'],
          exclude: OUTSIDE,
          // SwiftShader compiles every shader on one core: the first test of a file waits for its pipelines.
          testTimeout: 60_000,
          fileParallelism: false,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            api: { host: LOOPBACK },
            provider: playwright({ launchOptions: { executablePath: findBrowser() ?? undefined, args: [...BROWSER_FLAGS] } }),
            // One Chromium compiles on one core, however many pages it has open: two of them keep two cores busy.
            instances: [
              { browser: 'chromium', name: 'browser (first)', include: [...FIRST_BROWSER] },
              { browser: 'chromium', name: 'browser (second)', exclude: [...OUTSIDE, ...FIRST_BROWSER] },
            ],
          },
        },
      },
    ],
  },
})
