// Gradients of the fused engine in a browser.
import { openDevice } from '../../../src/engine/device.ts'
import { fusedGradientTests } from './gradients.body.ts'

fusedGradientTests(() => openDevice(), 'some')
