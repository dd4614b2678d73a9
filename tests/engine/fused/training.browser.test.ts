// Training of the fused engine in a browser.
import { openDevice } from '../../../src/engine/device.ts'
import { fusedTrainingTests } from './training.body.ts'

fusedTrainingTests(() => openDevice())
