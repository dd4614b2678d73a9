// The digits left behind layer norms on the fused engine in a browser.
import { openDevice } from '../../../src/engine/device.ts'
import { normAccuracyTests } from './normAccuracy.body.ts'

normAccuracyTests(() => openDevice(), 'some')
