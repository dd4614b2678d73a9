// What should a problem's numbers be? Computed from the public JSON alone, by loops that share no code with the engines.
//
// The layers are written down number by number on a tape, gradients are read off backwards, curvature comes from central
// differences of those gradients: slow, and obvious.
import type { JsonLayer, Problem } from '../../src/core/snapshot.ts'
import { entriesOf, IndependentLayers, isWeighted, num, tensorsOf, type Signal } from './independentLayers.ts'
import { ScalarTape, type Id } from './scalarTape.ts'

type Vector = number[]

/** A problem as a function of the flat weights of its trainable layers. */
export class IndependentNetwork {
  readonly weights: Vector
  /** Trainable layers: position in the list of weights, and number of parameters. */
  readonly layerSizes: readonly (readonly [position: number, size: number])[]
  readonly count: number
  readonly outputs: number
  private readonly entries: readonly JsonLayer[]
  private readonly inputs: readonly Vector[]
  private readonly targets: readonly Vector[]
  private readonly problem: Problem
  private readonly tape = new ScalarTape()
  private readonly layers: IndependentLayers

  /** @param which weights: those that are measured, or those of step 0. */
  constructor(problem: Problem, which: 'now' | 'start' = 'now') {
    this.problem = problem
    this.entries = entriesOf(which === 'now' ? (problem.weights2 ?? problem.weights) : problem.weights)
    this.layers = new IndependentLayers(problem.model, this.entries, this.tape)
    const trainable = this.entries.flatMap((layer, i) =>
      isWeighted(layer) && layer.trainable ? [[i, tensorsOf(layer).flat()] as const] : [],
    )
    this.weights = trainable.flatMap(([, flat]) => flat)
    this.layerSizes = trainable.map(([position, flat]) => [position, flat.length] as const)
    this.inputs = problem.inputs.map((row) => row.map(num))
    this.count = this.inputs.length
    this.outputs = this.forward(this.onTape(this.weights), [0])[0].ids.length
    this.targets = problem.targets.map((target) =>
      typeof target === 'number'
        ? Array.from({ length: this.outputs }, (_, k) => (this.outputs === 1 ? target : k === target ? 1 : 0))
        : target.map(num),
    )
  }

  /** [P of all layers] a vector of the trainable weights with zeros, or the fixed weights, where layers do not train. */
  spread(part: Vector, withFixed = false): Vector {
    let at = 0
    return this.entries.filter(isWeighted).flatMap((layer) => {
      const own = tensorsOf(layer).flat()
      return own.map((fixed) => (layer.trainable ? part[at++] : withFixed ? fixed : 0))
    })
  }

  /** What the reduction multiplies the sum over `count` samples by. */
  share(count: number): number {
    const { reduction } = this.problem.loss
    return reduction === 'halfMean' || reduction === 'mean' ? 1 / count : 1
  }

  /** [c] outputs of one of these samples, which go through the network together. */
  output(sample: number, together: readonly number[] = [sample]): Vector {
    return this.forward(this.onTape(this.weights), together)[together.indexOf(sample)].ids.map((id) => this.tape.valueOf(id))
  }

  /** Reduced loss of these samples. */
  loss(samples: readonly number[]): number {
    return this.tape.valueOf(this.lossOn(this.onTape(this.weights), samples))
  }

  /** [P] gradient of one sample's loss, or of one of its outputs. */
  sampleGradient(sample: number, output: number | null = null, flat: Vector = this.weights): Vector {
    const parameters = this.onTape(flat)
    const [signal] = this.forward(parameters, [sample])
    return this.tape.gradient(output === null ? this.sampleLoss(signal, sample) : signal.ids[output], parameters)
  }

  /** [P] gradient of the reduced loss over these samples. */
  gradient(samples: readonly number[], flat: Vector = this.weights): Vector {
    const parameters = this.onTape(flat)
    return this.tape.gradient(this.lossOn(parameters, samples), parameters)
  }

  /** [P] product of the Hessian of the reduced loss over all samples with a direction, by central differences. */
  hessianVector(direction: Vector): Vector {
    const all = this.inputs.map((_, i) => i)
    return this.along(direction, (flat) => this.gradient(all, flat))
  }

  /** [P] product of the Hessian of one output of one sample with a direction. */
  outputHessianVector(direction: Vector, sample: number, output: number): Vector {
    return this.along(direction, (flat) => this.sampleGradient(sample, output, flat))
  }

  /** [P][P]. */
  hessian(): Vector[] {
    return this.weights.map((_, p) => this.hessianVector(this.weights.map((__, q) => (q === p ? 1 : 0))))
  }

  /** [n*c][n*c] tangent kernel. */
  kernel(): Vector[] {
    const rows = this.inputs.flatMap((_, sample) => Array.from({ length: this.outputs }, (__, k) => this.sampleGradient(sample, k)))
    return rows.map((a) => rows.map((b) => dot(a, b)))
  }

  private along(direction: Vector, gradient: (flat: Vector) => Vector): Vector {
    const step = 1e-5
    const moved = (sign: number): Vector => this.weights.map((weight, i) => weight + sign * step * direction[i])
    const [up, down] = [gradient(moved(1)), gradient(moved(-1))]
    return up.map((value, i) => (value - down[i]) / (2 * step))
  }

  /** Puts weights on an empty tape; their ids are 0 .. P-1. */
  private onTape(flat: Vector): Id[] {
    this.tape.clear()
    return flat.map((weight) => this.tape.constant(weight))
  }

  private forward(parameters: readonly Id[], samples: readonly number[]): Signal[] {
    return this.layers.forward(
      parameters,
      samples.map((sample) => this.inputs[sample]),
    )
  }

  private lossOn(parameters: readonly Id[], samples: readonly number[]): Id {
    const losses = this.forward(parameters, samples).map((signal, i) => this.sampleLoss(signal, samples[i]))
    return this.tape.scale(this.tape.sum(losses), this.share(samples.length))
  }

  private sampleLoss({ ids }: Signal, sample: number): Id {
    const { tape, problem } = this
    const y = this.targets[sample]
    const f = ids.map((id) => tape.valueOf(id))
    const top = Math.max(...f)
    const mass = f.reduce((sum, value) => sum + Math.exp(value - top), 0)
    const total = y.reduce((sum, value) => sum + value, 0)
    return tape.sum(
      ids.map((id, k) => {
        switch (problem.loss.kind) {
          case 'mse':
            return tape.apply(id, 0.5 * (f[k] - y[k]) ** 2, f[k] - y[k])
          case 'softmaxCrossEntropy':
            return tape.apply(id, -y[k] * (f[k] - top - Math.log(mass)), (total * Math.exp(f[k] - top)) / mass - y[k])
          case 'logistic':
            return tape.apply(id, Math.log(1 + Math.exp(-y[k] * f[k])), -y[k] / (1 + Math.exp(y[k] * f[k])))
          default:
            throw new Error('sampleLoss: no such loss')
        }
      }),
    )
  }
}

/** Inner product. */
export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0)
}
