// Norms and skips of the fused engine in a browser.
import { openDevice } from '../../../src/engine/device.ts'
import { fusedNormAndSkipTests } from './normsAndSkips.body.ts'

fusedNormAndSkipTests(() => openDevice(), 'some')
