// Where should one update lead? From the optimizer of the public JSON and the gradient of the independent program.
import type { JsonNumber, Problem } from '../../src/core/snapshot.ts'
import type { IndependentNetwork } from './independentNetwork.ts'

const row = (values: readonly JsonNumber[] | undefined, length: number): number[] =>
  values === undefined ? Array.from({ length }, () => 0) : values.map(Number)

/** [P] the weights after one update on the optimizer's batch; layers that do not train have no gradient. */
export function updatedWeights({ optimizer }: Problem, twin: IndependentNetwork): number[] {
  const gradient = twin.spread(twin.gradient(optimizer.batch))
  const { lr, momentum = 0, nesterov = false, beta1 = 0, beta2 = 0, eps = 0, noiseStd = 0, state } = optimizer
  const [v, m, noise] = [state.v, state.m, optimizer.noise].map((values) => row(values, gradient.length))
  const t = state.t + 1
  const step = (g: number, i: number): number => {
    switch (optimizer.kind) {
      case 'sgd':
        return g
      case 'momentum': {
        const velocity = momentum * v[i] + g
        return nesterov ? g + momentum * velocity : velocity
      }
      case 'rmsprop':
        return g / (Math.sqrt(beta2 * v[i] + (1 - beta2) * g * g) + eps)
      case 'adam': {
        const first = (beta1 * m[i] + (1 - beta1) * g) / (1 - beta1 ** t)
        const second = (beta2 * v[i] + (1 - beta2) * g * g) / (1 - beta2 ** t)
        return first / (Math.sqrt(second) + eps)
      }
      case 'perturbedGD':
        return g + noiseStd * noise[i]
      default:
        throw new Error('updatedWeights: no such optimizer')
    }
  }
  const moves = twin.spread(twin.weights.map(() => 1))
  return twin.spread(twin.weights, true).map((weight, i) => weight - lr * moves[i] * step(gradient[i], i))
}
