// How long does jax-js take for the same step? The strongest peer that runs in a browser, jitted as its users would.
//
// It opens a device of its own on the same adapter. It asks for the user agent of a browser; Node's says nothing.
import type { Milliseconds } from '../../core/units.ts'
import type { StackProblem } from './stackProblem.ts'

export interface JaxStack {
  /** One jitted step, awaited to its last weight. */
  step(): Promise<Milliseconds>
  /** Loss of the weights before the last step. */
  loss(): Promise<number>
}

const BROWSER_AGENT = 'Mozilla/5.0 Chrome/140 node'

/** The problem in jax-js' own words; null where its WebGPU does not start. */
export async function createJaxStack(problem: StackProblem): Promise<JaxStack | null> {
  Object.assign(navigator, { userAgent: BROWSER_AGENT })
  const jax = await import('@jax-js/jax')
  if (!(await jax.init('webgpu')).includes('webgpu')) return null
  jax.defaultDevice('webgpu')
  const { numpy, nn } = jax
  const { width, batch, activation } = problem.shape
  const arrayOf = (values: Float32Array, shape: number[]) => numpy.array(values, { shape, device: 'webgpu', dtype: numpy.float32 })
  type JaxArray = ReturnType<typeof arrayOf>
  let weights = problem.matrices.map((matrix) => arrayOf(matrix, [width, width]))
  const inputs = arrayOf(problem.inputs, [batch, width])
  const targets = arrayOf(problem.targets, [batch, width])
  const lossOf = (matrices: JaxArray[], x: JaxArray, y: JaxArray): JaxArray => {
    let h = x
    for (const [layer, matrix] of matrices.entries()) {
      h = numpy.matmul(h, matrix)
      if (layer < matrices.length - 1) h = activation === 'relu' ? nn.relu(h) : numpy.tanh(h)
    }
    return numpy.sum(numpy.square(h.sub(y))).mul(0.5 / batch)
  }
  const update = jax.jit((matrices: JaxArray[], x: JaxArray, y: JaxArray): [JaxArray, JaxArray[]] => {
    const [value, gradients] = jax.valueAndGrad(lossOf)(
      matrices.map((matrix) => matrix.ref),
      x,
      y,
    )
    return [value, matrices.map((matrix, layer) => matrix.sub(gradients[layer].mul(problem.learningRate)))]
  })
  let last: JaxArray | null = null
  return {
    async step() {
      const start = performance.now()
      last?.dispose()
      const [value, next] = update(weights, inputs.ref, targets.ref)
      weights = next
      last = value
      await jax.blockUntilReady([value, ...next])
      return performance.now() - start
    },
    async loss() {
      if (last === null) return NaN
      const values = (await last.ref.data()) as Float32Array
      return values[0]
    },
  }
}
