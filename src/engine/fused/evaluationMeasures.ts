// What does the fused network say on a set of samples: losses, outputs, share of right classes, preactivations?
//
// Losses per sample are those that training publishes, bit for bit; only their sum is taken here, in float64.
import { layerParameterCount, type DenseLayerSpec } from '../../core/networkSpec.ts'
import type { LossValue, SampleSet } from '../../core/probe.ts'
import { timesPowerOfTwo } from '../../numerics/logMagnitude.ts'
import { splitOf } from '../sampleRows.ts'
import { POISON } from './forwardBackwardKernel.ts'
import { keepsPreactivations, tileCount } from './kernelShape.ts'
import { stepOf, padded, type MeasuringPasses } from './measuringPasses.ts'
import type { FusedPass } from './pass.ts'
import { submitAndRead, type Region } from './readback.ts'
import { activationRegion, exponentRegion, preactivationRegion, tileExponents, unpackRows } from './tileNumbers.ts'

/** Reduced loss, per-sample losses, outputs and accuracy (null without labels; the first of equal outputs counts). */
export async function evaluate(passes: MeasuringPasses, set: SampleSet, signal?: AbortSignal): Promise<LossValue> {
  const { layout, spec, dataset, probeCount } = passes.context
  const split = splitOf(dataset, probeCount, set)
  const n = set.indices.length
  const c = layout.outputWidth
  const perSample = new Float64Array(n)
  const outputs = new Float64Array(n * c)
  await forwardPasses(
    passes,
    set,
    signal,
    (pass) => [
      activationRegion(pass, layout.layerCount),
      { buffer: pass.rowLosses, offset: 0, bytes: 8 * tileCount(pass.shape) * pass.shape.tile.rows },
    ],
    (pass, exponents, [activations, losses], start, rows) => {
      const exponentOf = (tile: number): number => exponents.forward(layout.layerCount, tile)
      unpackRows(pass.shape, new Float32Array(activations), exponentOf, rows, c, outputs, start)
      const pairs = new Float32Array(losses)
      for (let row = 0; row < rows; row++) perSample[start + row] = rowLoss(pairs[2 * row], pairs[2 * row + 1])
    },
  )
  let total = 0
  for (let i = 0; i < n; i++) total += perSample[i]
  const { labels } = split
  return {
    loss: spec.loss.reduction === 'mean' ? total / n : total,
    perSample,
    outputs,
    accuracy: labels === null ? null : shareOfRight(outputs, c, set.indices, labels),
  }
}

/** A loss as K1 leaves it: mantissa and exponent; Infinity where something on the way was not finite. */
function rowLoss(mantissa: number, exponent: number): number {
  return exponent >= POISON ? Infinity : timesPowerOfTwo(mantissa, exponent)
}

function shareOfRight(outputs: Float64Array, c: number, indices: Int32Array, labels: Int32Array): number {
  let right = 0
  for (const [row, index] of indices.entries()) {
    let top = 0
    for (let o = 1; o < c; o++) if (outputs[row * c + o] > outputs[row * c + top]) top = o
    if (top === labels[index]) right++
  }
  return right / indices.length
}

/**
 * Per layer [n, fanOut] preactivations.
 *
 * Where the engine keeps none (identity, relu) they follow from the activations, so that every gate is the engine's own:
 * exactly the activation where it is positive, and at a closed gate recomputed, never above 0.
 */
export async function preactivationsOf(passes: MeasuringPasses, set: SampleSet, signal?: AbortSignal): Promise<Float32Array[]> {
  const { layout, spec, dataset, probeCount } = passes.context
  const split = splitOf(dataset, probeCount, set)
  const n = set.indices.length
  const weights = await passes.readParameters()
  const layers = spec.layers.map((layer) => new Float32Array(n * layer.fanOut))
  const keepsZ = keepsPreactivations(layout)
  const region = (pass: FusedPass, layer: number): Region => (keepsZ ? preactivationRegion(pass, layer) : activationRegion(pass, layer))
  await forwardPasses(
    passes,
    set,
    signal,
    (pass) => spec.layers.flatMap((_, l) => [activationRegion(pass, l + 1), region(pass, l + 1)]),
    (pass, exponents, read, start, rows) => {
      let input = new Float64Array(rows * layout.inputWidth)
      for (let row = 0; row < rows; row++) {
        for (let k = 0; k < layout.inputWidth; k++)
          input[row * layout.inputWidth + k] = split.inputs[set.indices[start + row] * layout.inputWidth + k]
      }
      let offset = 0
      for (const [l, layer] of spec.layers.entries()) {
        const exponentOf = (tile: number): number => exponents.forward(l + 1, tile)
        const output = new Float64Array(rows * layer.fanOut)
        unpackRows(pass.shape, new Float32Array(read[2 * l]), exponentOf, rows, layer.fanOut, output, 0)
        let z = output
        if (keepsZ) {
          z = new Float64Array(rows * layer.fanOut)
          const ofArgument = (tile: number): number => exponents.argument(l, tile)
          unpackRows(pass.shape, new Float32Array(read[2 * l + 1]), ofArgument, rows, layer.fanOut, z, 0)
        } else if (layer.activation === 'relu') {
          z = closedGates(layer, weights.subarray(offset), input, output, rows)
        }
        layers[l].set(z, start * layer.fanOut)
        offset += layerParameterCount(layer)
        input = output
      }
    },
  )
  return layers
}

/** relu outputs where positive, else z = scale W h + b in float64, held at 0. */
function closedGates(
  layer: DenseLayerSpec,
  block: Float64Array,
  input: Float64Array,
  output: Float64Array<ArrayBuffer>,
  rows: number,
): Float64Array<ArrayBuffer> {
  const { fanIn, fanOut } = layer
  const z = output.slice()
  for (let row = 0; row < rows; row++) {
    for (let o = 0; o < fanOut; o++) {
      if (output[row * fanOut + o] > 0) continue
      let sum = 0
      for (let k = 0; k < fanIn; k++) sum += block[o * fanIn + k] * input[row * fanIn + k]
      const bias = layer.bias ? layer.biasScale * block[fanOut * fanIn + o] : 0
      z[row * fanOut + o] = Math.min(0, layer.forwardScale * sum + bias)
    }
  }
  return z
}

type Exponents = ReturnType<typeof tileExponents>

/** Runs the forward half over the set in chunks and hands each chunk's regions over. */
async function forwardPasses(
  passes: MeasuringPasses,
  set: SampleSet,
  signal: AbortSignal | undefined,
  regions: (pass: FusedPass) => Region[],
  take: (pass: FusedPass, exponents: Exponents, read: readonly ArrayBuffer[], start: number, rows: number) => void,
): Promise<void> {
  const { opened } = passes.context
  const n = set.indices.length
  const chunk = passes.rowsAtOnce('forward', n)
  const pass = await passes.pass({ task: 'forward', rows: chunk, from: set.from })
  for (let start = 0; start < n; start += chunk) {
    signal?.throwIfAborted()
    const rows = Math.min(chunk, n - start)
    pass.prepare([padded(set.indices.subarray(start, start + rows), chunk)], [stepOf(1)])
    const encoder = opened.device.createCommandEncoder()
    const encoding = encoder.beginComputePass()
    pass.encode(encoding, 0)
    encoding.end()
    const [exponents, ...read] = await submitAndRead(opened, encoder, [exponentRegion(pass), ...regions(pass)])
    take(pass, tileExponents(pass.shape, new Int32Array(exponents)), read, start, rows)
  }
}
