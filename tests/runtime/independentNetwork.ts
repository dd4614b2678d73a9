// What should a problem's numbers be? Computed from the public JSON alone, by loops that share no code with the engines.
//
// The layers are written down number by number on a tape, gradients are read off backwards, curvature comes from central
// differences of those gradients: slow, and obvious.
import type { JsonConvLayer, JsonDenseLayer, JsonLayer, JsonNumber, JsonTensor, Problem } from '../../src/core/snapshot.ts'
import { ACTIVATIONS } from './independentActivations.ts'
import { ScalarTape, type Id } from './scalarTape.ts'

type Vector = number[]
type Weighted = JsonDenseLayer | JsonConvLayer

/** One sample on its way: [channels, height, width] numbers. */
interface Signal {
  readonly shape: readonly [number, number, number]
  readonly ids: readonly Id[]
}

interface Tensors {
  readonly W: readonly Id[]
  readonly b: readonly Id[] | null
  readonly gamma: readonly Id[]
  readonly beta: readonly Id[]
}

const num = (value: JsonNumber): number => (typeof value === 'number' ? value : NaN)
const numbers = (tensor: JsonTensor | undefined): Vector => tensor?.data.map(num) ?? []
const isWeighted = (layer: JsonLayer): layer is Weighted => layer.type === 'dense' || layer.type === 'conv'

function entriesOf(weights: Problem['weights']): JsonLayer[] {
  return weights.map((entry): JsonLayer => {
    if (typeof entry === 'object') return entry
    return { type: 'dense', W: { shape: [1, 1], data: [entry] }, activation: 'linear', trainable: true }
  })
}

const tensorsOf = (layer: Weighted): Vector[] => [layer.W, layer.b, layer.gamma, layer.beta].map(numbers)

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

  /** @param which weights: those that are measured, or those of step 0. */
  constructor(problem: Problem, which: 'now' | 'start' = 'now') {
    this.problem = problem
    this.entries = entriesOf(which === 'now' ? (problem.weights2 ?? problem.weights) : problem.weights)
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

  /** The outputs of these samples, which a batch norm in training mode sees together. */
  private forward(parameters: readonly Id[], samples: readonly number[]): Signal[] {
    const { model } = this.problem
    const weightedCount = this.entries.filter(isWeighted).length
    let signals = samples.map((sample): Signal => ({ shape: model.inputShape, ids: this.inputs[sample].map((x) => this.tape.constant(x)) }))
    let [taken, hidden] = [0, 0]
    let blockInputs = signals
    for (const layer of this.entries) {
      if (!isWeighted(layer)) {
        signals = signals.map((signal) => this.plain(layer, signal))
        continue
      }
      const ids = tensorsOf(layer).map((values) =>
        layer.trainable ? values.map(() => parameters[taken++]) : values.map((value) => this.tape.constant(value)),
      )
      const tensors: Tensors = { W: ids[0], b: layer.b === undefined ? null : ids[1], gamma: ids[2], beta: ids[3] }
      const isLast = hidden === weightedCount - 1
      const inBlock = model.skip === false || isLast ? -1 : hidden - model.skip.first
      if (model.skip !== false && inBlock >= 0 && inBlock % model.skip.span === 0) blockInputs = signals
      let z = signals.map((signal) => (layer.type === 'dense' ? this.dense(layer, tensors, signal) : this.conv(layer, tensors, signal)))
      if (layer.gamma !== undefined) z = this.normalised(layer, tensors, z)
      const endsBlock = model.skip !== false && inBlock >= 0 && inBlock % model.skip.span === model.skip.span - 1
      signals = z.map((signal, row) => this.activated(layer, signal, endsBlock ? blockInputs[row] : null))
      hidden++
    }
    return signals
  }

  private scaleOf(layer: Weighted): number {
    const fanIn = layer.W.shape.slice(1).reduce((product, extent) => product * extent, 1)
    return this.problem.model.parameterization === 'ntk' ? 1 / Math.sqrt(fanIn) : (layer.scale ?? 1)
  }

  /** scale sum + biasScale b. */
  private affine(layer: Weighted, { b }: Tensors, channel: number, terms: readonly Id[]): Id {
    const product = this.tape.scale(this.tape.sum(terms), this.scaleOf(layer))
    return b === null ? product : this.tape.add(product, this.tape.scale(b[channel], this.problem.model.biasScale))
  }

  private dense(layer: JsonDenseLayer, tensors: Tensors, { ids }: Signal): Signal {
    const [out, input] = layer.W.shape
    const z = Array.from({ length: out }, (_, o) =>
      this.affine(
        layer,
        tensors,
        o,
        ids.map((id, i) => this.tape.multiply(tensors.W[o * input + i], id)),
      ),
    )
    return { shape: [out, 1, 1], ids: z }
  }

  private conv(layer: JsonConvLayer, tensors: Tensors, { shape, ids }: Signal): Signal {
    const [, height, width] = shape
    const [out, input, k] = layer.W.shape
    const { stride, padding, paddingMode } = layer
    const extent = (side: number): number => Math.floor((side + 2 * padding - k) / stride) + 1
    const z: Id[] = []
    for (let o = 0; o < out; o++)
      for (let y = 0; y < extent(height); y++)
        for (let x = 0; x < extent(width); x++) {
          const terms: Id[] = []
          for (let c = 0; c < input; c++)
            for (let dy = 0; dy < k; dy++)
              for (let dx = 0; dx < k; dx++) {
                let [row, column] = [y * stride + dy - padding, x * stride + dx - padding]
                if (paddingMode === 'circular') [row, column] = [(row + height) % height, (column + width) % width]
                if (row < 0 || column < 0 || row >= height || column >= width) continue
                terms.push(this.tape.multiply(tensors.W[((o * input + c) * k + dy) * k + dx], ids[(c * height + row) * width + column]))
              }
          z.push(this.affine(layer, tensors, o, terms))
        }
    return { shape: [out, extent(height), extent(width)], ids: z }
  }

  private plain(layer: Exclude<JsonLayer, Weighted>, { shape, ids }: Signal): Signal {
    const [channels, height, width] = shape
    if (layer.type === 'flatten') return { shape: [ids.length, 1, 1], ids }
    const [rows, columns, stride] = layer.type === 'globalAvgPool' ? [height, width, 1] : [layer.size, layer.size, layer.stride]
    const [outRows, outColumns] = [Math.floor((height - rows) / stride) + 1, Math.floor((width - columns) / stride) + 1]
    const pooled: Id[] = []
    for (let c = 0; c < channels; c++)
      for (let y = 0; y < outRows; y++)
        for (let x = 0; x < outColumns; x++) {
          const window: Id[] = []
          for (let dy = 0; dy < rows; dy++)
            for (let dx = 0; dx < columns; dx++) window.push(ids[(c * height + y * stride + dy) * width + x * stride + dx])
          const largest = window.reduce((best, id) => (this.tape.valueOf(id) > this.tape.valueOf(best) ? id : best))
          pooled.push(layer.type === 'maxPool' ? largest : this.tape.mean(window))
        }
    return { shape: [channels, outRows, outColumns], ids: pooled }
  }

  private normalised(layer: Weighted, { gamma, beta }: Tensors, z: readonly Signal[]): Signal[] {
    const { tape, problem } = this
    const { layerNorm, bnMode, bnEps, lnEps } = problem.model
    const positions = z[0].ids.length / z[0].shape[0]
    const channelOf = (i: number): number => Math.floor(i / positions)
    const inverseRoot = (variance: Id, eps: number): Id => {
      const value = tape.valueOf(variance) + eps
      return tape.apply(variance, value ** -0.5, -0.5 * value ** -1.5)
    }
    const spread = (ids: readonly Id[]): { readonly mean: Id; readonly variance: Id } => {
      const mean = tape.mean(ids)
      const squares = ids.map((id) => {
        const off = tape.add(id, tape.scale(mean, -1))
        return tape.multiply(off, off)
      })
      return { mean, variance: tape.mean(squares) }
    }
    const shifted = (id: Id, i: number, mean: Id, root: Id): Id => {
      const unit = tape.multiply(tape.add(id, tape.scale(mean, -1)), root)
      return tape.add(tape.multiply(unit, gamma[channelOf(i)]), beta[channelOf(i)])
    }
    if (layerNorm === true)
      return z.map(({ shape, ids }) => {
        const { mean, variance } = spread(ids)
        const root = inverseRoot(variance, lnEps!)
        return { shape, ids: ids.map((id, i) => shifted(id, i, mean, root)) }
      })
    const channels = Array.from({ length: z[0].shape[0] }, (_, c) => {
      const { mean, variance } =
        bnMode === 'train'
          ? spread(z.flatMap(({ ids }) => ids.filter((__, i) => channelOf(i) === c)))
          : { mean: tape.constant(numbers(layer.runningMean)[c]), variance: tape.constant(numbers(layer.runningVar)[c]) }
      return { mean, root: inverseRoot(variance, bnEps!) }
    })
    return z.map(({ shape, ids }) => ({
      shape,
      ids: ids.map((id, i) => shifted(id, i, channels[channelOf(i)].mean, channels[channelOf(i)].root)),
    }))
  }

  private activated(layer: Weighted, { shape, ids }: Signal, blockInput: Signal | null): Signal {
    const { tape, problem } = this
    const act = (id: Id): Id => {
      const { value, slope } = ACTIVATIONS[layer.activation]
      return tape.apply(id, value(tape.valueOf(id)), slope(tape.valueOf(id)))
    }
    const { skip } = problem.model
    if (skip === false || blockInput === null || String(blockInput.shape) !== String(shape)) return { shape, ids: ids.map(act) }
    const added = (id: Id, i: number): Id => tape.add(tape.scale(id, skip.branchScale), tape.scale(blockInput.ids[i], skip.scale))
    return { shape, ids: skip.placement === 'postAct' ? ids.map((id, i) => added(act(id), i)) : ids.map((id, i) => act(added(id, i))) }
  }
}

/** Inner product. */
export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0)
}
