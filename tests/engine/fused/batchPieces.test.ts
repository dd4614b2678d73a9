// Batches in pieces in Node, on Dawn.
import { describe } from 'vitest'
import { installNodeWebGpu } from '../../../src/cli/nodeWebGpu.ts'
import { openDevice } from '../../../src/engine/device.ts'
import { batchPieceTests } from './batchPieces.body.ts'

const hasAdapter = await installNodeWebGpu()
if (!hasAdapter) process.stderr.write('batchPieces.test.ts: skipped, Dawn found no graphics adapter\n')

describe.runIf(hasAdapter)('in Node', () => {
  batchPieceTests(() => openDevice(), 'some')
})
