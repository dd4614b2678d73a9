// How do the outputs move with the weights? Jacobian and tangent kernel, a lane of deltas per output.
//
// The kernel never forms the Jacobian: each layer adds its own share. Rows come back in the order sample * c + output; on
// the GPU it is output * n + sample, because outputs are lanes. Activations and deltas are stored with the exponents of a plan
// measured for these very passes, so a kernel far below float32 keeps its digits.
import { dispose, zeros, type Rank, type Tensor3D } from '@tensorflow/tfjs-core'
import { DomainFault } from '../../core/faults.ts'
import { channelsOf, isWeighted, parameterCount, weightCount } from '../../core/networkSpec.ts'
import type { SampleSet } from '../../core/probe.ts'
import { gramFactors, type BackwardRecord, disposePasses, scaledBack } from './firstOrderProbe.ts'
import { disposeStatistics, frozenStatistics, type LentStatistics } from './frozenStatistics.ts'
import { runKernel, type Kernel } from './kernel.ts'
import { addLayerGram, layerSampleGradients } from './layerGradients.ts'
import type { LayerTensors } from './layerTensors.ts'
import { backwardPass, forwardPass } from './passes.ts'
import { disposeBlock, sampleBlock, withLayers, type ProbeHost, type SampleBlock } from './probeHost.ts'
import { powerOfTwo, type RangePlan } from './rangePlan.ts'
import { readPacked } from './readback.ts'

/** Entries above which a Jacobian is refused, as the Probe promises. */
const LARGEST_JACOBIAN = 4e6

const SEEDS: Kernel<'rows' | 'width' | 'first' | 'value'> = {
  name: 'outputSeeds',
  shape: 'elementwise',
  inputs: [],
  uniforms: { rows: 'i32', width: 'i32', first: 'i32', value: 'f32' },
  body: `
    let lane = index / (uniforms.rows * uniforms.width);
    result[index] = select(0.0, uniforms.value, index % uniforms.width == uniforms.first + lane);`,
}

/** dLoss/df of the "loss" f_o, stored with `exponent`: one lane per output when `only` is null ([c, rows, c]), else [1, rows, c] for that output. */
export function outputSeeds(rows: number, width: number, only: number | null = null, exponent = 0): Tensor3D {
  const lanes = only === null ? width : 1
  return runKernel(SEEDS, [], [lanes, rows, width], { rows, width, first: only ?? 0, value: powerOfTwo(exponent) }) as Tensor3D
}

/** One forward pass and a backward pass per output, as lanes. */
export function outputPasses(
  host: ProbeHost,
  layers: readonly LayerTensors[],
  block: SampleBlock,
  plan: RangePlan,
  frozen: LentStatistics = null,
): BackwardRecord {
  const { spec } = host
  const record = forwardPass(spec, layers, block.inputs, plan, { rowCounts: block.rowCounts, frozen })
  // The plan's outputs are stored with an exponent; the derivative by the true outputs is what is asked for.
  const seeds = outputSeeds(block.inputs.shape[1], host.dataset.outputWidth, null, plan.delta[spec.layers.length - 1])
  return { record, gradients: backwardPass(spec, layers, record, seeds, plan) }
}

/**
 * [n*c, P] derivatives of every output of every sample.
 *
 * @param planFor asked only when the Jacobian is not refused.
 * @throws {DomainFault} above 4e6 entries.
 */
export async function outputJacobianOn(host: ProbeHost, set: SampleSet, planFor: () => Promise<RangePlan>): Promise<Float64Array> {
  const { spec } = host
  const size = parameterCount(spec)
  const count = set.indices.length
  const width = host.dataset.outputWidth
  if (count * width * size > LARGEST_JACOBIAN) {
    throw new DomainFault(`outputJacobian: ${count * width * size} entries, expected at most ${LARGEST_JACOBIAN}`)
  }
  const jacobian = new Float64Array(count * width * size)
  const place = (part: Float32Array, offset: number, scale: number, entryOf: (entry: number) => number = (entry) => entry) => {
    const entries = part.length / (count * width)
    for (let output = 0; output < width; output++) {
      for (let sample = 0; sample < count; sample++) {
        const from = (output * count + sample) * entries
        const to = (sample * width + output) * size + offset
        for (let i = 0; i < entries; i++) jacobian[to + entryOf(i)] = part[from + i] * scale
      }
    }
  }
  const plan = await planFor()
  await withOutputPasses(host, set, plan, async (layers, { record, gradients }) => {
    let next = 0
    for (const [index, layer] of spec.layers.entries()) {
      if (!isWeighted(layer)) continue
      const { weight, bias, pairs } = layerSampleGradients(spec, index, layers, record, gradients)
      const tensors = [weight, bias, pairs].filter((tensor) => tensor !== null)
      const { offset } = host.layers[next++]
      const channels = channelsOf(layer)
      const [weightScale, otherScale] = [2 ** -(plan.input[index] + plan.delta[index]), 2 ** -plan.delta[index]]
      try {
        const parts = await readPacked(host.opened, tensors)
        const start = offset + weightCount(layer)
        place(parts[0], offset, weightScale)
        if (bias !== null) place(parts[1], start, otherScale)
        // (beta, gamma) per channel on the GPU; gamma before beta, channel by channel, in the flat vector.
        const norms = start + (bias === null ? 0 : channels)
        if (pairs !== null) place(parts[parts.length - 1], norms, otherScale, (i) => (i % 2 === 1 ? 0 : channels) + (i >> 1))
      } finally {
        dispose(tensors)
      }
    }
  })
  return jacobian
}

/** [n*c, n*c] J J^T. @throws {DomainFault} when the kernel is larger than a buffer of the device. */
export async function kernelGramOn(host: ProbeHost, set: SampleSet, planFor: () => Promise<RangePlan>): Promise<Float64Array> {
  const { spec } = host
  const count = set.indices.length
  const width = host.dataset.outputWidth
  const rows = count * width
  const limit = host.opened.device.limits.maxStorageBufferBindingSize
  if (4 * rows * rows > limit) throw new DomainFault(`kernelGram: ${4 * rows * rows} bytes, expected at most ${limit}`)
  const plan = await planFor()
  const { common, factors } = gramFactors(host, plan)
  let stored: Float64Array = new Float64Array(0)
  await withOutputPasses(host, set, plan, async (layers, { record, gradients }) => {
    let sum = zeros<Rank.R2>([rows, rows])
    for (const [index, [weightFactor, biasFactor]] of factors.entries()) {
      sum = addLayerGram(spec, index, layers, record, gradients, sum, weightFactor, biasFactor)
    }
    try {
      const [part] = await readPacked(host.opened, [sum])
      stored = scaledBack(part, common)
    } finally {
      sum.dispose()
    }
  })
  const kernel = new Float64Array(rows * rows)
  for (let o = 0; o < width; o++) {
    for (let i = 0; i < count; i++) {
      const to = (i * width + o) * rows
      const from = (o * count + i) * rows
      for (let p = 0; p < width; p++) for (let j = 0; j < count; j++) kernel[to + j * width + p] = stored[from + p * count + j]
    }
  }
  return kernel
}

/** Lends the passes of all outputs, with the statistics of the probe set. */
async function withOutputPasses(
  host: ProbeHost,
  set: SampleSet,
  plan: RangePlan,
  work: (layers: readonly LayerTensors[], passes: BackwardRecord) => Promise<void>,
): Promise<void> {
  await withLayers(host, async (layers) => {
    const block = sampleBlock(host, [set], [1])
    const frozen = frozenStatistics(host, layers)
    const passes = outputPasses(host, layers, block, plan, frozen)
    try {
      await work(layers, passes)
    } finally {
      disposePasses(passes)
      disposeStatistics(frozen)
      disposeBlock(block)
    }
  })
}
