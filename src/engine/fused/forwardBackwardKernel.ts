// K1: forward, loss and backward of every layer in one dispatch.
//
// One workgroup owns a tile of `tileRows` batch rows of one seed through all layers; a thread owns one vec4
// column of `rowsPerThread` rows. Layers ping-pong through workgroup memory, one barrier each:
//
//   workgroup  (x: tile, y: seed)          thread lid -> column lid % QUADS, rows (lid / QUADS) * R ..
//   sh         [2][tileRows][QUADS]        the layer read and the layer written
//   activations[seed][l = 1 .. L][row][QUADS]   h_l as mantissas of 2^exponents(l, tile); l = L is the output
//   (+ the same again for z_l where the derivatives need it)
//   deltas     [seed][l = 0 .. L-1][row][QUADS] dLoss/dz_l as mantissas
//   exponents  [ forward: seed][L+1][tile] | [ backward: seed][L][tile] | [ bias: seed][L] | [ slots: parity][seed][L] | [ alive: seed]
//              a tile that is all zero has NO_EXPONENT, so that it cannot hide its neighbours
//
// Rows past the batch are computed and masked: their deltas and losses are 0. A row's numbers do not depend
// on the tile it lies in, so the tile size is free to be tuned.
import type { LossSettings } from '../../core/experiment.ts'
import { ACTIVATION_PRELUDE, activationWgsl, needsPreactivation } from './activationWgsl.ts'
import { EXPONENT_PRELUDE } from './exponentWgsl.ts'
import type { FusedLayout } from './layout.ts'

/** How the rows of a batch are shared out. */
export interface Tile {
  readonly rows: number
  readonly rowsPerThread: number
}

export interface KernelShape {
  readonly layout: FusedLayout
  readonly loss: LossSettings
  readonly batchRows: number
  /** Networks that ride in grid.y: seeds with parameters of their own, or batches that share one seed's. */
  readonly seedCount: number
  readonly lanes: 'seeds' | 'batches'
  readonly tile: Tile
}

/** Rows of a batch rounded up to whole tiles, and the tiles. */
export function tileCount(shape: KernelShape): number {
  return Math.ceil(shape.batchRows / shape.tile.rows)
}

/** Entries of the exponent buffer: where its parts begin, and its length. */
export function exponentOffsets(shape: KernelShape): { readonly backward: number; readonly bias: number; readonly slots: number; readonly alive: number; readonly length: number } {
  const { layerCount } = shape.layout
  const tiles = tileCount(shape)
  const backward = shape.seedCount * (layerCount + 1) * tiles
  const bias = backward + shape.seedCount * layerCount * tiles
  const slots = bias + shape.seedCount * layerCount
  const alive = slots + 2 * shape.seedCount * layerCount
  return { backward, bias, slots, alive, length: alive + shape.seedCount }
}

/** Constants that every kernel of one shape shares. */
export function shapeWgsl(shape: KernelShape): string {
  const { layout, tile } = shape
  const offsets = exponentOffsets(shape)
  return `
const LAYERS = ${layout.layerCount}u;
const QUADS = ${layout.quads}u;
const IN_QUADS = ${layout.inQuads}u;
const OUT_COLUMNS = ${layout.outputWidth}u;
const SEED_QUADS = ${layout.seedQuads}u;
const FIRST_QUADS = ${layout.firstQuads}u;
const SQUARE_QUADS = ${layout.squareQuads}u;
const BIAS_START = ${layout.biasStart}u;
// Seeds have parameters of their own and share the batch; batches the other way round.
const PARAMETER_STRIDE = ${shape.lanes === 'seeds' ? layout.seedQuads : 0}u;
const INDEX_STRIDE = ${shape.lanes === 'seeds' ? 0 : shape.batchRows}u;
const ROWS = ${shape.batchRows}u;
const TILES = ${tileCount(shape)}u;
const PADDED_ROWS = ${tileCount(shape) * tile.rows}u;
const TILE_ROWS = ${tile.rows}u;
const SEEDS = ${shape.seedCount}u;
const BACKWARD = ${offsets.backward}u;
const BIAS_EXPONENTS = ${offsets.bias}u;
const SLOT_EXPONENTS = ${offsets.slots}u;
const ALIVE = ${offsets.alive}u;
const Z_START = ${shape.seedCount * layout.layerCount * tileCount(shape) * tile.rows * layout.quads}u;
const FIRST_SCALE = f32(${layout.forwardScales[0]});
const HIDDEN_SCALE = f32(${layout.forwardScales[layout.layerCount - 1]});
const BIAS_SCALE = f32(${layout.biasScale});
struct StepParameters {
  // learning rate, 1/batch or 1, momentum or decay or beta1, beta2
  rates: vec4f,
  // eps mantissa, 1/(1 - beta1^t), 1/sqrt(1 - beta2^t), unused
  corrections: vec4f,
  // step within the chunk, eps exponent, parity of the slot exponents, first seed or batch of this dispatch
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

/** Whether z is kept beside h. */
export function keepsPreactivations(layout: FusedLayout): boolean {
  return needsPreactivation(layout.activation) || needsPreactivation(layout.outputActivation)
}

/** Loss of each owned row from the outputs in workgroup memory, and the delta of this thread's column before the output slope. */
function headWgsl(loss: LossSettings, unroll: (body: (i: number) => string) => string): string {
  if (loss.kind === 'squaredError') {
    return `
  ${unroll(
    (i) => `{
    let target = uy * Y[u32(sample${i}) * QUADS + column];
    delta${i} = (f${i} * us - target) * step.rates.y;
    if (column == 0u) {
      var sum = 0.0;
      for (var k = 0u; k < QUADS; k++) { let d = sh[nxt + (row0 + ${i}u) * QUADS + k] * scale - Y[u32(sample${i}) * QUADS + k]; sum += d.x * d.x; sum += d.y * d.y; sum += d.z * d.z; sum += d.w * d.w; }
      rowLoss${i} = 0.5 * sum;
    }
  }`,
  )}`
  }
  return `
  ${unroll(
    (i) => `{
    let base = nxt + (row0 + ${i}u) * QUADS;
    var top = -3.0e38;
    for (var j = 0u; j < OUT_COLUMNS; j++) { top = max(top, sh[base + j / 4u][j % 4u] * scale); }
    var sum = 0.0;
    for (var j = 0u; j < OUT_COLUMNS; j++) { sum += exp(sh[base + j / 4u][j % 4u] * scale - top); }
    let target = Y[u32(sample${i}) * QUADS + column];
    let probability = exp(f${i} * scale - top) / sum;
    let real = vec4u(4u * column, 4u * column + 1u, 4u * column + 2u, 4u * column + 3u) < vec4u(OUT_COLUMNS);
    delta${i} = select(vec4f(0.0), (probability - target) * step.rates.y, real);
    if (column == 0u) {
      var dotted = 0.0; var mass = 0.0;
      for (var j = 0u; j < OUT_COLUMNS; j++) { let t = Y[u32(sample${i}) * QUADS + j / 4u][j % 4u]; dotted += t * (sh[base + j / 4u][j % 4u] * scale - top); mass += t; }
      rowLoss${i} = mass * log(sum) - dotted;
    }
  }`,
  )}`
}

/**
 * WGSL of K1; entry point `main`, `tileCount` x seeds workgroups.
 *
 * @param passes 'forward' leaves out the backward half, for evaluation.
 */
export function forwardBackwardWgsl(shape: KernelShape, passes: 'forward' | 'both' = 'both'): string {
  const { layout, tile, loss } = shape
  const R = tile.rowsPerThread
  const threads = (layout.quads * tile.rows) / R
  const unroll = (body: (i: number) => string): string => Array.from({ length: R }, (_, i) => body(i)).join('\n    ')
  const keepZ = keepsPreactivations(layout)
  const slope = (prefix: string, i: number, layer: string): string =>
    `${prefix}Slope(${keepZ ? `activations[Z_START + activationAt(seed, ${layer}, tileRow + ${i}u, column)]` : 'vec4f(0.0)'}, h, ea)`
  const biasLines = layout.bias
    ? `let eb = exponents[exponentBias(seed, l)];
    let en = max(e, eb);
    let sa = weightScale * exp2i(e - en);
    let b = parameters[seed * PARAMETER_STRIDE + biasAt(l) + column] * (BIAS_SCALE * exp2i(-en));
    e = en;
    ${unroll((i) => `acc${i} = acc${i} * sa + b;`)}`
    : `${unroll((i) => `acc${i} = acc${i} * weightScale;`)}`
  const finishLayer = `
    ${biasLines}
    ${keepZ ? unroll((i) => `activations[Z_START + activationAt(seed, l + 1u, tileRow + ${i}u, column)] = acc${i};`) : ''}
    if (l < LAYERS - 1u) { ${unroll((i) => `acc${i} = hiddenValue(acc${i}, e);`)} } else { ${unroll((i) => `acc${i} = outputValue(acc${i}, e);`)} }
    atomicMax(&largestBits[slot], bitcast<u32>(${Array.from({ length: R }, (_, i) => `largest(acc${i})`).reduce((a, b) => `max(${a}, ${b})`)}));
    ${unroll((i) => `sh[nxt + (row0 + ${i}u) * QUADS + column] = acc${i}; activations[activationAt(seed, l + 1u, tileRow + ${i}u, column)] = acc${i};`)}
    if (lid == 0u) { exponents[exponentForward(seed, l + 1u, group.x)] = e; }`
  const backwardHalf = `
  e = ${loss.kind === 'squaredError' ? 'eo' : '0'};
  workgroupBarrier();
  if (lid < 3u) { atomicStore(&largestBits[lid], 0u); }
  slot = 0u;
  cur = 0u;
  nxt = TILE_ROWS * QUADS;
  workgroupBarrier();
  ${unroll((i) => `acc${i} = delta${i}; sh[cur + (row0 + ${i}u) * QUADS + column] = acc${i}; deltas[deltaAt(seed, LAYERS - 1u, tileRow + ${i}u, column)] = acc${i};`)}
  atomicMax(&largestBits[slot], bitcast<u32>(${Array.from({ length: R }, (_, i) => `largest(acc${i})`).reduce((a, b) => `max(${a}, ${b})`)}));
  if (lid == 0u) { exponents[exponentBackward(seed, LAYERS - 1u, group.x)] = e; }
  workgroupBarrier();
  for (var i = 1u; i <= LAYERS; i++) {
    // the delta of layer l lies in sh[cur] and acc; take its excess out, then produce that of layer l - 1
    let l = LAYERS - i;
    let bits = atomicLoad(&largestBits[slot]);
    let de = excess(bits);
    let s = exp2i(-de);
    if (bits == 0u && lid == 0u) { exponents[exponentBackward(seed, l, group.x)] = NO_EXPONENT; }
    if (de != 0) {
      e += de;
      ${unroll((i) => `deltas[deltaAt(seed, l, tileRow + ${i}u, column)] = acc${i} * s;`)}
      if (lid == 0u) { exponents[exponentBackward(seed, l, group.x)] = e; }
    }
    if (l == 0u) { break; }
    if (lid == 0u) { atomicStore(&largestBits[(slot + 2u) % 3u], 0u); }
    slot = (slot + 1u) % 3u;
    ${unroll((i) => `acc${i} = vec4f(0.0);`)}
    let w = seed * PARAMETER_STRIDE + weightAt(l) + 4u * column * QUADS;
    for (var k = 0u; k < QUADS; k++) {
      let p = w + k;
      let w0 = parameters[p]; let w1 = parameters[p + QUADS]; let w2 = parameters[p + 2u * QUADS]; let w3 = parameters[p + 3u * QUADS];
      ${unroll((i) => `{ let d = s * sh[cur + (row0 + ${i}u) * QUADS + k]; acc${i} += vec4f(dot(d, w0), dot(d, w1), dot(d, w2), dot(d, w3)); }`)}
    }
    let ea = exponents[exponentForward(seed, l, group.x)];
    ${unroll(
      (i) => `{ let h = activations[activationAt(seed, l, tileRow + ${i}u, column)]; acc${i} = acc${i} * (HIDDEN_SCALE * ${slope('hidden', i, 'l')});
      sh[nxt + (row0 + ${i}u) * QUADS + column] = acc${i}; deltas[deltaAt(seed, l - 1u, tileRow + ${i}u, column)] = acc${i}; }`,
    )}
    atomicMax(&largestBits[slot], bitcast<u32>(${Array.from({ length: R }, (_, i) => `largest(acc${i})`).reduce((a, b) => `max(${a}, ${b})`)}));
    if (lid == 0u) { exponents[exponentBackward(seed, l - 1u, group.x)] = e; }
    workgroupBarrier();
    let swap = cur; cur = nxt; nxt = swap;
  }`
  return `
${EXPONENT_PRELUDE}
${ACTIVATION_PRELUDE}
${activationWgsl('hidden', layout.activation)}
${activationWgsl('output', layout.outputActivation)}
${shapeWgsl(shape)}
@group(0) @binding(0) var<storage, read> parameters: array<vec4f>;
@group(0) @binding(1) var<storage, read> X: array<vec4f>;
@group(0) @binding(2) var<storage, read> Y: array<vec4f>;
@group(0) @binding(3) var<storage, read> batchIndices: array<i32>;
@group(0) @binding(4) var<storage, read_write> activations: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> deltas: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> exponents: array<i32>;
@group(0) @binding(7) var<storage, read_write> rowLosses: array<f32>;
@group(0) @binding(8) var<uniform> step: StepParameters;
var<workgroup> sh: array<vec4f, ${2 * tile.rows * layout.quads}>;
var<workgroup> largestBits: array<atomic<u32>, 3>;

@compute @workgroup_size(${threads})
fn main(@builtin(local_invocation_index) lid: u32, @builtin(workgroup_id) group: vec3u) {
  let seed = group.y;
  let column = lid % QUADS;
  let row0 = (lid / QUADS) * ${R}u;
  let tileRow = group.x * TILE_ROWS + row0;
  var cur = 0u;
  var nxt = TILE_ROWS * QUADS;
  var e = 0;
  var slot = 0u;
  if (lid < 3u) { atomicStore(&largestBits[lid], 0u); }
  if (lid == 0u) { exponents[exponentForward(seed, 0u, group.x)] = 0; }
  ${unroll((i) => `var acc${i} = vec4f(0.0); let real${i} = tileRow + ${i}u < ROWS; var sample${i} = 0; if (real${i}) { sample${i} = batchIndices[indexAt(step.numbers.x, seed, tileRow + ${i}u)]; }`)}
  workgroupBarrier();

  // layer 0 reads the data
  {
    let l = 0u;
    let weightScale = FIRST_SCALE;
    let w = seed * PARAMETER_STRIDE + weightAt(0u) + column;
    for (var k = 0u; k < IN_QUADS; k++) {
      let p = w + 4u * k * QUADS;
      let w0 = parameters[p]; let w1 = parameters[p + QUADS]; let w2 = parameters[p + 2u * QUADS]; let w3 = parameters[p + 3u * QUADS];
      ${unroll((i) => `{ let x = X[u32(sample${i}) * IN_QUADS + k]; acc${i} += x.x * w0 + x.y * w1 + x.z * w2 + x.w * w3; }`)}
    }
    ${finishLayer}
    workgroupBarrier();
    let swap = cur; cur = nxt; nxt = swap;
  }
  for (var l = 1u; l < LAYERS; l++) {
    let weightScale = HIDDEN_SCALE;
    let bits = atomicLoad(&largestBits[slot]);
    let de = excess(bits);
    let s = exp2i(-de);
    if (bits == 0u && lid == 0u) { exponents[exponentForward(seed, l, group.x)] = NO_EXPONENT; }
    if (de != 0) {
      e += de;
      ${unroll((i) => `activations[activationAt(seed, l, tileRow + ${i}u, column)] = acc${i} * s;`)}
      ${keepZ ? unroll((i) => `activations[Z_START + activationAt(seed, l, tileRow + ${i}u, column)] *= s;`) : ''}
      if (lid == 0u) { exponents[exponentForward(seed, l, group.x)] = e; }
    }
    if (lid == 0u) { atomicStore(&largestBits[(slot + 2u) % 3u], 0u); }
    slot = (slot + 1u) % 3u;
    ${unroll((i) => `acc${i} = vec4f(0.0);`)}
    let w = seed * PARAMETER_STRIDE + weightAt(l) + column;
    for (var k = 0u; k < QUADS; k++) {
      let p = w + 4u * k * QUADS;
      let w0 = parameters[p]; let w1 = parameters[p + QUADS]; let w2 = parameters[p + 2u * QUADS]; let w3 = parameters[p + 3u * QUADS];
      ${unroll((i) => `{ let x = s * sh[cur + (row0 + ${i}u) * QUADS + k]; acc${i} += x.x * w0 + x.y * w1 + x.z * w2 + x.w * w3; }`)}
    }
    ${finishLayer}
    workgroupBarrier();
    let swap = cur; cur = nxt; nxt = swap;
  }

  // the outputs lie in sh[cur] and acc; the loss and its delta are taken at true scale unless that overflows
  nxt = cur;
  let ea = e;
  let eo = max(e, 0);
  let us = exp2i(e - eo);
  let uy = exp2i(-eo);
  let scale = exp2i(e);
  ${unroll((i) => `let f${i} = acc${i}; var delta${i} = vec4f(0.0); var rowLoss${i} = 0.0;`)}
  ${headWgsl(loss, unroll)}
  ${unroll(
    (i) => `{ let h = f${i}; delta${i} = select(vec4f(0.0), delta${i} * ${slope('output', i, 'LAYERS')}, real${i});
    if (column == 0u) { rowLosses[(u32(step.numbers.x) * SEEDS + seed) * PADDED_ROWS + tileRow + ${i}u] = select(0.0, rowLoss${i}, real${i}); } }`,
  )}
  ${passes === 'forward' ? '' : backwardHalf}
}`
}
