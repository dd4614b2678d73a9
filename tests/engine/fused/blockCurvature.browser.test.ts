// Curvature and kernels of networks with norms and skips on the fused engine in a browser.
import { openDevice } from '../../../src/engine/device.ts'
import { blockCurvatureTests } from './blockCurvature.body.ts'

blockCurvatureTests(() => openDevice(), 'some')
