// How long does K1 take with one tile? It changes no weights, so it may run on the real ones.
import type { OpenedDevice } from '../device.ts'
import { DEFAULT_OPTIMIZER } from '../../core/defaults.ts'
import type { Milliseconds } from '../../core/units.ts'
import type { KernelShape } from './kernelShape.ts'
import { FusedPass, type PassBuffers } from './pass.ts'

const RUNS = 2

/** The shorter of two runs after one that warms up; a run that is long already is not repeated. */
export async function timeForwardBackward(opened: OpenedDevice, shape: KernelShape, buffers: PassBuffers): Promise<Milliseconds> {
  const { device, health } = opened
  const pass = await FusedPass.create(device, shape, 'deltas', buffers)
  try {
    pass.reset(new Int32Array(shape.seedCount * shape.layout.layerCount))
    const batch = Int32Array.from({ length: shape.batchRows }, () => 0)
    pass.prepare([batch], [{ optimizer: DEFAULT_OPTIMIZER, reduction: 1, chunkStep: 0, updates: 0 }])
    const run = async (): Promise<Milliseconds> => {
      const start = performance.now()
      const encoder = device.createCommandEncoder()
      const encoded = encoder.beginComputePass()
      pass.encodeForwardBackward(encoded, 0)
      encoded.end()
      device.queue.submit([encoder.finish()])
      await device.queue.onSubmittedWorkDone()
      return performance.now() - start
    }
    const first = await run()
    health.check()
    if (first > 50) return first
    let best = Infinity
    for (let i = 0; i < RUNS; i++) best = Math.min(best, await run())
    return best
  } finally {
    pass.destroy()
  }
}
