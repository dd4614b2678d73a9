// The digits left behind layer norms on the fused engine in Node, on Dawn.
import { describe } from 'vitest'
import { installNodeWebGpu } from '../../../src/cli/nodeWebGpu.ts'
import { openDevice } from '../../../src/engine/device.ts'
import { normAccuracyTests } from './normAccuracy.body.ts'

const hasAdapter = await installNodeWebGpu()
if (!hasAdapter) process.stderr.write('normAccuracy.test.ts: skipped, Dawn found no graphics adapter\n')

describe.runIf(hasAdapter)('in Node', () => {
  normAccuracyTests(() => openDevice())
})
