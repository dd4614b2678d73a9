// Training of the fused engine in Node, on Dawn.
import { test } from 'vitest'
import { installNodeWebGpu } from '../../../src/cli/nodeWebGpu.ts'
import { openDevice } from '../../../src/engine/device.ts'
import { fusedTrainingTests } from './training.body.ts'

if (await installNodeWebGpu()) fusedTrainingTests(() => openDevice())
else {
  console.warn('training.test.ts: skipped, Dawn found no graphics adapter')
  test.skip('the fused engine in Node: no graphics adapter', () => undefined)
}
