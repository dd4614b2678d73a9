// Tiles of measuring passes on the fused engine in a browser.
import { openDevice } from '../../../src/engine/device.ts'
import { measuringTilesTests } from './measuringTiles.body.ts'

measuringTilesTests(() => openDevice())
