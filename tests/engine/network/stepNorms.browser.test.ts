// Norms of steps of the network engine in a browser.
import { openDevice } from '../../../src/engine/device.ts'
import { networkStepNormTests } from './stepNorms.body.ts'

networkStepNormTests(() => openDevice())
