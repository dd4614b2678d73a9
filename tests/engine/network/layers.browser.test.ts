// The layers of the network engine in a browser.
import { openDevice } from '../../../src/engine/device.ts'
import { layerTests } from './layers.body.ts'

layerTests(() => openDevice())
