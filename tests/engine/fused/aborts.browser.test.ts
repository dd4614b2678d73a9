// Aborted measurements of the fused engine in a browser.
import { openDevice } from '../../../src/engine/device.ts'
import { fusedAbortTests } from './aborts.body.ts'

fusedAbortTests(() => openDevice())
