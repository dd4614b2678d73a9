// The layers of the network engine in Node, on Dawn.
import { describe, vi } from 'vitest'
import { installNodeWebGpu } from '../../../src/cli/nodeWebGpu.ts'
import { openDevice } from '../../../src/engine/device.ts'
import { layerTests } from './layers.body.ts'

// A software adapter compiles every shader on two cores, here as in a browser.
vi.setConfig({ testTimeout: 60_000 })

const hasAdapter = await installNodeWebGpu()
if (!hasAdapter) process.stderr.write('layers.test.ts: skipped, Dawn found no graphics adapter\n')

describe.runIf(hasAdapter)('in Node', () => {
  layerTests(() => openDevice(), 'some')
})
