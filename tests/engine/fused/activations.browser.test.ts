// Activations of the fused engine in a browser.
import { openDevice } from '../../../src/engine/device.ts'
import { fusedActivationTests } from './activations.body.ts'

fusedActivationTests(() => openDevice())
