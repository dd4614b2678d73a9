// Batches in pieces in a browser.
import { openDevice } from '../../../src/engine/device.ts'
import { batchPieceTests } from './batchPieces.body.ts'

batchPieceTests(() => openDevice())
