// Saturated and dead networks in a browser.
import { openDevice } from '../../../src/engine/device.ts'
import { fusedSaturationTests } from './saturation.body.ts'

fusedSaturationTests(() => openDevice())
