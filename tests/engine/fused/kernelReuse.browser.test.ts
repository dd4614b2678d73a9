// Compiled kernels of the fused engine in a browser.
import { openDevice } from '../../../src/engine/device.ts'
import { fusedKernelReuseTests } from './kernelReuse.body.ts'

fusedKernelReuseTests(() => openDevice())
