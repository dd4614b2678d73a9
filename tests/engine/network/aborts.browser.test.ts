// Aborted measurements of the network engine in a browser.
import { openDevice } from '../../../src/engine/device.ts'
import { networkAbortTests } from './aborts.body.ts'

networkAbortTests(() => openDevice())
