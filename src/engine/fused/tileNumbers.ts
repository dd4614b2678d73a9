// What numbers does a pass hold, once its mantissas meet the exponents of their tiles?
//
// Read back as float32 mantissas and integer exponents; combined here in float64, which holds every product.
import { timesPowerOfTwo } from '../../numerics/logMagnitude.ts'
import { exponentOffsets, keepsPreactivations, tileCount, type KernelShape } from './kernelShape.ts'
import { NO_EXPONENT } from './exponentWgsl.ts'
import type { FusedPass } from './pass.ts'
import type { Region } from './readback.ts'

/** Bytes of one layer of one seed in `activations` or `deltas`. */
export function layerBytes(shape: KernelShape): number {
  return 16 * tileCount(shape) * shape.tile.rows * shape.layout.quads
}

/** Activations of layer 1 .. L of the first seed; L is the output. */
export function activationRegion(pass: FusedPass, layer: number): Region {
  const bytes = layerBytes(pass.shape)
  return { buffer: pass.activations, offset: (layer - 1) * bytes, bytes }
}

/** Preactivations of layer 1 .. L (so numbered) of a pass with one seed that keeps them. */
export function preactivationRegion(pass: FusedPass, layer: number): Region {
  const bytes = layerBytes(pass.shape)
  return { buffer: pass.activations, offset: (pass.shape.layout.layerCount + layer - 1) * bytes, bytes }
}

/** All exponents of a pass. */
export function exponentRegion(pass: FusedPass): Region {
  return { buffer: pass.exponents, offset: 0, bytes: 4 * exponentOffsets(pass.shape).length }
}

/** Reads one layer's exponents out of `exponentRegion` of a pass with one seed. */
export interface TileExponents {
  /** Of layer 0 .. L activations, by tile. */
  forward(layer: number, tile: number): number
  /** Of the arguments of the activations of layer 0 .. L-1, by tile. */
  argument(layer: number, tile: number): number
  /** Of layer 0 .. L-1 deltas, by tile. */
  backward(layer: number, tile: number): number
  /** Of the deltas of the norms' outputs of layer 0 .. L-2, by tile. */
  normed(layer: number, tile: number): number
}

export function tileExponents(shape: KernelShape, exponents: Int32Array): TileExponents {
  const tiles = tileCount(shape)
  const ownArguments = keepsPreactivations(shape.layout)
  const { backward, argument, normed } = exponentOffsets(shape)
  return {
    forward: (layer, tile) => exponents[layer * tiles + tile],
    argument: (layer, tile) => exponents[ownArguments ? argument + layer * tiles + tile : (layer + 1) * tiles + tile],
    backward: (layer, tile) => exponents[backward + layer * tiles + tile],
    normed: (layer, tile) => exponents[normed + layer * tiles + tile],
  }
}

/**
 * into [rows, width] at row `start` = mantissas [rows][4 quads] times 2^exponentOf(tile).
 *
 * NO_EXPONENT is zero.
 */
export function unpackRows(
  shape: KernelShape,
  mantissas: Float32Array,
  exponentOf: (tile: number) => number,
  rows: number,
  width: number,
  into: Float64Array,
  start: number,
): void {
  const stride = 4 * shape.layout.quads
  for (let row = 0; row < rows; row++) {
    const exponent = exponentOf(Math.floor(row / shape.tile.rows))
    for (let j = 0; j < width; j++) {
      into[(start + row) * width + j] = scaled(mantissas[row * stride + j], exponent)
    }
  }
}

/** mantissa 2^exponent; NO_EXPONENT is zero. */
export function scaled(mantissa: number, exponent: number): number {
  if (exponent === 0) return mantissa
  if (exponent <= NO_EXPONENT / 2) return mantissa === mantissa ? 0 : NaN
  return timesPowerOfTwo(mantissa, exponent)
}
