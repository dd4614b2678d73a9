// What does a dense layer do in each pass? z = forwardScale * W h + biasScale * b, and its derivatives, by hand.
//
// W is [lanes, fanOut, fanIn], the flat layout, so nothing is transposed at the door; orientations are strides of `product`.
// Its Gram share is (|forwardScale|^2 <h_i, h_j> + biasScale^2) <d_i, d_j>: no gradient of a sample is ever formed.
import { clone, dispose, mul, reshape, type Rank, type Tensor2D, type Tensor3D, type Tensor4D } from '@tensorflow/tfjs-core'
import type { DenseLayerSpec } from '../../core/networkSpec.ts'
import { channelSums, rowChannelSums } from './channelSums.ts'
import { runKernel, type Kernel } from './kernel.ts'
import type { LinearPlaces, LinearTensors } from './layerTensors.ts'
import type { LinearPasses } from './linearPasses.ts'
import { product } from './product.ts'
import { replaced, scaled } from './tensorSums.ts'

/** The passes of one dense layer. */
export function denseLayer(spec: DenseLayerSpec): LinearPasses {
  const { fanIn, fanOut, forwardScale: scale, biasScale } = spec
  const forward = (layer: LinearTensors, input: Tensor3D, biasFactor: number) =>
    product(input, layer.weight!, { transposeB: true, scale, bias: layer.bias, biasScale: biasScale * biasFactor })
  const backward = (layer: LinearTensors, delta: Tensor3D) => product(delta, layer.weight!, { scale })
  const gradient = (input: Tensor3D, delta: Tensor3D, into?: LinearPlaces): LinearTensors => ({
    weight: product(delta, input, { transposeA: true, scale, into: into?.weight ?? undefined }),
    bias: spec.bias ? channelSums(delta, 1, biasScale, into?.bias ?? undefined) : null,
  })
  return {
    prepare: (input) => clone(input),
    forward,
    backward: (layer, _prepared, delta) => backward(layer, delta),
    gradient: (input, delta) => gradient(input, delta),
    gradientInto: (input, delta, into) => void gradient(input, delta, into),
    tangent(layer, direction, input, inputTangent) {
      const own = forward(direction, input, 1)
      if (inputTangent === null) return own
      return replaced(own, product(inputTangent, layer.weight!, { transposeB: true, scale, addTo: own }))
    },
    backwardTangent(layer, direction, _prepared, delta, deltaTangent) {
      const carried = backward(layer, deltaTangent)
      return replaced(carried, product(delta, direction.weight!, { scale, addTo: carried }))
    },
    gradientTangent(input, inputTangent, delta, deltaTangent) {
      const moved = gradient(input, deltaTangent)
      if (inputTangent === null) return moved
      const weight = product(delta, inputTangent, { transposeA: true, scale, addTo: moved.weight! })
      return { weight: replaced(moved.weight!, weight), bias: moved.bias }
    },
    sampleGradients(input, delta) {
      const [lanes, rows] = delta.shape
      const left = reshape<Rank.R4>(delta, [lanes, rows, fanOut, 1])
      const right = reshape<Rank.R4>(input, [1, rows, 1, fanIn])
      const outer = mul<Tensor4D>(left, right)
      const flat = reshape<Rank.R3>(outer, [1, lanes * rows, fanOut * fanIn])
      const weight = scaled(flat, scale)
      dispose([left, right, outer, flat])
      return { weight, bias: spec.bias ? rowChannelSums(delta, 1, biasScale) : null }
    },
    addGramShare(input, delta, sum, weightFactor, biasFactor) {
      const samples = input.shape[1]
      const rows = delta.shape[0] * samples
      const flat = reshaped(delta, rows, fanOut)
      const deltaGram = product(flat, flat, { transposeB: true, upper: true })
      const inputGram = product(input, input, { transposeB: true })
      const total = runKernel(GRAM_SHARE, [inputGram, deltaGram, sum], [rows, rows], {
        samples,
        rows,
        weightScale: scale * scale * weightFactor,
        biasScale: spec.bias ? biasScale * biasScale * biasFactor : 0,
      }) as Tensor2D
      dispose([flat, deltaGram, inputGram])
      return total
    },
  }
}

const GRAM_SHARE: Kernel<'samples' | 'rows' | 'weightScale' | 'biasScale'> = {
  name: 'gramShare',
  shape: 'elementwise',
  inputs: ['A', 'D', 'S'],
  uniforms: { samples: 'i32', rows: 'i32', weightScale: 'f32', biasScale: 'f32' },
  body: `
    let i = (index / uniforms.rows) % uniforms.samples;
    let j = (index % uniforms.rows) % uniforms.samples;
    result[index] = S[index] + (uniforms.weightScale * A[i * uniforms.samples + j] + uniforms.biasScale) * D[index];`,
}

function reshaped(tensor: Tensor3D, rows: number, width: number): Tensor3D {
  return reshape<Rank.R3>(tensor, [1, rows, width])
}
