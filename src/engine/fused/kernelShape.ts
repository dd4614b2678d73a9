// What do all kernels of one network and one batch agree on? Sizes, scales, and where each number lies.
//
// exponents  [ forward: seed][L+1][tile] | [ backward: seed][L][tile] | with arguments kept [ argument: likewise ] | with norms [ normed, normScale: likewise ]
//            | [ bias: seed][L] | [ slots: parity][part][seed][L] | [ alive: seed ] | with batches in pieces [ sums: parity][part][seed][L] | with skips [ sentBack: seed][tile]
//            a tile that is all zero has NO_EXPONENT, so that it cannot hide its neighbours
import type { LossSettings } from '../../core/experiment.ts'
import { needsPreactivation } from './activationWgsl.ts'
import type { FusedLayout } from './layout.ts'

/** How the rows of a batch are shared out. */
export interface Tile {
  readonly rows: number
  readonly rowsPerThread: number
  /** A thread takes its rows with all their columns; see `wholeRowsKernel.ts`. Absent: one vec4 column of them. */
  readonly wholeRows?: true
}

export interface KernelShape {
  readonly layout: FusedLayout
  readonly loss: LossSettings
  readonly batchRows: number
  /** Networks that ride in grid.y: seeds with parameters of their own, or batches that share one seed's. */
  readonly seedCount: number
  readonly lanes: 'seeds' | 'batches'
  readonly tile: Tile
  /** 'outputs': the deltas are those of single outputs, not of the loss; an index then means sample * c + output. */
  readonly head?: 'loss' | 'outputs'
  /** The adapter computes on the CPU: memory is dear there and threads are few, so K2 gives each of them more. */
  readonly software?: boolean
  /** Rows that a pass takes at once where it cannot hold the batch: K2 adds the gradients of these pieces up. Absent: all of them. */
  readonly pieceRows?: number
}

/** Rows of one dispatch of K1: those of the batch, or of a piece of it. */
export function passRows(shape: KernelShape): number {
  return shape.pieceRows ?? shape.batchRows
}

/** Pieces in which a batch comes, the last of them not always full. */
export function pieceCount(shape: KernelShape): number {
  return Math.ceil(shape.batchRows / passRows(shape))
}

/** Tiles of one dispatch of K1. */
export function tileCount(shape: KernelShape): number {
  return Math.ceil(passRows(shape) / shape.tile.rows)
}

/** Entries of the exponent buffer: where its parts begin, and its length. */
export function exponentOffsets(shape: KernelShape): {
  readonly backward: number
  readonly argument: number
  readonly normed: number
  readonly normScale: number
  readonly bias: number
  readonly slots: number
  readonly alive: number
  readonly sums: number
  readonly sentBack: number
  readonly length: number
} {
  const { layerCount } = shape.layout
  const tiles = tileCount(shape)
  const backward = shape.seedCount * (layerCount + 1) * tiles
  const perLayer = shape.seedCount * layerCount * tiles
  const argument = backward + perLayer
  const normed = argument + (keepsPreactivations(shape.layout) ? perLayer : 0)
  const ofNorm = shape.layout.norm === null ? 0 : perLayer
  const normScale = normed + ofNorm
  const bias = normScale + ofNorm
  const slots = bias + shape.seedCount * layerCount
  const perSlot = 2 * shape.layout.parts * shape.seedCount * layerCount
  const alive = slots + perSlot
  const sums = alive + shape.seedCount
  const sentBack = sums + (shape.pieceRows === undefined ? 0 : perSlot)
  const length = sentBack + (shape.layout.skips === null ? 0 : shape.seedCount * tiles)
  return { backward, argument, normed, normScale, bias, slots, alive, sums, sentBack, length }
}

/**
 * Sizes and index functions that every kernel of one shape shares.
 *
 * @param tile whether a thread's place depends on the width and the tile, which then are constants of the code; see `uniformSizes.ts`.
 */
export function shapeWgsl(shape: KernelShape, tile: 'fixedTile' | 'anyTile' = 'anyTile'): string {
  const { layout } = shape
  const fixed = tile === 'fixedTile' ? 'const' : 'size'
  const offsets = exponentOffsets(shape)
  return `
size LAYERS = ${layout.layerCount}u;
${fixed} QUADS = ${layout.quads}u;
size IN_QUADS = ${layout.inQuads}u;
size HIDDEN_COLUMNS = ${layout.hiddenWidth}u;
size OUT_COLUMNS = ${layout.outputWidth}u;
size OUT_QUADS = ${Math.ceil(layout.outputWidth / 4)}u;
size SEED_QUADS = ${layout.seedQuads}u;
size FIRST_QUADS = ${layout.firstQuads}u;
size SQUARE_QUADS = ${layout.squareQuads}u;
size BIAS_START = ${layout.biasStart}u;
// Seeds have parameters of their own and share the batch; batches the other way round.
size PARAMETER_STRIDE = ${shape.lanes === 'seeds' ? layout.seedQuads : 0}u;
size INDEX_STRIDE = ${shape.lanes === 'seeds' ? 0 : passRows(shape)}u;
size ROWS = ${passRows(shape)}u;
size TILES = ${tileCount(shape)}u;
size PADDED_ROWS = ${tileCount(shape) * shape.tile.rows}u;
${fixed} TILE_ROWS = ${shape.tile.rows}u;
size SEEDS = ${shape.seedCount}u;
size BACKWARD = ${offsets.backward}u;
size BIAS_EXPONENTS = ${offsets.bias}u;
size SLOT_EXPONENTS = ${offsets.slots}u;
size ALIVE = ${offsets.alive}u;
size PARTS = ${layout.parts}u;
size Z_START = ${tensorQuads(shape)}u;
${normAndSkipConstants(shape)}
size FIRST_SCALE = f32(${layout.forwardScales[0]});
size HIDDEN_SCALE = f32(${layout.forwardScales[layout.layerCount - 1]});
size BIAS_SCALE = f32(${layout.biasScale});
struct StepParameters {
  // learning rate, 1/batch or 1, momentum or decay or beta1 or size of the noise, beta2
  rates: vec4f,
  // eps mantissa, 1/(1 - beta1^t), 1/sqrt(1 - beta2^t), first seed of this dispatch
  corrections: vec4f,
  // step within the chunk, eps exponent, updates modulo 6 (slot exponents: parity; largest slots: modulo 3), first tile (K1) or layer (K2) of this dispatch
  numbers: vec4i,
};
fn exponentForward(seed: u32, layer: u32, tile: u32) -> u32 { return (seed * (LAYERS + 1u) + layer) * TILES + tile; }
fn exponentBackward(seed: u32, layer: u32, tile: u32) -> u32 { return BACKWARD + (seed * LAYERS + layer) * TILES + tile; }
fn exponentBias(seed: u32, layer: u32) -> u32 { return BIAS_EXPONENTS + seed * LAYERS + layer; }
// activations of layer 1 .. L, deltas of layer 0 .. L-1
fn activationAt(seed: u32, layer: u32, row: u32, column: u32) -> u32 { return ((seed * LAYERS + layer - 1u) * PADDED_ROWS + row) * QUADS + column; }
fn deltaAt(seed: u32, layer: u32, row: u32, column: u32) -> u32 { return ((seed * LAYERS + layer) * PADDED_ROWS + row) * QUADS + column; }
// within one seed
fn weightAt(layer: u32) -> u32 { return select(FIRST_QUADS + (layer - 1u) * SQUARE_QUADS, 0u, layer == 0u); }
fn biasAt(layer: u32) -> u32 { return BIAS_START + layer * QUADS; }
fn indexAt(step: i32, seed: u32, row: u32) -> u32 { return u32(step) * ROWS + seed * INDEX_STRIDE + row; }`
}

/** Whether a layer is its linear map and its activation alone. */
export function isPlain(layout: FusedLayout): boolean {
  return layout.norm === null && layout.skips === null
}

/** Whether the arguments of the activations are kept beside h. */
export function keepsPreactivations(layout: FusedLayout): boolean {
  return !isPlain(layout) || needsPreactivation(layout.activation) || needsPreactivation(layout.outputActivation)
}

/** Whether the deltas of the outputs have exponents of their own. */
export function hasTails({ loss, head }: Pick<KernelShape, 'loss' | 'head'>): boolean {
  return loss.kind !== 'squaredError' && head !== 'outputs'
}

/** vec4s of one [seed][layer][padded row][quads] array of a pass. */
export function tensorQuads(shape: KernelShape): number {
  return shape.seedCount * shape.layout.layerCount * tileCount(shape) * shape.tile.rows * shape.layout.quads
}

/** vec4s of the activations and of the deltas of a pass, with all that K1 keeps beside them. */
export function keptQuads(shape: KernelShape): { readonly activations: number; readonly deltas: number } {
  const { layout } = shape
  const tensor = tensorQuads(shape)
  const ofLayer = tensor / layout.layerCount
  const normed = layout.norm === null ? 0 : tensor
  return {
    activations: tensor * (keepsPreactivations(layout) ? 2 : 1) + normed + normed / layout.quads,
    deltas: tensor + normed + (layout.skips === null ? 0 : ofLayer),
  }
}

// Behind h and z lie the normed rows and, one vec4 a row, the inverse deviation; behind the deltas those of the norms' outputs, then what a skip sends back.
function normAndSkipConstants(shape: KernelShape): string {
  const { norm, skips, biasStart, layerCount, quads } = shape.layout
  const offsets = exponentOffsets(shape)
  const tensor = tensorQuads(shape)
  const lines: string[] = []
  if (keepsPreactivations(shape.layout)) {
    lines.push(
      `size ARGUMENT_EXPONENTS = ${offsets.argument}u;`,
      `fn exponentArgument(seed: u32, layer: u32, tile: u32) -> u32 { return ARGUMENT_EXPONENTS + (seed * LAYERS + layer) * TILES + tile; }`,
    )
  }
  if (norm !== null) {
    lines.push(
      `size NORM_EPS = f32(${norm.eps});`,
      `size NORMED = ${2 * tensor}u;`,
      `size NORMED_DELTAS = ${tensor}u;`,
      `size DEVIATIONS = ${3 * tensor}u;`,
      `fn deviationAt(seed: u32, layer: u32, row: u32) -> u32 { return DEVIATIONS + (seed * LAYERS + layer) * PADDED_ROWS + row; }`,
      `size GAMMA_START = ${biasStart + layerCount * quads}u;`,
      `fn gammaAt(layer: u32) -> u32 { return GAMMA_START + layer * QUADS; }`,
      `size BETA_START = ${biasStart + 2 * layerCount * quads}u;`,
      `fn betaAt(layer: u32) -> u32 { return BETA_START + layer * QUADS; }`,
      `size NORMED_EXPONENTS = ${offsets.normed}u;`,
      `fn exponentNormed(seed: u32, layer: u32, tile: u32) -> u32 { return NORMED_EXPONENTS + (seed * LAYERS + layer) * TILES + tile; }`,
      `size NORM_SCALE_EXPONENTS = ${offsets.normScale}u;`,
      `fn exponentNormScale(seed: u32, layer: u32, tile: u32) -> u32 { return NORM_SCALE_EXPONENTS + (seed * LAYERS + layer) * TILES + tile; }`,
    )
  }
  if (skips !== null) {
    lines.push(
      `size SKIP_SCALE = f32(${skips.scale});`,
      `size BRANCH_SCALE = f32(${skips.branchScale});`,
      `size SKIP_SPAN = ${skips.span}u;`,
      `size FIRST_SKIP = ${skips.first}u;`,
      `size SKIP_END = ${skips.first + skips.blocks * skips.span}u;`,
      `fn inBlock(layer: u32) -> bool { return layer >= FIRST_SKIP && layer < SKIP_END; }`,
      `fn startsBlock(layer: u32) -> bool { return inBlock(layer) && (layer - FIRST_SKIP) % SKIP_SPAN == 0u; }`,
      `fn endsBlock(layer: u32) -> bool { return inBlock(layer) && (layer - FIRST_SKIP) % SKIP_SPAN == SKIP_SPAN - 1u; }`,
      `size SENT_BACK_EXPONENTS = ${offsets.sentBack}u;`,
      `fn exponentSentBack(seed: u32, tile: u32) -> u32 { return SENT_BACK_EXPONENTS + seed * TILES + tile; }`,
      `size SENT_BACK = ${tensor * (norm === null ? 1 : 2)}u;`,
      `fn sentBackAt(seed: u32, row: u32, column: u32) -> u32 { return SENT_BACK + (seed * PADDED_ROWS + row) * QUADS + column; }`,
    )
  }
  return lines.join('\n')
}
