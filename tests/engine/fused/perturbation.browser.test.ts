// Perturbed descent on the fused engine in a browser.
import { openDevice } from '../../../src/engine/device.ts'
import { fusedPerturbationTests } from './perturbation.body.ts'

fusedPerturbationTests(() => openDevice())
