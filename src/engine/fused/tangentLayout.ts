// Where do the tangents of a block of vectors lie, for H1 that writes them and H2 that reads them?
//
//   tangents   [ RA: vector][layer 1 .. L-1][row][QUADS] | [ RD: vector][layer 0 .. L-1][row][QUADS] | [ RZ like RA, where curvature needs it ]
//   exponents  [ RA: vector][layer 0 .. L-1][tile] | [ RD: likewise ] | [ RZ: likewise ] | [ directions: vector][layer][weights, biases ] | [ products: likewise ]
//
// RA, RZ and RD are the derivatives of activations, preactivations and deltas along a vector, as mantissas.
import type { Activation } from '../../core/experiment.ts'
import { curvatureRatio } from './activationWgsl.ts'
import { shapeWgsl, tileCount, type KernelShape } from './kernelShape.ts'

/** A block of vectors over the rows of one pass. */
export interface TangentShape {
  readonly pass: KernelShape
  /** Vectors of the block; a multiple of `together`. */
  readonly vectors: number
  /** Vectors that one workgroup carries, sharing weights, activations and deltas. */
  readonly together: number
}

/** Whether act'' is anything but 0. */
export function isCurved(activation: Activation): boolean {
  return curvatureRatio(activation) !== null
}

/** Entries (vec4f) and exponents of the tangents, and where their parts begin. */
export function tangentOffsets(shape: TangentShape): {
  readonly backward: number
  readonly curved: number
  readonly length: number
  readonly backwardExponents: number
  readonly curvedExponents: number
  readonly directions: number
  readonly products: number
  readonly exponents: number
} {
  const { layout, tile } = shape.pass
  const { layerCount, quads } = layout
  const tiles = tileCount(shape.pass)
  const layer = tiles * tile.rows * quads
  const inner = shape.vectors * (layerCount - 1) * layer
  const curved = inner + shape.vectors * layerCount * layer
  const exponents = shape.vectors * layerCount * tiles
  const blocks = 2 * shape.vectors * layerCount
  return {
    backward: inner,
    curved,
    length: curved + (isCurved(layout.activation) ? inner : 0),
    backwardExponents: exponents,
    curvedExponents: 2 * exponents,
    directions: 3 * exponents,
    products: 3 * exponents + blocks,
    exponents: 3 * exponents + 2 * blocks,
  }
}

/** Bytes of tangents that one vector needs for each row. */
export function tangentBytesPerRow(shape: Pick<TangentShape, 'pass'>): number {
  const { layerCount, quads, activation } = shape.pass.layout
  return 16 * quads * (2 * layerCount + (isCurved(activation) ? layerCount : 0))
}

/** Constants and index functions of both kernels, after those of the pass. */
export function tangentWgsl(shape: TangentShape, tile: 'fixedTile' | 'anyTile' = 'anyTile'): string {
  const offsets = tangentOffsets(shape)
  return `
${shapeWgsl(shape.pass, tile)}
size ROW_QUADS = ${shape.pass.layout.inQuads + shape.pass.layout.quads}u;
size LAYER_QUADS = ${tileCount(shape.pass) * shape.pass.tile.rows * shape.pass.layout.quads}u;
size DELTA_TANGENTS = ${offsets.backward}u;
size CURVED = ${offsets.curved}u;
size DELTA_TANGENT_EXPONENTS = ${offsets.backwardExponents}u;
size CURVED_EXPONENTS = ${offsets.curvedExponents}u;
size DIRECTIONS = ${offsets.directions}u;
size PRODUCTS = ${offsets.products}u;
fn tangentAt(vector: u32, layer: u32, row: u32, column: u32) -> u32 { return (vector * (LAYERS - 1u) + layer - 1u) * LAYER_QUADS + row * QUADS + column; }
fn deltaTangentAt(vector: u32, layer: u32, row: u32, column: u32) -> u32 { return DELTA_TANGENTS + (vector * LAYERS + layer) * LAYER_QUADS + row * QUADS + column; }
fn curvedAt(vector: u32, layer: u32, row: u32, column: u32) -> u32 { return CURVED + tangentAt(vector, layer, row, column); }
fn tangentExponent(vector: u32, layer: u32, tile: u32) -> u32 { return (vector * LAYERS + layer) * TILES + tile; }
fn deltaTangentExponent(vector: u32, layer: u32, tile: u32) -> u32 { return DELTA_TANGENT_EXPONENTS + tangentExponent(vector, layer, tile); }
fn curvedExponent(vector: u32, layer: u32, tile: u32) -> u32 { return CURVED_EXPONENTS + tangentExponent(vector, layer, tile); }
fn directionExponent(vector: u32, layer: u32, part: u32) -> u32 { return DIRECTIONS + 2u * (vector * LAYERS + layer) + part; }
fn productExponent(vector: u32, layer: u32, part: u32) -> u32 { return PRODUCTS + 2u * (vector * LAYERS + layer) + part; }
// the larger of sums that may hold NO_EXPONENT twice
fn summed(a: i32, b: i32) -> i32 { return max(a + b, NO_EXPONENT); }`
}
