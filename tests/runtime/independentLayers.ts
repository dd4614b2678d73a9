// How does a network of the public format get from numbers to outputs? Layer by layer, number by number, on a tape.
import type { JsonConvLayer, JsonDenseLayer, JsonLayer, JsonModel, JsonNumber, JsonTensor, JsonWeights } from '../../src/core/snapshot.ts'
import { ACTIVATIONS } from './independentActivations.ts'
import type { Id, ScalarTape } from './scalarTape.ts'

export type Weighted = JsonDenseLayer | JsonConvLayer

/** One sample on its way: [channels, height, width] numbers. */
export interface Signal {
  readonly shape: readonly [number, number, number]
  readonly ids: readonly Id[]
}

interface Tensors {
  readonly W: readonly Id[]
  readonly b: readonly Id[] | null
  readonly gamma: readonly Id[]
  readonly beta: readonly Id[]
}

export const num = (value: JsonNumber): number => (typeof value === 'number' ? value : NaN)
const numbers = (tensor: JsonTensor | undefined): number[] => tensor?.data.map(num) ?? []
export const isWeighted = (layer: JsonLayer): layer is Weighted => layer.type === 'dense' || layer.type === 'conv'

/** The layers, also of a chain, which is a list of numbers. */
export function entriesOf(weights: JsonWeights): JsonLayer[] {
  return weights.map((entry): JsonLayer => {
    if (typeof entry === 'object') return entry
    return { type: 'dense', W: { shape: [1, 1], data: [entry] }, activation: 'linear', trainable: true }
  })
}

/** W, b, gamma, beta; empty where a layer has none. */
export const tensorsOf = (layer: Weighted): number[][] => [layer.W, layer.b, layer.gamma, layer.beta].map(numbers)

export class IndependentLayers {
  private readonly model: JsonModel
  private readonly entries: readonly JsonLayer[]
  private readonly tape: ScalarTape

  constructor(model: JsonModel, entries: readonly JsonLayer[], tape: ScalarTape) {
    this.model = model
    this.entries = entries
    this.tape = tape
  }

  /** The outputs of these inputs, which a batch norm in training mode sees together; `parameters` are those that train. */
  forward(parameters: readonly Id[], inputs: readonly (readonly number[])[]): Signal[] {
    const { model } = this
    const weightedCount = this.entries.filter(isWeighted).length
    let signals = inputs.map((row): Signal => ({ shape: model.inputShape, ids: row.map((x) => this.tape.constant(x)) }))
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
    return this.model.parameterization === 'ntk' ? 1 / Math.sqrt(fanIn) : (layer.scale ?? 1)
  }

  /** scale sum + biasScale b. */
  private affine(layer: Weighted, { b }: Tensors, channel: number, terms: readonly Id[]): Id {
    const product = this.tape.scale(this.tape.sum(terms), this.scaleOf(layer))
    return b === null ? product : this.tape.add(product, this.tape.scale(b[channel], this.model.biasScale))
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
    const { tape, model } = this
    const { layerNorm, bnMode, bnEps, lnEps } = model
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
    const { tape, model } = this
    const act = (id: Id): Id => {
      const { value, slope } = ACTIVATIONS[layer.activation]
      return tape.apply(id, value(tape.valueOf(id)), slope(tape.valueOf(id)))
    }
    const { skip } = model
    if (skip === false || blockInput === null || String(blockInput.shape) !== String(shape)) return { shape, ids: ids.map(act) }
    const added = (id: Id, i: number): Id => tape.add(tape.scale(id, skip.branchScale), tape.scale(blockInput.ids[i], skip.scale))
    return { shape, ids: skip.placement === 'postAct' ? ids.map((id, i) => added(act(id), i)) : ids.map((id, i) => act(added(id, i))) }
  }
}
