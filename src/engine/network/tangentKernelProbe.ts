// How do the outputs move with the weights? Jacobian and tangent kernel, a lane of deltas per output.
//
// The kernel never forms the Jacobian: each layer adds (<h_i, h_j> + bias) <d_io, d_jp>. Rows come back in the order
// sample * c + output; on the GPU it is output * n + sample, because outputs are lanes.
import { dispose, mul, reshape, zeros, type Rank, type Tensor2D, type Tensor3D, type Tensor4D } from '@tensorflow/tfjs-core'
import { DomainFault } from '../../core/faults.ts'
import { parameterCount } from '../../core/networkSpec.ts'
import type { SampleSet } from '../../core/probe.ts'
import { addGramShare } from './denseLayer.ts'
import { runKernel, type Kernel } from './kernel.ts'
import { backwardPass, disposeRecord, forwardPass, type ForwardRecord } from './passes.ts'
import { disposeBlock, sampleBlock, withLayers, type ProbeHost } from './probeHost.ts'
import { plainRange } from './rangePlan.ts'
import { readPacked } from './readback.ts'

/** Entries above which a Jacobian is refused, as the Probe promises. */
const LARGEST_JACOBIAN = 4e6

const SEEDS: Kernel<'rows' | 'width' | 'first'> = {
  name: 'outputSeeds',
  shape: 'elementwise',
  inputs: [],
  uniforms: { rows: 'i32', width: 'i32', first: 'i32' },
  body: `
    let lane = index / (uniforms.rows * uniforms.width);
    result[index] = select(0.0, 1.0, index % uniforms.width == uniforms.first + lane);`,
}

/** dLoss/df of the "loss" f_o: one lane per output when `only` is null ([c, rows, c]), else [1, rows, c] for that output. */
export function outputSeeds(rows: number, width: number, only: number | null = null): Tensor3D {
  const lanes = only === null ? width : 1
  return runKernel(SEEDS, [], [lanes, rows, width], { rows, width, first: only ?? 0 }) as Tensor3D
}

/** [n*c, P] derivatives of every output of every sample. @throws {DomainFault} above 4e6 entries. */
export async function outputJacobianOn(host: ProbeHost, set: SampleSet): Promise<Float64Array> {
  const { spec } = host
  const size = parameterCount(spec)
  const count = set.indices.length
  const width = host.dataset.outputWidth
  if (count * width * size > LARGEST_JACOBIAN) {
    throw new DomainFault(`outputJacobian: ${count * width * size} entries, expected at most ${LARGEST_JACOBIAN}`)
  }
  const jacobian = new Float64Array(count * width * size)
  await withDeltas(host, set, async (record, deltas) => {
    for (const [index, layer] of spec.layers.entries()) {
      const delta = reshape<Rank.R4>(deltas[index], [width, count, layer.fanOut, 1])
      const input = reshape<Rank.R4>(record.inputs[index], [1, count, 1, layer.fanIn])
      const outer = mul<Tensor4D>(delta, input)
      try {
        const [weights, biases] = await readPacked(host.opened, [outer, delta])
        const block = layer.fanOut * layer.fanIn
        for (let output = 0; output < width; output++) {
          for (let sample = 0; sample < count; sample++) {
            const from = output * count + sample
            const to = (sample * width + output) * size + host.layers[index].offset
            for (let i = 0; i < block; i++) jacobian[to + i] = layer.forwardScale * weights[from * block + i]
            if (!layer.bias) continue
            for (let i = 0; i < layer.fanOut; i++) jacobian[to + block + i] = layer.biasScale * biases[from * layer.fanOut + i]
          }
        }
      } finally {
        dispose([delta, input, outer])
      }
    }
  })
  return jacobian
}

/** [n*c, n*c] J J^T. @throws {DomainFault} when the kernel is larger than a buffer of the device. */
export async function kernelGramOn(host: ProbeHost, set: SampleSet): Promise<Float64Array> {
  const { spec } = host
  const count = set.indices.length
  const width = host.dataset.outputWidth
  const rows = count * width
  const limit = host.opened.device.limits.maxStorageBufferBindingSize
  if (4 * rows * rows > limit) throw new DomainFault(`kernelGram: ${4 * rows * rows} bytes, expected at most ${limit}`)
  let stored: Float32Array = new Float32Array(0)
  await withDeltas(host, set, async (record, deltas) => {
    let sum = zeros<Rank.R2>([rows, rows])
    for (const [index, layer] of spec.layers.entries()) {
      const next: Tensor2D = addGramShare(layer, record.inputs[index], deltas[index], sum)
      sum.dispose()
      sum = next
    }
    try {
      ;[stored] = await readPacked(host.opened, [sum])
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

/** One forward pass and a backward pass per output, lent to `work`. */
async function withDeltas(
  host: ProbeHost,
  set: SampleSet,
  work: (record: ForwardRecord, deltas: readonly Tensor3D[]) => Promise<void>,
): Promise<void> {
  const { spec } = host
  await withLayers(host, async (layers) => {
    const plan = plainRange(spec.layers.length)
    const block = sampleBlock(host, [set], [1])
    const record = forwardPass(spec, layers, block.inputs, plan)
    const seeds = outputSeeds(set.indices.length, host.dataset.outputWidth)
    const deltas = backwardPass(spec, layers, record, seeds, plan)
    seeds.dispose()
    try {
      await work(record, deltas)
    } finally {
      dispose(deltas)
      disposeRecord(record)
      disposeBlock(block)
    }
  })
}
