// The fused probe in a browser.
import { openDevice } from '../../../src/engine/device.ts'
import { fusedProbeTests } from './probe.body.ts'

fusedProbeTests(() => openDevice(), 'some')
