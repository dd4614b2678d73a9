// Norms of fused steps in a browser.
import { openDevice } from '../../../src/engine/device.ts'
import { fusedStepNormTests } from './stepNorms.body.ts'

fusedStepNormTests(() => openDevice(), 'some')
