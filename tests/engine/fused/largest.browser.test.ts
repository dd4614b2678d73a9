// The largest networks of the fused engine in a browser.
import { openDevice } from '../../../src/engine/device.ts'
import { largestNetworkTests } from './largest.body.ts'

largestNetworkTests(() => openDevice())
