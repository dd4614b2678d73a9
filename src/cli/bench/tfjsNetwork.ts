// How long does tfjs take to train any of our networks? As its users write it: ops, variables, `minimize`.
//
// Images are [n, height, width, channels], as tfjs wants them; weights are transposed once, so both sides start from the same
// numbers and the first losses must agree. Flags are as tfjs comes, chosen before every step. Nothing is read back, in its favour.
import type * as tfjs from '@tensorflow/tfjs'
import type { Tensor, Tensor2D, Tensor4D, Variable } from '@tensorflow/tfjs'
import { channelsOf, imageAfter, weightCount, type LayerSpec, type NetworkSpec } from '../../core/networkSpec.ts'
import { UnsupportedFault } from '../../core/faults.ts'
import type { Milliseconds } from '../../core/units.ts'
import type { OpenedDevice } from '../../engine/device.ts'
import { leaseTfjs } from '../../engine/tfjsBackend.ts'

export interface TfjsNetwork {
  step(): Promise<Milliseconds>
  loss(): Promise<number>
  dispose(): void
}

interface Batch {
  readonly rows: number
  /** [rows, inputs], [rows, outputs] row-major, images as [channels, height, width]. */
  readonly inputs: Float32Array
  readonly targets: Float32Array
}

/** @throws {UnsupportedFault} for what tfjs has no op for (circular padding) and losses that no family uses. */
export async function createTfjsNetwork(
  opened: OpenedDevice,
  spec: NetworkSpec,
  weights: Float64Array,
  batch: Batch,
  learningRate: number,
): Promise<TfjsNetwork> {
  const tf = await import('@tensorflow/tfjs')
  const lease = await leaseTfjs(opened)
  const parameters = variablesOf(tf, spec, weights)
  const all = parameters.flatMap((of) => Object.values(of))
  const inputs = tf.tensor2d(batch.inputs, [batch.rows, batch.inputs.length / batch.rows])
  const targets = tf.tensor2d(batch.targets, [batch.rows, batch.targets.length / batch.rows])
  const optimizer = tf.train.sgd(learningRate)
  const lossOf = () => {
    let h: Tensor = inputs
    const layerInputs: Tensor[] = []
    for (const [index, layer] of spec.layers.entries()) {
      h = shaped(tf, h, layer)
      layerInputs.push(h)
      h = layerOutput(tf, layer, parameters[index], h, layerInputs)
    }
    const outputs = flatRows(tf, h)
    if (spec.loss.kind === 'softmaxCrossEntropy') return tf.losses.softmaxCrossEntropy(targets, outputs).asScalar()
    if (spec.loss.kind !== 'squaredError') throw new UnsupportedFault(`createTfjsNetwork: loss ${spec.loss.kind}`)
    return tf.mul(tf.sum(tf.square(tf.sub(outputs, targets))), 0.5 / batch.rows).asScalar()
  }
  const asItComes = (yes: boolean) => {
    tf.env().set('WEBGPU_MATMUL_PROGRAM_TYPE', yes ? -1 : 3)
    tf.env().set('WEBGPU_CPU_FORWARD', yes)
  }
  return {
    async step() {
      asItComes(true)
      const start = performance.now()
      optimizer.minimize(lossOf, false, all)
      lease.flush()
      await opened.device.queue.onSubmittedWorkDone()
      asItComes(false)
      opened.health.check()
      return performance.now() - start
    },
    async loss() {
      const value = tf.tidy(lossOf)
      const [loss] = await value.data()
      value.dispose()
      return loss
    },
    dispose() {
      for (const tensor of [...all, inputs, targets]) tensor.dispose()
      optimizer.dispose()
      lease.flush()
      lease.close()
    },
  }
}

type Tf = typeof tfjs
type Parameters = Readonly<Record<string, Variable>>

/** Filters as [height, width, in, out], matrices as [in, out]; all are trainable. */
function variablesOf(tf: Tf, spec: NetworkSpec, weights: Float64Array): Parameters[] {
  let offset = 0
  const take = (count: number) => Float32Array.from(weights.subarray(offset, (offset += count)))
  return spec.layers.map((layer): Parameters => {
    if (layer.kind === 'pool') return {}
    const channels = channelsOf(layer)
    const flat = take(weightCount(layer))
    const weight = tf.tidy(() =>
      layer.kind === 'dense'
        ? tf.variable(tf.transpose(tf.tensor2d(flat, [layer.fanOut, layer.fanIn])))
        : tf.variable(tf.transpose(tf.tensor4d(flat, [layer.outChannels, layer.inChannels, layer.kernel, layer.kernel]), [2, 3, 1, 0])),
    )
    const vector = () => tf.tidy(() => tf.variable(tf.tensor1d(take(channels))))
    return {
      weight,
      ...(layer.bias ? { bias: vector() } : {}),
      ...(layer.norm === undefined ? {} : { gamma: vector(), beta: vector() }),
    }
  })
}

/** Rows as the layer takes them: flat for units, [n, height, width, channels] for images. */
function shaped(tf: Tf, h: Tensor, layer: LayerSpec): Tensor {
  if (layer.kind === 'dense') return flatRows(tf, h)
  if (h.rank === 4) return h
  const channels = layer.kind === 'conv' ? layer.inChannels : layer.channels
  return tf.transpose(tf.reshape(h, [h.shape[0], channels, layer.height, layer.width]), [0, 2, 3, 1])
}

/** [n, channels * height * width]. */
function flatRows(tf: Tf, h: Tensor): Tensor2D {
  const rows = h.rank === 4 ? tf.transpose(h, [0, 3, 1, 2]) : h
  return tf.reshape(rows, [h.shape[0], -1])
}

function layerOutput(tf: Tf, layer: LayerSpec, parameters: Parameters, h: Tensor, layerInputs: readonly Tensor[]): Tensor {
  if (layer.kind === 'pool') {
    const image = h as Tensor4D
    const [height, width] = layer.pooling === 'globalAverage' ? [layer.height, layer.width] : [layer.size, layer.size]
    const strides: [number, number] = layer.pooling === 'globalAverage' ? [height, width] : [layer.stride, layer.stride]
    return layer.pooling === 'max'
      ? tf.maxPool(image, [height, width], strides, 'valid')
      : tf.avgPool(image, [height, width], strides, 'valid')
  }
  let z: Tensor
  if (layer.kind === 'dense') z = tf.matMul(h, parameters.weight)
  else {
    if (layer.paddingMode === 'circular') throw new UnsupportedFault('createTfjsNetwork: circular padding')
    const same = layer.stride === 1 && imageAfter(layer)[0] === layer.height
    z = tf.conv2d(h as Tensor4D, parameters.weight as Tensor4D, layer.stride, same ? 'same' : layer.padding)
  }
  if (layer.forwardScale !== 1) z = tf.mul(z, layer.forwardScale)
  if (layer.bias) z = tf.add(z, parameters.bias)
  if (layer.norm !== undefined) {
    const axes = Array.from({ length: z.rank - 1 }, (_, axis) => axis)
    const { mean, variance } = tf.moments(z, axes)
    z = tf.add(tf.mul(tf.div(tf.sub(z, mean), tf.sqrt(tf.add(variance, layer.norm.eps))), parameters.gamma), parameters.beta)
  }
  const { skip } = layer
  const added = skip === undefined ? null : tf.mul(layerInputs[skip.from], skip.scale)
  const act = (x: Tensor) => (layer.activation === 'relu' ? tf.relu(x) : layer.activation === 'tanh' ? tf.tanh(x) : x)
  if (added === null || skip === undefined) return act(z)
  return skip.placement === 'preAct' ? act(tf.add(tf.mul(z, skip.branchScale), added)) : tf.add(tf.mul(act(z), skip.branchScale), added)
}
