// What is the gradient, computed in the most obvious way? Plain loops over samples in float64, with gates from outside.
//
// A relu's gate flips by rounding where z is near 0, and one flip moves a layer's gradient by more than any tolerance:
// whoever compares engines hands over the gates of the one and checks the flips themselves apart.
import type { Activation } from '../../../src/core/experiment.ts'
import type { DenseNetworkSpec } from '../../../src/core/networkSpec.ts'

export interface ReferencePass {
  readonly losses: Float64Array
  /** [P], of the reduced loss. */
  readonly gradient: Float64Array
  /** [L][n][fanOut] preactivations. */
  readonly preactivations: readonly Float64Array[][]
}

/** Those that the deep and the far networks have; the others are compared with the float64 engine. */
type Plain = Extract<Activation, 'identity' | 'relu' | 'tanh' | 'tanh3' | 'swish' | 'sigmoid' | 'elu'>

const VALUE: Record<Plain, (z: number) => number> = {
  identity: (z) => z,
  relu: (z) => Math.max(z, 0),
  tanh: Math.tanh,
  tanh3: (z) => 3 * Math.tanh(z),
  swish: (z) => z / (1 + Math.exp(-z)),
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
  elu: (z) => (z > 0 ? z : Math.expm1(z)),
}
const SLOPE: Record<Plain, (z: number) => number> = {
  identity: () => 1,
  relu: (z) => (z > 0 ? 1 : 0),
  tanh: (z) => 1 / Math.cosh(z) ** 2,
  tanh3: (z) => 3 / Math.cosh(z) ** 2,
  swish: (z) => {
    const s = 1 / (1 + Math.exp(-z))
    return s + z * s * (1 - s)
  },
  sigmoid: (z) => 1 / (2 + Math.exp(-z) + Math.exp(z)),
  elu: (z) => Math.exp(Math.min(z, 0)),
}

/**
 * Loss and gradient on given rows.
 *
 * @param gates [L][n][fanOut]: whether a relu of layer l lets sample n through; null to decide by the sign.
 */
export function referencePass(
  spec: DenseNetworkSpec,
  flat: ArrayLike<number>,
  inputs: readonly ArrayLike<number>[],
  targets: readonly ArrayLike<number>[],
  gates: ((layer: number, sample: number, unit: number) => boolean) | null,
): ReferencePass {
  const { layers, loss } = spec
  const n = inputs.length
  const share = loss.reduction === 'mean' ? 1 / n : 1
  const starts: number[] = []
  let count = 0
  for (const layer of layers) {
    starts.push(count)
    count += layer.fanOut * (layer.fanIn + (layer.bias ? 1 : 0))
  }
  const gradient = new Float64Array(count)
  const losses = new Float64Array(n)
  const preactivations: Float64Array[][] = layers.map(() => [])
  for (let sample = 0; sample < n; sample++) {
    const h: Float64Array[] = [Float64Array.from(inputs[sample])]
    const slopes: Float64Array[] = []
    layers.forEach((layer, l) => {
      const z = new Float64Array(layer.fanOut)
      for (let o = 0; o < layer.fanOut; o++) {
        let sum = 0
        for (let i = 0; i < layer.fanIn; i++) sum += flat[starts[l] + o * layer.fanIn + i] * h[l][i]
        z[o] = layer.forwardScale * sum + (layer.bias ? layer.biasScale * flat[starts[l] + layer.fanOut * layer.fanIn + o] : 0)
      }
      preactivations[l].push(z)
      const gated = gates !== null && layer.activation === 'relu'
      h.push(z.map((value, o) => (gated ? (gates(l, sample, o) ? value : 0) : VALUE[layer.activation as Plain](value))))
      slopes.push(z.map((value, o) => (gated ? (gates(l, sample, o) ? 1 : 0) : SLOPE[layer.activation as Plain](value))))
    })
    const f = h[layers.length]
    const y = targets[sample]
    let up: Float64Array
    if (loss.kind === 'squaredError') {
      up = f.map((value, j) => share * (value - y[j]))
      for (let j = 0; j < f.length; j++) losses[sample] += 0.5 * (f[j] - y[j]) ** 2
    } else {
      const top = Math.max(...f)
      const sum = f.reduce((total, value) => total + Math.exp(value - top), 0)
      let mass = 0
      for (let j = 0; j < f.length; j++) {
        mass += y[j]
        if (y[j] !== 0) losses[sample] += y[j] * (top - f[j] + Math.log(sum))
      }
      up = f.map((value, j) => share * ((mass * Math.exp(value - top)) / sum - y[j]))
    }
    for (let l = layers.length - 1; l >= 0; l--) {
      const { fanIn, fanOut, bias, forwardScale, biasScale } = layers[l]
      const next = new Float64Array(fanIn)
      for (let o = 0; o < fanOut; o++) {
        const delta = up[o] * slopes[l][o]
        if (delta === 0) continue
        for (let i = 0; i < fanIn; i++) {
          gradient[starts[l] + o * fanIn + i] += forwardScale * delta * h[l][i]
          next[i] += forwardScale * delta * flat[starts[l] + o * fanIn + i]
        }
        if (bias) gradient[starts[l] + fanOut * fanIn + o] += biasScale * delta
      }
      up = next
    }
  }
  return { losses, gradient, preactivations }
}
