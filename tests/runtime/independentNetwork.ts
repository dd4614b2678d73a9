// What should a problem's numbers be? Computed from the public JSON alone, by loops that share no code with the engines.
//
// Gradients by the chain rule per sample, curvature by central differences of those gradients: slow, and obvious.
import type { JsonNumber, Problem } from '../../src/core/snapshot.ts'

type Vector = number[]

interface Layer {
  readonly W: number[][]
  readonly b: Vector | null
}

interface ActivationPair {
  readonly value: (z: number) => number
  readonly slope: (z: number) => number
}

const logistic = (z: number): number => 1 / (1 + Math.exp(-z))
const ACTIVATIONS: Readonly<Record<string, ActivationPair>> = {
  linear: { value: (z) => z, slope: () => 1 },
  relu: { value: (z) => (z > 0 ? z : 0), slope: (z) => (z > 0 ? 1 : 0) },
  tanh: { value: Math.tanh, slope: (z) => 1 - Math.tanh(z) ** 2 },
  '3tanh': { value: (z) => 3 * Math.tanh(z), slope: (z) => 3 * (1 - Math.tanh(z) ** 2) },
  swish: { value: (z) => z * logistic(z), slope: (z) => logistic(z) + z * logistic(z) * (1 - logistic(z)) },
}

const num = (value: JsonNumber): number => (typeof value === 'number' ? value : NaN)

function layersOf(weights: Problem['weights']): Layer[] {
  return weights.map((layer): Layer => {
    if (typeof layer !== 'object') return { W: [[num(layer)]], b: null }
    const [out, input] = layer.W.shape
    return {
      W: Array.from({ length: out }, (_, o) => Array.from({ length: input }, (_, i) => num(layer.W.data[o * input + i]))),
      b: layer.b === undefined ? null : layer.b.data.map(num),
    }
  })
}

function flatten(layers: readonly Layer[]): Vector {
  return layers.flatMap((layer) => [...layer.W.flat(), ...(layer.b ?? [])])
}

function rebuilt(flat: Vector, like: readonly Layer[]): Layer[] {
  let at = 0
  return like.map(({ W, b }) => ({
    W: W.map((row) => row.map(() => flat[at++])),
    b: b === null ? null : b.map(() => flat[at++]),
  }))
}

/** A problem as a function of its flat weights. */
export class IndependentNetwork {
  readonly weights: Vector
  readonly startWeights: Vector
  readonly layerSizes: readonly number[]
  readonly outputs: number
  readonly count: number
  private readonly layers: readonly Layer[]
  private readonly inputs: readonly Vector[]
  private readonly targets: readonly Vector[]
  private readonly problem: Problem

  constructor(problem: Problem) {
    this.problem = problem
    this.layers = layersOf(problem.weights2 ?? problem.weights)
    this.weights = flatten(this.layers)
    this.startWeights = flatten(layersOf(problem.weights))
    this.layerSizes = this.layers.map(({ W, b }) => W.length * W[0].length + (b?.length ?? 0))
    this.outputs = this.layers[this.layers.length - 1].W.length
    this.inputs = problem.inputs.map((row) => row.map(num))
    this.count = this.inputs.length
    this.targets = problem.targets.map((target) =>
      typeof target === 'number'
        ? Array.from({ length: this.outputs }, (_, k) => (this.outputs === 1 ? target : k === target ? 1 : 0))
        : target.map(num),
    )
  }

  private get averages(): boolean {
    return this.problem.loss.reduction === 'halfMean' || this.problem.loss.reduction === 'mean'
  }

  /** What the reduction multiplies the sum over `count` samples by. */
  share(count: number): number {
    return this.averages ? 1 / count : 1
  }

  private forward(layers: readonly Layer[], input: Vector): { readonly h: Vector[]; readonly z: Vector[] } {
    const { model } = this.problem
    const h = [input]
    const z: Vector[] = []
    for (const [l, { W, b }] of layers.entries()) {
      const scale = model.parameterization === 'ntk' ? 1 / Math.sqrt(W[0].length) : 1
      const below = h[l]
      const now = W.map((row, o) => scale * row.reduce((sum, w, i) => sum + w * below[i], 0) + (b === null ? 0 : model.biasScale * b[o]))
      z.push(now)
      h.push(now.map(this.activation(l, layers.length).value))
    }
    return { h, z }
  }

  private activation(layer: number, depth: number): ActivationPair {
    return ACTIVATIONS[layer === depth - 1 ? this.problem.model.outputActivation : this.problem.model.activation]
  }

  output(sample: number): Vector {
    return this.forward(this.layers, this.inputs[sample]).h[this.layers.length]
  }

  sampleLoss(sample: number): number {
    const f = this.output(sample)
    const y = this.targets[sample]
    if (this.problem.loss.kind === 'mse') return 0.5 * f.reduce((sum, value, k) => sum + (value - y[k]) ** 2, 0)
    const top = Math.max(...f)
    const logSum = Math.log(f.reduce((sum, value) => sum + Math.exp(value - top), 0))
    return f.reduce((sum, value, k) => sum - y[k] * (value - top - logSum), 0)
  }

  private lossSlope(f: Vector, y: Vector): Vector {
    if (this.problem.loss.kind === 'mse') return f.map((value, k) => value - y[k])
    const top = Math.max(...f)
    const mass = f.reduce((sum, value) => sum + Math.exp(value - top), 0)
    return f.map((value, k) => Math.exp(value - top) / mass - y[k])
  }

  /** [P] gradient of one sample's loss, or of one of its outputs. */
  sampleGradient(sample: number, output: number | null = null, flat: Vector = this.weights): Vector {
    const layers = flat === this.weights ? this.layers : rebuilt(flat, this.layers)
    const { h, z } = this.forward(layers, this.inputs[sample])
    const depth = layers.length
    const seed = output === null ? this.lossSlope(h[depth], this.targets[sample]) : h[depth].map((_, k) => (k === output ? 1 : 0))
    let delta = seed.map((value, k) => value * this.activation(depth - 1, depth).slope(z[depth - 1][k]))
    const blocks: Vector[] = []
    for (let l = depth - 1; l >= 0; l--) {
      const { W, b } = layers[l]
      const scale = this.problem.model.parameterization === 'ntk' ? 1 / Math.sqrt(W[0].length) : 1
      const arriving = delta
      blocks.unshift([
        ...arriving.flatMap((d) => h[l].map((x) => scale * d * x)),
        ...(b === null ? [] : arriving.map((d) => this.problem.model.biasScale * d)),
      ])
      if (l === 0) break
      delta = W[0].map(
        (_, i) => scale * arriving.reduce((sum, d, o) => sum + d * W[o][i], 0) * this.activation(l - 1, depth).slope(z[l - 1][i]),
      )
    }
    return blocks.flat()
  }

  /** [P] gradient of the reduced loss over these samples. */
  gradient(samples: readonly number[], flat: Vector = this.weights): Vector {
    const sum: Vector = flat.map(() => 0)
    for (const sample of samples)
      for (const [p, value] of this.sampleGradient(sample, null, flat).entries()) sum[p] += value * this.share(samples.length)
    return sum
  }

  /** [P][P] Hessian of the reduced loss by central differences of the gradient. */
  hessian(step = 1e-5): Vector[] {
    const all = this.inputs.map((_, i) => i)
    return this.weights.map((weight, p) => {
      const plus = this.weights.slice()
      const minus = this.weights.slice()
      plus[p] = weight + step
      minus[p] = weight - step
      const up = this.gradient(all, plus)
      const down = this.gradient(all, minus)
      return up.map((value, q) => (value - down[q]) / (2 * step))
    })
  }

  /** [n*c][n*c] tangent kernel at these weights. */
  kernel(flat: Vector = this.weights): Vector[] {
    const rows = this.inputs.flatMap((_, sample) => Array.from({ length: this.outputs }, (_, k) => this.sampleGradient(sample, k, flat)))
    return rows.map((a) => rows.map((b) => dot(a, b)))
  }
}

/** Inner product. */
export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0)
}
