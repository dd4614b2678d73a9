// The largest networks of the fused engine in Node, on Dawn.
import { describe } from 'vitest'
import { installNodeWebGpu } from '../../../src/cli/nodeWebGpu.ts'
import { openDevice } from '../../../src/engine/device.ts'
import { largestNetworkTests } from './largest.body.ts'

const hasAdapter = await installNodeWebGpu()
if (!hasAdapter) process.stderr.write('fused/largest.test.ts: skipped, Dawn found no graphics adapter\n')

describe.runIf(hasAdapter)('in Node', () => {
  largestNetworkTests(() => openDevice())
})
