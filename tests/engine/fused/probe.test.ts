// The fused probe in Node, on Dawn.
import { test } from 'vitest'
import { installNodeWebGpu } from '../../../src/cli/nodeWebGpu.ts'
import { openDevice } from '../../../src/engine/device.ts'
import { fusedProbeTests } from './probe.body.ts'

if (await installNodeWebGpu()) fusedProbeTests(() => openDevice())
else {
  console.warn('probe.test.ts: skipped, Dawn found no graphics adapter')
  test.skip('a fused probe in Node: no graphics adapter', () => undefined)
}
