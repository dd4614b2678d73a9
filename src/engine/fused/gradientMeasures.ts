// How large is the gradient on a set of samples, and what is it, where its layers may be 1e-100 apart?
//
// The GPU leaves mantissas with one exponent for each layer's weights and biases. A set that does not fit in one pass
// is summed here, in float64, with the same exponents.
import { layerParameterCount, type DenseNetworkSpec } from '../../core/networkSpec.ts'
import type { LayerNorms, SampleSet } from '../../core/probe.ts'
import { combinedNorm, normalised, scaledNorm, timesPowerOfTwo, type ScaledNumber } from '../../numerics/logMagnitude.ts'
import { zeroNorms } from '../blankNorms.ts'
import { splitOf } from '../sampleRows.ts'
import { exponentOffsets } from './kernelShape.ts'
import { normsOfEntries, sumOf, writeNorm } from './layerNorms.ts'
import { partCount, partsOf, unpackParameters } from './layout.ts'
import { padded, stepOf, type MeasuringPasses } from './measuringPasses.ts'
import type { FusedPass } from './pass.ts'
import { submitAndRead } from './readback.ts'
import { normEntries } from './updateGrid.ts'

/** A gradient whose part p of layer l is mantissas of 2^exponents[parts l + p]. */
interface ScaledGradient {
  /** [P]. */
  readonly mantissas: Float64Array
  /** [L][part]. */
  readonly exponents: Int32Array
}

/** [P] gradient of the reduced loss; 0 or Infinity where float64 ends. */
export async function gradientOn(passes: MeasuringPasses, set: SampleSet, signal?: AbortSignal): Promise<Float64Array> {
  const { mantissas, exponents } = await scaledGradient(passes, set, signal)
  forEachBlock(passes.context.spec, (block, start, end) => {
    scaleBlock(mantissas, start, end, exponents[block])
  })
  return mantissas
}

/** Frobenius norm and mean absolute entry of every layer's block, W and b together. */
export async function gradientNormsOn(passes: MeasuringPasses, set: SampleSet, signal?: AbortSignal): Promise<LayerNorms> {
  const { spec, dataset, probeCount } = passes.context
  splitOf(dataset, probeCount, set)
  const n = set.indices.length
  const chunk = passes.rowsAtOnce('gradient', n)
  if (chunk < n) return normsOf(spec, await scaledGradient(passes, set, signal))
  const pass = await passes.pass({ task: 'gradient', rows: chunk, from: set.from })
  signal?.throwIfAborted()
  const [read] = await runGradient(passes, pass, set.indices, n, 'norms')
  return normsOfEntries(spec, pass.shape, new Float32Array(read), 0)
}

/** Runs K1 and K2 on one chunk and reads the norms, or the mantissas and all exponents. */
async function runGradient(
  passes: MeasuringPasses,
  pass: FusedPass,
  indices: Int32Array,
  n: number,
  what: 'norms' | 'gradient',
): Promise<ArrayBuffer[]> {
  const { opened, spec } = passes.context
  pass.prepare([padded(indices, pass.shape.batchRows)], [stepOf(spec.loss.reduction === 'mean' ? 1 / n : 1)])
  const encoder = opened.device.createCommandEncoder()
  const encoding = encoder.beginComputePass()
  pass.encode(encoding, 0)
  encoding.end()
  const regions =
    what === 'norms'
      ? [{ buffer: pass.norms, offset: 0, bytes: 16 * normEntries(pass.shape) }]
      : [
          { buffer: pass.slots, offset: 0, bytes: 16 * pass.shape.layout.seedQuads },
          {
            buffer: pass.exponents,
            offset: 4 * exponentOffsets(pass.shape).slots,
            bytes: 4 * pass.shape.layout.parts * pass.shape.layout.layerCount,
          },
        ]
  return submitAndRead(opened, encoder, regions)
}

async function scaledGradient(passes: MeasuringPasses, set: SampleSet, signal?: AbortSignal): Promise<ScaledGradient> {
  const { layout, spec, dataset, probeCount } = passes.context
  splitOf(dataset, probeCount, set)
  const n = set.indices.length
  const chunk = passes.rowsAtOnce('gradient', n)
  const pass = await passes.pass({ task: 'gradient', rows: chunk, from: set.from })
  let total: ScaledGradient | null = null
  for (let start = 0; start < n; start += chunk) {
    signal?.throwIfAborted()
    const [mantissas, exponents] = await runGradient(passes, pass, set.indices.subarray(start, Math.min(n, start + chunk)), n, 'gradient')
    const part = {
      mantissas: unpackParameters(spec, layout, new Float32Array(mantissas)),
      exponents: byBlock(new Int32Array(exponents), spec.layers.length),
    }
    if (total === null) total = part
    else addTo(spec, total, part)
  }
  return total!
}

/** [part][layer] into [layer][part]. */
function byBlock(exponents: Int32Array, layerCount: number): Int32Array {
  const parts = exponents.length / layerCount
  return Int32Array.from(exponents, (_, block) => exponents[(block % parts) * layerCount + Math.floor(block / parts)])
}

/** Visits the blocks [layer][part] with their places in a flat vector. */
export function forEachBlock(spec: DenseNetworkSpec, visit: (block: number, start: number, end: number, layer: number) => void): void {
  const count = partCount(spec)
  for (const { layer, part, start, end } of partsOf(spec)) visit(count * layer + part, start, end, layer)
}

/** values[start .. end) times 2^exponent. */
export function scaleBlock(values: Float64Array, start: number, end: number, exponent: number): void {
  if (exponent === 0) return
  if (Math.abs(exponent) <= 1000) {
    const factor = 2 ** exponent
    for (let i = start; i < end; i++) values[i] *= factor
    return
  }
  for (let i = start; i < end; i++) values[i] = timesPowerOfTwo(values[i], exponent)
}

function addTo(spec: DenseNetworkSpec, total: ScaledGradient, part: ScaledGradient): void {
  forEachBlock(spec, (block, start, end) => {
    const exponent = Math.max(total.exponents[block], part.exponents[block])
    scaleBlock(total.mantissas, start, end, total.exponents[block] - exponent)
    scaleBlock(part.mantissas, start, end, part.exponents[block] - exponent)
    for (let i = start; i < end; i++) total.mantissas[i] += part.mantissas[i]
    total.exponents[block] = exponent
  })
}

function normsOf(spec: DenseNetworkSpec, { mantissas, exponents }: ScaledGradient): LayerNorms {
  const norms = zeroNorms(spec.layers.length)
  const squares: ScaledNumber[][] = spec.layers.map(() => [])
  const sums: ScaledNumber[][] = spec.layers.map(() => [])
  forEachBlock(spec, (block, start, end, layer) => {
    const values = mantissas.subarray(start, end)
    squares[layer].push(scaledNorm(values, exponents[block]))
    sums[layer].push(
      normalised(
        values.reduce((sum, value) => sum + Math.abs(value), 0),
        exponents[block],
      ),
    )
  })
  for (const [l, layer] of spec.layers.entries()) writeNorm(norms, l, combinedNorm(squares[l]), sumOf(sums[l]), layerParameterCount(layer))
  return norms
}
