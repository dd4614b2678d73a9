// Gradients of the fused engine in Node, on Dawn.
import { test } from 'vitest'
import { installNodeWebGpu } from '../../../src/cli/nodeWebGpu.ts'
import { openDevice } from '../../../src/engine/device.ts'
import { fusedGradientTests } from './gradients.body.ts'

if (await installNodeWebGpu()) fusedGradientTests(() => openDevice())
else {
  console.warn('gradients.test.ts: skipped, Dawn found no graphics adapter')
  test.skip('the fused engine in Node: no graphics adapter', () => undefined)
}
