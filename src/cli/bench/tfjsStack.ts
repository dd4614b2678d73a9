// How long does tfjs take for the same step? As its users write it: variables, a loss, `sgd.minimize`.
//
// On our device, so that both sides meet the same adapter; nothing is read back, which is in its favour. The matmul setting
// is chosen before every step, since tfjs reads its flags anew for each op.
import type { Tensor, Variable } from '@tensorflow/tfjs'
import type { OpenedDevice } from '../../engine/device.ts'
import { leaseTfjs } from '../../engine/tfjsBackend.ts'
import type { Milliseconds } from '../../core/units.ts'
import type { StackProblem } from './stackProblem.ts'
import { withOrderedTape } from './tapeOrder.ts'

/** `packed`: WEBGPU_MATMUL_PROGRAM_TYPE = 3, its fastest setting for these shapes on SwiftShader. */
export type MatmulSetting = 'default' | 'packed'

export interface StepTimes {
  readonly wall: Milliseconds
  /** Until the last call into WebGPU returned. */
  readonly js: Milliseconds
}

export interface TfjsStack {
  step(setting: MatmulSetting): Promise<StepTimes>
  loss(): Promise<number>
  /** One product of the Hessian with the weights themselves, by nested gradients on a repaired tape. */
  hessianVector(setting: MatmulSetting): Promise<StepTimes>
  /** The same product read back, [in, out] per layer. */
  readHessianVector(): Promise<readonly Float32Array[]>
  dispose(): void
}

/** The problem in tfjs' own words. @throws {FaultError} noWebGpu when tfjs refuses the device. */
export async function createTfjsStack(opened: OpenedDevice, problem: StackProblem): Promise<TfjsStack> {
  const tf = await import('@tensorflow/tfjs')
  const lease = await leaseTfjs(opened)
  const { width, batch, activation } = problem.shape
  const variables: Variable[] = problem.matrices.map((matrix) => tf.variable(tf.tensor2d(matrix, [width, width])))
  const inputs = tf.tensor2d(problem.inputs, [batch, width])
  const targets = tf.tensor2d(problem.targets, [batch, width])
  const optimizer = tf.train.sgd(problem.learningRate)
  const lossOf = (weights: readonly Tensor[]) => {
    let h: Tensor = inputs
    for (const [layer, weight] of weights.entries()) {
      h = tf.matMul(h, weight)
      if (layer < weights.length - 1) h = activation === 'relu' ? tf.relu(h) : tf.tanh(h)
    }
    return tf.mul(tf.sum(tf.square(tf.sub(h, targets))), 0.5 / batch).asScalar()
  }
  const choose = (setting: MatmulSetting) => {
    tf.env().set('WEBGPU_MATMUL_PROGRAM_TYPE', setting === 'default' ? -1 : 3)
    tf.env().set('WEBGPU_CPU_FORWARD', setting === 'default')
  }
  const timed = async (setting: MatmulSetting, work: () => void): Promise<StepTimes> => {
    choose(setting)
    const start = performance.now()
    work()
    lease.flush()
    const js = performance.now() - start
    await opened.device.queue.onSubmittedWorkDone()
    choose('packed')
    opened.health.check()
    return { js, wall: performance.now() - start }
  }
  const product = () => {
    const inner = (...at: Tensor[]) => {
      const gradients = tf.grads((...ws: Tensor[]) => lossOf(ws))(at)
      return gradients
        .map((gradient, layer) => tf.sum(tf.mul(gradient, variables[layer])))
        .reduce((a, b) => tf.add(a, b))
        .asScalar()
    }
    return tf.grads(inner)(variables)
  }
  const forget = () => {
    tf.tidy(() => {
      product()
    })
  }
  return {
    step: (setting) => timed(setting, () => void optimizer.minimize(() => lossOf(variables), false, variables)),
    async loss() {
      const value = tf.tidy(() => lossOf(variables))
      const [loss] = await value.data()
      value.dispose()
      return loss
    },
    hessianVector: (setting) => withOrderedTape(tf.engine(), () => timed(setting, forget)),
    async readHessianVector() {
      const tensors = await withOrderedTape(tf.engine(), async () => tf.tidy(product))
      const parts = await Promise.all(tensors.map(async (tensor) => Float32Array.from(await tensor.data())))
      for (const tensor of tensors) tensor.dispose()
      return parts
    },
    dispose() {
      for (const tensor of [...variables, inputs, targets]) tensor.dispose()
      optimizer.dispose()
      lease.flush()
      lease.close()
    },
  }
}
