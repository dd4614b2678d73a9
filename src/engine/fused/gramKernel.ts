// K3: inner products of the gradients of single rows, without one gradient ever being formed.
//
//   <g_i, g_j> = sum over layers (s^2 h_i.h_j + biasScale^2) (d_i.d_j),  with layer norm + (n_i x_i).(n_j x_j) + n_i.n_j
//
// with h inputs, d deltas, x normed rows and n the deltas of the norms' outputs (of gamma x + beta).
// One workgroup owns a pair of blocks of 32 rows and one group of layers; a thread owns S x S entries of it:
//
//   workgroup (x: pair of blocks (bi, bj), y: group of layers)     thread lid -> rows S (lid / (32 / S)) .., columns S (lid % (32 / S)) ..
//   mantissas [group][pair][thread][S][S / 4] vec4f      exponents [group][pair][thread]
//
// A thread reads 2 S vectors for S^2 products. On a GPU S = 4 keeps 64 threads busy; where a read costs as much as a dozen
// products (adapters that compute on a CPU) S = 8.
//
// Exponents differ from tile to tile and layer to layer: a thread first finds the largest over its layers and sums
// relative to it; groups are summed on the CPU. Where a sample has several rows (one per output), h_i.h_j is theirs in
// common and is taken once per pair of samples, through workgroup memory.
// Source: Goodfellow 2015 (per-sample norms); Jacot et al. 2018 (kernel).
import { SPAN_WGSL } from './computeKernel.ts'
import { EXPONENT_PRELUDE } from './exponentWgsl.ts'
import { shapeWgsl, type KernelShape } from './kernelShape.ts'

/** Rows of one block. */
export const GRAM_BLOCK = 32

/** From so many rows on more sums for each read outweigh what they take to compile. Measured on SwiftShader. */
const MANY_ROWS = 96

/** Rows, and columns, that one thread owns. */
export function gramSide(shape: KernelShape): 4 | 8 {
  return shape.software === true && shape.head !== 'outputs' && shape.layout.norm === null && shape.batchRows >= MANY_ROWS ? 8 : 4
}

/** Threads of one workgroup. */
export function gramThreads(shape: KernelShape): number {
  return (GRAM_BLOCK / gramSide(shape)) ** 2
}

/** Operations of one workgroup over all layers: dot products of activations and deltas for every entry. */
export function gramOperations(shape: KernelShape): number {
  const { layerCount, quads, inQuads, norm } = shape.layout
  const products = (2 * layerCount - 1) * quads + inQuads + (norm === null ? 0 : 2 * (layerCount - 1) * quads)
  return 8 * GRAM_BLOCK * GRAM_BLOCK * products
}

/**
 * WGSL of K3; entry point `main`.
 *
 * @param rowsPerSample rows that share their activations: 1 for the loss, c for the outputs.
 * @param groupLayers layers of one group.
 */
export function gramWgsl(shape: KernelShape, rowsPerSample: number, groupLayers: number): string {
  const { bias, norm } = shape.layout
  const side = gramSide(shape)
  const threads = gramThreads(shape)
  const across = GRAM_BLOCK / side
  const shared = rowsPerSample > 1
  const paddedRows = Math.ceil(shape.batchRows / shape.tile.rows) * shape.tile.rows
  // Samples that 32 rows can touch.
  const samples = shared ? Math.floor((GRAM_BLOCK - 2) / rowsPerSample) + 2 : GRAM_BLOCK
  const own = Array.from({ length: side }, (_, i) => i)
  const quads = own.filter((i) => i % 4 === 0).map((i) => i / 4)
  const four = (q: number): readonly number[] => [0, 1, 2, 3].map((j) => 4 * q + j)
  const eachRow = (body: (i: number) => string, joint = '\n      '): string => own.map(body).join(joint)
  // entry q of row i holds columns 4 q .. of the thread's
  const each = (body: (i: number, q: number) => string): string => eachRow((i) => quads.map((q) => body(i, q)).join(' '))
  const zeros = (name: string): string => each((i, q) => `var ${name}${i}_${q} = vec4f(0.0);`)
  const loaded = (entry: (row: string) => string): string => eachRow((i) => `let x${i} = ${entry(`r${i}`)}; let y${i} = ${entry(`c${i}`)};`)
  const added = (into: string, x = 'x', y = 'y'): string =>
    each(
      (i, q) =>
        `${into}${i}_${q} += vec4f(${four(q)
          .map((j) => `dot(${x}${i}, ${y}${j})`)
          .join(', ')});`,
    )
  const loop = (into: string, quadCount: string, entry: (row: string) => string): string => `for (var k = 0u; k < ${quadCount}; k++) {
      ${loaded(entry)}
      ${added(into)}
    }`
  const inputProducts = shared
    ? `
    // one pair of samples a turn of each thread
    for (var p = lid; p < ${samples * samples}u; p += ${threads}u) {
      let a = min(firstSample + p / ${samples}u, SAMPLES - 1u);
      let b = min(otherSample + p % ${samples}u, SAMPLES - 1u);
      var sum = 0.0;
      if (l == 0u) { for (var k = 0u; k < IN_QUADS; k++) { sum += dot(rows[a * IN_QUADS + k], rows[b * IN_QUADS + k]); } }
      else { for (var k = 0u; k < QUADS; k++) { sum += dot(activations[activationAt(0u, l, a * PER_SAMPLE, k)], activations[activationAt(0u, l, b * PER_SAMPLE, k)]); } }
      products[p] = sum;
    }
    workgroupBarrier();
    ${each(
      (i, q) =>
        `let a${i}_${q} = vec4f(${four(q)
          .map((j) => `productOf(r${i}, c${j}, firstSample, otherSample)`)
          .join(', ')});`,
    )}`
    : `
    ${zeros('a')}
    // Branches outside the loops: an adapter that computes on a CPU runs both sides of one.
    if (l == 0u) { ${loop('a', 'IN_QUADS', (row) => `rows[${row} * IN_QUADS + k]`)} }
    else { ${loop('a', 'QUADS', (row) => `activations[activationAt(0u, l, ${row}, k)]`)} }`
  // Normed rows are numbers of true scale; each row has its own, whatever sample it shares.
  const ofNorm = `if (l < LAYERS - 1u) {
      ${zeros('n')}
      for (var k = 0u; k < QUADS; k++) {
        ${loaded((row) => `deltas[NORMED_DELTAS + deltaAt(0u, l, ${row}, k)]`)}
        ${added('n')}
        ${eachRow((i) => `let u${i} = x${i} * activations[NORMED + deltaAt(0u, l, r${i}, k)];`)}
        ${eachRow((j) => `let v${j} = y${j} * activations[NORMED + deltaAt(0u, l, c${j}, k)];`)}
        ${added('n', 'u', 'v')}
      }
      ${quads.map((q) => `let rowNormed${q} = normedExponents(l, ${rowsOf('r', q)}) - em; let colNormed${q} = normedExponents(l, ${rowsOf('c', q)});`).join('\n      ')}
      ${each((i, q) => `g${i}_${q} += exp2v(rowNormed${Math.floor(i / 4)}[${i % 4}] + colNormed${q}) * n${i}_${q};`)}
    }
    `
  // Where all rows of a thread lie in one tile they share their exponents.
  const oneTile = !shared && shape.tile.rows % side === 0
  const joined = oneTile
    ? `let ed = exponents[exponentBackward(0u, l, r0 / TILE_ROWS)] + exponents[exponentBackward(0u, l, c0 / TILE_ROWS)] - em;
    let ofInputs = exp2i(ed + exponents[exponentForward(0u, l, inputTile(r0))] + exponents[exponentForward(0u, l, inputTile(c0))]) * (s * s);
    let ofBias = exp2i(ed) * (BIAS_SCALE * BIAS_SCALE);
    ${each((i, q) => `g${i}_${q} += (ofInputs * a${i}_${q}${bias ? ' + ofBias' : ''}) * d${i}_${q};`)}`
    : `${quads
        .map(
          (q) => `let rowDeltas${q} = deltaExponents(l, ${rowsOf('r', q)}) - em; let colDeltas${q} = deltaExponents(l, ${rowsOf('c', q)});
    let rowInputs${q} = inputExponents(l, ${rowsOf('r', q)}); let colInputs${q} = inputExponents(l, ${rowsOf('c', q)});`,
        )
        .join('\n    ')}
    ${each(
      (i, q) => `{
      let ed = rowDeltas${Math.floor(i / 4)}[${i % 4}] + colDeltas${q};
      g${i}_${q} += (exp2v(ed + rowInputs${Math.floor(i / 4)}[${i % 4}] + colInputs${q}) * (s * s) * a${i}_${q}${bias ? ' + exp2v(ed) * (BIAS_SCALE * BIAS_SCALE)' : ''}) * d${i}_${q};
    }`,
    )}`
  const topOf = (of: string, name: 'r' | 'c'): string =>
    (oneTile ? [0] : quads)
      .map((q) => `top(${of}(l, ${oneTile ? `vec4u(${name}0)` : rowsOf(name, q)}))`)
      .reduce((all, one) => `max(${all}, ${one})`)
  return `
${EXPONENT_PRELUDE}
${shapeWgsl(shape)}
${SPAN_WGSL}
const PER_SAMPLE = ${rowsPerSample}u;
size SAMPLES = ${Math.ceil(shape.batchRows / rowsPerSample)}u;
size GROUP_LAYERS = ${groupLayers}u;
size LAST_ROW = ${paddedRows - 1}u;
@group(0) @binding(0) var<storage, read> rows: array<vec4f>;
@group(0) @binding(1) var<storage, read> activations: array<vec4f>;
@group(0) @binding(2) var<storage, read> deltas: array<vec4f>;
@group(0) @binding(3) var<storage, read> exponents: array<i32>;
@group(0) @binding(4) var<storage, read> pairs: array<vec2u>;
@group(0) @binding(5) var<storage, read_write> mantissas: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> tops: array<i32>;
@group(0) @binding(7) var<uniform> span: Span;
${shared ? `var<workgroup> products: array<f32, ${samples * samples}>;` : ''}
// a row's deltas have the exponent of its own tile, its activations that of its sample's first row
fn deltaExponents(l: u32, at: vec4u) -> vec4i {
  return vec4i(${fourOf((i) => `exponents[exponentBackward(0u, l, at[${i}] / TILE_ROWS)]`)});
}
${
  norm === null
    ? ''
    : `fn normedExponents(l: u32, at: vec4u) -> vec4i {
  return vec4i(${fourOf((i) => `exponents[exponentNormed(0u, l, at[${i}] / TILE_ROWS)]`)});
}
`
}fn inputTile(row: u32) -> u32 { return min(row / PER_SAMPLE, SAMPLES - 1u) * PER_SAMPLE / TILE_ROWS; }
fn inputExponents(l: u32, at: vec4u) -> vec4i {
  return vec4i(${fourOf((i) => `exponents[exponentForward(0u, l, inputTile(at[${i}]))]`)});
}
fn top(v: vec4i) -> i32 { return max(max(v.x, v.y), max(v.z, v.w)); }
${
  shared
    ? `fn productOf(row: u32, col: u32, firstSample: u32, otherSample: u32) -> f32 {
  return products[(row / PER_SAMPLE - firstSample) * ${samples}u + col / PER_SAMPLE - otherSample];
}`
    : ''
}

@compute @workgroup_size(${threads})
fn main(@builtin(local_invocation_index) lid: u32, @builtin(workgroup_id) group: vec3u) {
  let pairNumber = group.x + span.first.x;
  let layerGroup = group.y + span.first.y;
  let pair = pairs[pairNumber];
  let firstRow = pair.x * ${GRAM_BLOCK}u;
  let firstCol = pair.y * ${GRAM_BLOCK}u;
  // past the last row it is repeated; those entries are thrown away by the reader
  let rowStart = firstRow + ${side}u * (lid / ${across}u);
  let colStart = firstCol + ${side}u * (lid % ${across}u);
  ${eachRow((i) => `let r${i} = min(rowStart + ${i}u, LAST_ROW); let c${i} = min(colStart + ${i}u, LAST_ROW);`)}
  ${shared ? 'let firstSample = min(firstRow, LAST_ROW) / PER_SAMPLE; let otherSample = min(firstCol, LAST_ROW) / PER_SAMPLE;' : ''}
  let end = min((layerGroup + 1u) * GROUP_LAYERS, LAYERS);
  var em = NO_EXPONENT;
  for (var l = layerGroup * GROUP_LAYERS; l < end; l++) {
    let ea = ${topOf('inputExponents', 'r')} + ${topOf('inputExponents', 'c')};
    em = max(em, ${topOf('deltaExponents', 'r')} + ${topOf('deltaExponents', 'c')} + ${bias ? 'max(ea, 0)' : 'ea'});${
      norm === null
        ? ''
        : `\n    if (l < LAYERS - 1u) { em = max(em, ${topOf('normedExponents', 'r')} + ${topOf('normedExponents', 'c')}); }`
    }
  }
  if (em < NO_EXPONENT / 2) { em = 0; }
  ${zeros('g')}
  for (var l = layerGroup * GROUP_LAYERS; l < end; l++) {
    ${inputProducts}
    ${zeros('d')}
    ${loop('d', 'QUADS', (row) => `deltas[deltaAt(0u, l, ${row}, k)]`)}
    let s = select(HIDDEN_SCALE, FIRST_SCALE, l == 0u);
    ${joined}
    ${norm === null ? '' : ofNorm}${shared ? 'workgroupBarrier();' : ''}
  }
  let at = (layerGroup * span.first.z + pairNumber) * ${threads}u + lid;
  ${each((i, q) => `mantissas[${side * (side / 4)}u * at + ${(side / 4) * i + q}u] = g${i}_${q};`)}
  tops[at] = em;
}`
}

const fourOf = (body: (i: number) => string): string => [0, 1, 2, 3].map(body).join(', ')

/** Four rows of the thread's, in WGSL. */
const rowsOf = (name: 'r' | 'c', quad: number): string => `vec4u(${fourOf((i) => `${name}${4 * quad + i}`)})`
