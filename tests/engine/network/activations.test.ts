// The activations of the network engine in Node, on Dawn.
import { describe } from 'vitest'
import { installNodeWebGpu } from '../../../src/cli/nodeWebGpu.ts'
import { openDevice } from '../../../src/engine/device.ts'
import { activationTests } from './activations.body.ts'

const hasAdapter = await installNodeWebGpu()
if (!hasAdapter) process.stderr.write('activations.test.ts: skipped, Dawn found no graphics adapter\n')

describe.runIf(hasAdapter)('in Node', () => {
  activationTests(() => openDevice())
})
