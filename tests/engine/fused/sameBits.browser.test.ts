// Bits of the fused engine in a browser.
import { openDevice } from '../../../src/engine/device.ts'
import { fusedSameBitsTests } from './sameBits.body.ts'

fusedSameBitsTests(() => openDevice())
