// Where do the tangents of a block of vectors lie, for H1 that writes them and H2 that reads them?
//
//   tangents   [ RA: vector][layer 1 .. L-1][row][QUADS] | [ RD: vector][layer 0 .. L-1][row][QUADS] | [ RZ like RA, where curvature needs it ]
//              | with norms [ RX, RN like RA ] [ sums: vector][layer 1 .. L-1][row] | with skips [ sent back: vector][row][QUADS] [ its base: likewise ]
//   exponents  [ RA: vector][layer 0 .. L-1][tile] | [ RD: likewise ] | [ RZ: likewise ] | [ directions: vector][layer][part ] | [ products: likewise ]
//              | with norms [ RX, RN like RA ]
//
// RA, RZ and RD are the derivatives of activations, of their arguments and of deltas along a vector, as mantissas; RX and RN those of
// the normed rows and of the deltas of the norms' outputs.
import type { Activation } from '../../core/experiment.ts'
import { curvatureRatio } from './activationWgsl.ts'
import { shapeWgsl, tileCount, type KernelShape } from './kernelShape.ts'
import type { FusedLayout } from './layout.ts'

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
  readonly normed: number
  readonly normedDeltas: number
  readonly rowSums: number
  readonly sentBack: number
  readonly length: number
  readonly backwardExponents: number
  readonly curvedExponents: number
  readonly directions: number
  readonly products: number
  readonly normedExponents: number
  readonly exponents: number
} {
  const { layout, tile } = shape.pass
  const { layerCount, quads } = layout
  const tiles = tileCount(shape.pass)
  const layer = tiles * tile.rows * quads
  const inner = shape.vectors * (layerCount - 1) * layer
  const curved = inner + shape.vectors * layerCount * layer
  const normed = curved + (isCurved(layout.activation) ? inner : 0)
  const ofNorm = layout.norm === null ? 0 : inner
  const rowSums = normed + 2 * ofNorm
  const sentBack = rowSums + ofNorm / quads
  const exponents = shape.vectors * layerCount * tiles
  const blocks = layout.parts * shape.vectors * layerCount
  const normedExponents = 3 * exponents + 2 * blocks
  return {
    backward: inner,
    curved,
    normed,
    normedDeltas: normed + ofNorm,
    rowSums,
    sentBack,
    length: sentBack + (layout.skips === null ? 0 : (isCurved(layout.activation) ? 2 : 1) * shape.vectors * layer),
    backwardExponents: exponents,
    curvedExponents: 2 * exponents,
    directions: 3 * exponents,
    products: 3 * exponents + blocks,
    normedExponents,
    exponents: normedExponents + (layout.norm === null ? 0 : 2 * exponents),
  }
}

/** Bytes of tangents that one vector needs for each row. */
export function tangentBytesPerRow({ layerCount, quads, activation, norm, skips }: FusedLayout): number {
  const curved = isCurved(activation) ? 1 : 0
  const ofNorm = norm === null ? 0 : layerCount * (2 * quads + 1)
  const ofSkips = skips === null ? 0 : quads * (1 + curved)
  return 16 * (quads * (2 + curved) * layerCount + ofNorm + ofSkips)
}

/** Constants and index functions of both kernels, after those of the pass. */
export function tangentWgsl(shape: TangentShape, tile: 'fixedTile' | 'anyTile' = 'anyTile'): string {
  const { layout } = shape.pass
  const offsets = tangentOffsets(shape)
  return `
${shapeWgsl(shape.pass, tile)}
size ROW_QUADS = ${layout.inQuads + layout.quads}u;
size LAYER_QUADS = ${tileCount(shape.pass) * shape.pass.tile.rows * layout.quads}u;
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
fn directionExponent(vector: u32, layer: u32, part: u32) -> u32 { return DIRECTIONS + ${layout.parts}u * (vector * LAYERS + layer) + part; }
fn productExponent(vector: u32, layer: u32, part: u32) -> u32 { return PRODUCTS + ${layout.parts}u * (vector * LAYERS + layer) + part; }
// the larger of sums that may hold NO_EXPONENT twice
fn summed(a: i32, b: i32) -> i32 { return max(a + b, NO_EXPONENT); }${normAndSkipTangents(shape)}`
}

// Layers are counted as K1 counts them here: a norm belongs to layers 0 .. L-2.
function normAndSkipTangents(shape: TangentShape): string {
  const { layout } = shape.pass
  const { normed, normedDeltas, rowSums, sentBack, normedExponents } = tangentOffsets(shape)
  const ofNorm = `
size NORMED_TANGENTS = ${normed}u;
size NORMED_DELTA_TANGENTS = ${normedDeltas}u;
size ROW_SUMS = ${rowSums}u;
size NORMED_TANGENT_EXPONENTS = ${normedExponents}u;
size NORMED_DELTA_TANGENT_EXPONENTS = ${normedExponents + shape.vectors * layout.layerCount * tileCount(shape.pass)}u;
fn normedTangentAt(vector: u32, layer: u32, row: u32, column: u32) -> u32 { return NORMED_TANGENTS + tangentAt(vector, layer + 1u, row, column); }
fn normedDeltaTangentAt(vector: u32, layer: u32, row: u32, column: u32) -> u32 { return NORMED_DELTA_TANGENTS + tangentAt(vector, layer + 1u, row, column); }
fn rowSumsAt(vector: u32, layer: u32, row: u32) -> u32 { return ROW_SUMS + (vector * (LAYERS - 1u) + layer) * PADDED_ROWS + row; }
fn normedTangentExponent(vector: u32, layer: u32, tile: u32) -> u32 { return NORMED_TANGENT_EXPONENTS + tangentExponent(vector, layer, tile); }
fn normedDeltaTangentExponent(vector: u32, layer: u32, tile: u32) -> u32 { return NORMED_DELTA_TANGENT_EXPONENTS + tangentExponent(vector, layer, tile); }`
  const ofSkips = `
size SENT_TANGENTS = ${sentBack}u;
size SENT_BASES = ${sentBack + shape.vectors * tileCount(shape.pass) * shape.pass.tile.rows * layout.quads}u;
fn sentTangentAt(vector: u32, row: u32, column: u32) -> u32 { return SENT_TANGENTS + vector * LAYER_QUADS + row * QUADS + column; }
fn sentBaseAt(vector: u32, row: u32, column: u32) -> u32 { return SENT_BASES + vector * LAYER_QUADS + row * QUADS + column; }`
  return `${layout.norm === null ? '' : ofNorm}${layout.skips === null ? '' : ofSkips}`
}
