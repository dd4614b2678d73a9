// The gradients of all outputs of all samples, one below the other.
//
// Formed on the CPU in float64 from the activations and deltas that K1 leaves: the rows are few by contract, and no
// kernel could be shorter than these loops.
import { DomainFault } from '../../core/faults.ts'
import type { SampleSet } from '../../core/probe.ts'
import { splitOf } from '../sampleRows.ts'
import { tileCount } from './kernelShape.ts'
import type { MeasuringPasses } from './measuringPasses.ts'
import { submitAndRead } from './readback.ts'
import { exponentRegion, tileExponents, unpackRows } from './tileNumbers.ts'

const LARGEST_JACOBIAN = 4e6

/** [n*c, P], row = sample * c + output. @throws {DomainFault} when n*c*P > 4e6. */
export async function outputJacobianOn(passes: MeasuringPasses, set: SampleSet, signal?: AbortSignal): Promise<Float64Array> {
  const { opened, layout, spec, dataset, probeCount } = passes.context
  const split = splitOf(dataset, probeCount, set)
  const c = layout.outputWidth
  const rows = set.indices.length * c
  const width = layout.parameterCount
  if (rows * width > LARGEST_JACOBIAN) {
    throw new DomainFault(`outputJacobian: too many entries, got ${rows * width}, expected at most ${LARGEST_JACOBIAN}`)
  }
  const jacobian = new Float64Array(rows * width)
  const chunk = Math.min(rows, passes.rowsInMemory())
  const pass = await passes.pass({ task: 'deltas', rows: chunk, head: 'outputs', from: set.from })
  for (let start = 0; start < rows; start += chunk) {
    const count = Math.min(chunk, rows - start)
    const named = Int32Array.from({ length: count }, (_, row) => set.indices[Math.floor((start + row) / c)] * c + ((start + row) % c))
    await passes.run(passes.prepareDeltas(pass, named, 1), signal)
    const padded = tileCount(pass.shape) * pass.shape.tile.rows
    const bytes = 16 * layout.layerCount * padded * layout.quads
    const [exponentsRead, activationsRead, deltasRead] = await submitAndRead(opened, opened.device.createCommandEncoder(), [
      exponentRegion(pass),
      { buffer: pass.activations, offset: 0, bytes },
      { buffer: pass.deltas, offset: 0, bytes },
    ])
    signal?.throwIfAborted()
    const exponents = tileExponents(pass.shape, new Int32Array(exponentsRead))
    const layerFloats = 4 * padded * layout.quads
    let offset = 0
    for (const [l, layer] of spec.layers.entries()) {
      const input = new Float64Array(count * layer.fanIn)
      if (l === 0) {
        for (let row = 0; row < count; row++) {
          const sample = set.indices[Math.floor((start + row) / c)]
          for (let k = 0; k < layer.fanIn; k++) input[row * layer.fanIn + k] = split.inputs[sample * layer.fanIn + k]
        }
      } else {
        const mantissas = new Float32Array(activationsRead, 4 * (l - 1) * layerFloats, layerFloats)
        unpackRows(pass.shape, mantissas, (tile) => exponents.forward(l, tile), count, layer.fanIn, input, 0)
      }
      const delta = new Float64Array(count * layer.fanOut)
      unpackRows(
        pass.shape,
        new Float32Array(deltasRead, 4 * l * layerFloats, layerFloats),
        (tile) => exponents.backward(l, tile),
        count,
        layer.fanOut,
        delta,
        0,
      )
      for (let row = 0; row < count; row++) {
        let at = (start + row) * width + offset
        for (let o = 0; o < layer.fanOut; o++) {
          const d = layer.forwardScale * delta[row * layer.fanOut + o]
          for (let k = 0; k < layer.fanIn; k++) jacobian[at++] = d * input[row * layer.fanIn + k]
        }
        if (!layer.bias) continue
        for (let o = 0; o < layer.fanOut; o++) jacobian[at++] = layer.biasScale * delta[row * layer.fanOut + o]
      }
      offset += layer.fanOut * (layer.fanIn + (layer.bias ? 1 : 0))
    }
  }
  return jacobian
}
