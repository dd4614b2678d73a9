// Norms over two entries on the network engine in a browser.
import { openDevice } from '../../../src/engine/device.ts'
import { normPairTests } from './normPairs.body.ts'

normPairTests(() => openDevice())
