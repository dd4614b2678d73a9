// Ranges of layers in a browser.
import { openDevice } from '../../../src/engine/device.ts'
import { layerRangeTests } from './layerRanges.body.ts'

layerRangeTests(() => openDevice())
