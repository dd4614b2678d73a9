// The activations of the network engine in a browser.
import { openDevice } from '../../../src/engine/device.ts'
import { activationTests } from './activations.body.ts'

activationTests(() => openDevice())
