// Ranges of layers in Node, on Dawn.
import { describe } from 'vitest'
import { installNodeWebGpu } from '../../../src/cli/nodeWebGpu.ts'
import { openDevice } from '../../../src/engine/device.ts'
import { layerRangeTests } from './layerRanges.body.ts'

const hasAdapter = await installNodeWebGpu()
if (!hasAdapter) process.stderr.write('layerRanges.test.ts: skipped, Dawn found no graphics adapter\n')

describe.runIf(hasAdapter)('in Node', () => {
  layerRangeTests(() => openDevice(), 'some')
})
