// How do the outputs move with the weights? Jacobian and tangent kernel, a lane of deltas per output.
//
// The kernel never forms the Jacobian: each layer adds its own share. Rows come back in the order sample * c + output; on
// the GPU it is output * n + sample, because outputs are lanes. Activations and deltas are stored with the exponents of a plan
// measured for these very passes, so a kernel far below float32 keeps its digits.
import { dispose, type Tensor3D } from '@tensorflow/tfjs-core'
import { DomainFault } from '../../core/faults.ts'
import { channelsOf, isWeighted, layerParameterCount, parameterCount, weightCount } from '../../core/networkSpec.ts'
import type { SampleSet } from '../../core/probe.ts'
import type { BackwardRecord } from './firstOrderProbe.ts'
import { disposeStatistics, frozenStatistics } from './frozenStatistics.ts'
import { gramPass, trueGram } from './gramPass.ts'
import { runKernel, type Kernel } from './kernel.ts'
import { layerSampleGradients } from './layerGradients.ts'
import type { LayerTensors } from './layerTensors.ts'
import { backwardPass, forwardPass, visitBackward } from './passes.ts'
import { disposeRecord, type ForwardRecord } from './passRecords.ts'
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

/** One forward pass and a backward pass per output, as lanes, to plan for them. */
export function outputPasses(host: ProbeHost, layers: readonly LayerTensors[], block: SampleBlock, plan: RangePlan): BackwardRecord {
  const { spec } = host
  const record = forwardPass(spec, layers, block.inputs, plan, { rowCounts: block.rowCounts, frozen: null })
  return { record, gradients: backwardPass(spec, layers, record, seedsOf(host, block, plan), plan) }
}

/** The derivative by the true outputs is asked for, however the plan stores them. */
function seedsOf(host: ProbeHost, block: SampleBlock, plan: RangePlan): Tensor3D {
  return outputSeeds(block.inputs.shape[1], host.dataset.outputWidth, null, plan.delta[host.spec.layers.length - 1])
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
  await withOutputRecord(host, set, plan, async (layers, record, block) => {
    const offsets = offsetsOf(host)
    const parts: { readonly tensor: Tensor3D; readonly put: (values: Float32Array) => void }[] = []
    await visitBackward(spec, layers, record, seedsOf(host, block, plan), plan, (index, gradients) => {
      const layer = spec.layers[index]
      if (!isWeighted(layer)) return
      const { weight, bias, pairs } = layerSampleGradients(spec, index, layers, record, gradients)
      const channels = channelsOf(layer)
      const [weightScale, otherScale] = [2 ** -(plan.input[index] + plan.delta[index]), 2 ** -plan.delta[index]]
      const biasAt = offsets[index] + weightCount(layer)
      const normAt = biasAt + (bias === null ? 0 : channels)
      if (weight !== null) parts.push({ tensor: weight, put: (values) => place(values, offsets[index], weightScale) })
      if (bias !== null) parts.push({ tensor: bias, put: (values) => place(values, biasAt, otherScale) })
      // (beta, gamma) per channel on the GPU; gamma before beta, channel by channel, in the flat vector.
      const entryOf = (i: number) => (i % 2 === 1 ? 0 : channels) + (i >> 1)
      if (pairs !== null) parts.push({ tensor: pairs, put: (values) => place(values, normAt, otherScale, entryOf) })
    })
    const tensors = parts.map(({ tensor }) => tensor)
    try {
      for (const [index, values] of (await readPacked(host.opened, tensors)).entries()) parts[index].put(values)
    } finally {
      dispose(tensors)
    }
  })
  return jacobian
}

/** Places of the layers' blocks in the flat vector, per position. */
function offsetsOf({ spec }: ProbeHost): number[] {
  let offset = 0
  return spec.layers.map((layer) => {
    offset += layerParameterCount(layer)
    return offset - layerParameterCount(layer)
  })
}

/** [n*c, n*c] J J^T. @throws {DomainFault} when the kernel is larger than a buffer of the device. */
export async function kernelGramOn(
  host: ProbeHost,
  set: SampleSet,
  planFor: () => Promise<RangePlan>,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const count = set.indices.length
  const width = host.dataset.outputWidth
  const rows = count * width
  const limit = host.opened.device.limits.maxStorageBufferBindingSize
  if (4 * rows * rows > limit) throw new DomainFault(`kernelGram: ${4 * rows * rows} bytes, expected at most ${limit}`)
  const plan = await planFor()
  const gram = await withOutputRecord(host, set, plan, (layers, record, block) =>
    gramPass(host, layers, record, seedsOf(host, block, plan), plan, signal),
  )
  const stored = trueGram(gram)
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

/** Lends a forward pass with the statistics of the probe set. */
async function withOutputRecord<Result>(
  host: ProbeHost,
  set: SampleSet,
  plan: RangePlan,
  work: (layers: readonly LayerTensors[], record: ForwardRecord, block: SampleBlock) => Promise<Result>,
): Promise<Result> {
  return withLayers(host, async (layers) => {
    const block = sampleBlock(host, [set], [1])
    const frozen = frozenStatistics(host, layers)
    const record = forwardPass(host.spec, layers, block.inputs, plan, { rowCounts: block.rowCounts, frozen })
    try {
      return await work(layers, record, block)
    } finally {
      disposeRecord(record)
      disposeStatistics(frozen)
      disposeBlock(block)
    }
  })
}
