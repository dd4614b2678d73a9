// Confident samples on the network engine in a browser.
import { openDevice } from '../../../src/engine/device.ts'
import { confidentSampleTests } from './confidentSamples.body.ts'

confidentSampleTests(() => openDevice())
