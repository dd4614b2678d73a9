// Which layers make each convolutional family?
//
// Scaled down to what trains in a browser, and stated where that differs from the papers: channels follow the width
// slider, images are at most 32 x 32, and down-sampling is a stride of 2 while the image has more than 4 rows.
import type { ImageShape } from './dataset.ts'
import type { ModelSettings } from './experiment.ts'
import { imageAfter, type ConvLayerSpec, type DenseLayerSpec, type LayerSpec } from './networkSpec.ts'

/** Smallest side that is still halved. */
const SMALLEST_HALVED = 5
/** Channels and units of LeNet, whatever the width says. Source: LeCun et al. 1998, scaled to any image. */
const LENET = { channels: [6, 16], units: [120, 84], kernel: 5 } as const

/** Depths whose blocks everybody knows. Source: He et al. 2016, ResNet-18 and ResNet-34, as LB and VC vary them. */
export const KNOWN_BLOCKS: ReadonlyMap<number, string> = new Map([
  [18, '2-2-2-2'],
  [34, '3-4-6-3'],
])

/** Layers without norm and skip, which `networkSpec` adds; the last one carries the output activation. */
export function convolutionalLayers(model: ModelSettings, image: ImageShape, outputWidth: number): readonly LayerSpec[] {
  const stack = new Stack(model, image)
  switch (model.family) {
    case 'plain':
      for (let l = 0; l < model.depth - 1; l++) stack.conv(model.width)
      return stack.head(outputWidth)
    case 'imageToImage':
      for (let l = 0; l < model.depth - 1; l++) stack.conv(model.width)
      return stack.imageOut(image[0])
    case 'wide': {
      // Source: GC, CNN-beta-l and WRN-beta-l: three groups of r blocks of two convolutions; its beta = 6 r + 4 counts two shortcuts more.
      const blocks = Math.max(1, Math.floor((model.depth - 4) / 6))
      stack.conv(model.width)
      for (const factor of [1, 2, 4]) stack.stage(2 * blocks, factor * model.width, factor > 1)
      return stack.head(outputWidth)
    }
    case 'stripped': {
      stack.conv(model.width)
      for (const [stage, count] of stageLengths(model).entries()) stack.stage(count, 2 ** stage * model.width, stage > 0)
      return stack.head(outputWidth)
    }
    case 'lenet': {
      for (const channels of LENET.channels) stack.lenetConv(channels)
      for (const units of LENET.units) stack.dense(units)
      return stack.head(outputWidth, false)
    }
    default:
      return model.family satisfies never
  }
}

/**
 * Convolutions in each stage of the stripped family.
 *
 * Blocks of two where a list says how many (LB's [s1, s2, s3, s4]) and at the depths of the known lists; else blocks of three,
 * 3 blocks + 2 layers in all, shared evenly. Source: VC, appendix A.1, whose own lists for other depths are not printed.
 */
function stageLengths(model: Pick<ModelSettings, 'depth' | 'blocks'>): readonly number[] {
  const list = model.blocks ?? KNOWN_BLOCKS.get(model.depth)
  if (list !== undefined) return blockCounts(list).map((blocks) => 2 * blocks)
  const blocks = Math.max(1, Math.floor((model.depth - 2) / 3))
  return [0, 1, 2, 3].map((stage) => 3 * Math.floor((blocks + 3 - stage) / 4))
}

const blockCounts = (list: string): readonly number[] => list.split('-').map(Number)

/** The depth that a model really has: blocks of two convolutions, the first layer and the head where it lists its blocks. */
export function depthOfModel({ kind, family, depth, blocks }: Pick<ModelSettings, 'kind' | 'family' | 'depth' | 'blocks'>): number {
  if (kind !== 'cnn' || family !== 'stripped' || blocks === null) return depth
  return 2 * blockCounts(blocks).reduce((sum, count) => sum + count, 0) + 2
}

/** Layers so far, and the image that leaves them. */
class Stack {
  private readonly layers: LayerSpec[] = []
  private readonly model: ModelSettings
  private image: ImageShape

  constructor(model: ModelSettings, image: ImageShape) {
    this.model = model
    this.image = image
  }

  conv(outChannels: number, stride = 1, kernel: number = this.model.kernel, padding = (kernel - 1) / 2): void {
    const { model } = this
    const [inChannels, height, width] = this.image
    const layer: ConvLayerSpec = {
      kind: 'conv',
      inChannels,
      outChannels,
      height,
      width,
      kernel,
      stride,
      padding,
      paddingMode: model.padding,
      bias: model.bias,
      activation: model.activation,
      forwardScale: model.parameterization === 'ntk' ? 1 / Math.sqrt(kernel * kernel * inChannels) : 1,
      biasScale: 1,
    }
    this.layers.push(layer)
    this.image = [outChannels, ...imageAfter(layer)]
  }

  /** `count` convolutions of one group, the first halving the image where asked and possible. */
  stage(count: number, channels: number, halve: boolean): void {
    for (let l = 0; l < count; l++) this.conv(channels, l === 0 && halve && this.image[1] >= SMALLEST_HALVED ? 2 : 1)
  }

  lenetConv(channels: number): void {
    const { kernel } = LENET
    const first = this.layers.length === 0
    const side = Math.min(this.image[1], this.image[2])
    // The second convolution has no padding, except where the image would vanish.
    this.conv(channels, 1, kernel, first || side < kernel + 1 ? (kernel - 1) / 2 : 0)
    this.pool(this.model.pooling, 2)
  }

  dense(fanOut: number): void {
    const fanIn = this.image[0] * this.image[1] * this.image[2]
    this.layers.push(denseLayer(this.model, fanIn, fanOut))
    this.image = [fanOut, 1, 1]
  }

  head(outputWidth: number, pooled = true): readonly LayerSpec[] {
    if (pooled) this.pool('globalAverage', 1)
    this.dense(outputWidth)
    return this.withOutput()
  }

  imageOut(channels: number): readonly LayerSpec[] {
    this.conv(channels)
    return this.withOutput()
  }

  private pool(pooling: 'average' | 'max' | 'globalAverage', size: number): void {
    const [channels, height, width] = this.image
    if (pooling !== 'globalAverage' && Math.min(height, width) < size) return
    const layer: LayerSpec = { kind: 'pool', pooling, channels, height, width, size, stride: size }
    this.layers.push(layer)
    this.image = [channels, ...imageAfter(layer)]
  }

  private withOutput(): readonly LayerSpec[] {
    const last = this.layers[this.layers.length - 1] as ConvLayerSpec | DenseLayerSpec
    return [...this.layers.slice(0, -1), { ...last, activation: this.model.outputActivation }]
  }
}

/** A dense layer as the model's settings want it. */
export function denseLayer(model: ModelSettings, fanIn: number, fanOut: number): DenseLayerSpec {
  return {
    kind: 'dense',
    fanIn,
    fanOut,
    bias: model.bias,
    activation: model.activation,
    forwardScale: model.parameterization === 'ntk' ? 1 / Math.sqrt(fanIn) : 1,
    biasScale: 1,
  }
}
