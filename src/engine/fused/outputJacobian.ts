// The gradients of all outputs of all samples, one below the other.
//
// Formed on the CPU in float64 from the activations and deltas that K1 leaves: the rows are few by contract, and no
// kernel could be shorter than these loops.
import type { SplitArrays } from '../../core/dataset.ts'
import { DomainFault } from '../../core/faults.ts'
import { layerParameterCount } from '../../core/networkSpec.ts'
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
    const [exponentsRead, activationsRead, deltasRead, ...ofNorm] = await submitAndRead(opened, opened.device.createCommandEncoder(), [
      exponentRegion(pass),
      { buffer: pass.activations, offset: 0, bytes },
      { buffer: pass.deltas, offset: 0, bytes },
      // Normed rows lie behind h and z, the deltas of the norms' outputs behind those of z.
      ...(layout.norm === null
        ? []
        : [
            { buffer: pass.activations, offset: 2 * bytes, bytes },
            { buffer: pass.deltas, offset: bytes, bytes },
          ]),
    ])
    signal?.throwIfAborted()
    const exponents = tileExponents(pass.shape, new Int32Array(exponentsRead))
    const layerFloats = 4 * padded * layout.quads
    /** [count, width] of layer l of an array that K1 left. */
    const rowsOf = (from: ArrayBuffer, l: number, units: number, exponentOf: (tile: number) => number): Float64Array => {
      const values = new Float64Array(count * units)
      unpackRows(pass.shape, new Float32Array(from, 4 * l * layerFloats, layerFloats), exponentOf, count, units, values, 0)
      return values
    }
    let offset = 0
    for (const [l, layer] of spec.layers.entries()) {
      const { fanIn, fanOut } = layer
      const input =
        l === 0
          ? inputRows(split, set, start, count, fanIn, c)
          : rowsOf(activationsRead, l - 1, fanIn, (tile) => exponents.forward(l, tile))
      const delta = rowsOf(deltasRead, l, fanOut, (tile) => exponents.backward(l, tile))
      const normed = layer.norm === undefined ? null : rowsOf(ofNorm[0], l, fanOut, () => 0)
      const normedDelta = normed === null ? delta : rowsOf(ofNorm[1], l, fanOut, (tile) => exponents.normed(l, tile))
      for (let row = 0; row < count; row++) {
        let at = (start + row) * width + offset
        for (let o = 0; o < fanOut; o++) {
          const d = layer.forwardScale * delta[row * fanOut + o]
          for (let k = 0; k < fanIn; k++) jacobian[at++] = d * input[row * fanIn + k]
        }
        if (layer.bias) for (let o = 0; o < fanOut; o++) jacobian[at++] = layer.biasScale * delta[row * fanOut + o]
        if (normed === null) continue
        for (let i = row * fanOut; i < (row + 1) * fanOut; i++) jacobian[at++] = normedDelta[i] * normed[i]
        for (let i = row * fanOut; i < (row + 1) * fanOut; i++) jacobian[at++] = normedDelta[i]
      }
      offset += layerParameterCount(layer)
    }
  }
  return jacobian
}

/** [rows, width] the inputs of the samples whose outputs these rows are. */
function inputRows(split: SplitArrays, set: SampleSet, start: number, rows: number, width: number, c: number): Float64Array {
  const inputs = new Float64Array(rows * width)
  for (let row = 0; row < rows; row++) {
    const sample = set.indices[Math.floor((start + row) / c)]
    for (let k = 0; k < width; k++) inputs[row * width + k] = split.inputs[sample * width + k]
  }
  return inputs
}
