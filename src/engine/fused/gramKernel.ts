// K3: inner products of the gradients of single rows, without one gradient ever being formed.
//
//   <g_i, g_j> = sum over layers (s^2 h_i.h_j + biasScale^2) (d_i.d_j),  with layer norm + (n_i x_i).(n_j x_j) + n_i.n_j
//
// with h inputs, d deltas, x normed rows and n the deltas of the norms' outputs (of gamma x + beta).
// One workgroup of 64 threads owns a pair of blocks of 32 rows and one group of layers; a thread owns 4 x 4 entries:
//
//   workgroup (x: pair of blocks (bi, bj), y: group of layers)     thread lid -> rows 4 (lid / 8) .., columns 4 (lid % 8) ..
//   mantissas [group][pair][thread][4] vec4f      exponents [group][pair][thread]
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
/** Entries that one thread owns, and threads of a workgroup. */
export const GRAM_ENTRIES = 16
export const GRAM_THREADS = 64

/** Operations of one workgroup over all layers: dot products of activations and deltas for every entry. */
export function gramOperations(shape: KernelShape): number {
  const { layerCount, quads, inQuads, norm } = shape.layout
  const products = (2 * layerCount - 1) * quads + inQuads + (norm === null ? 0 : 2 * (layerCount - 1) * quads)
  return 8 * GRAM_BLOCK * GRAM_BLOCK * products
}

/**
 * WGSL of K3; entry point `main`. The shape's rows must be a multiple of 4.
 *
 * @param rowsPerSample rows that share their activations: 1 for the loss, c for the outputs.
 * @param groupLayers layers of one group.
 */
export function gramWgsl(shape: KernelShape, rowsPerSample: number, groupLayers: number): string {
  const { bias, norm } = shape.layout
  const shared = rowsPerSample > 1
  const paddedRows = Math.ceil(shape.batchRows / shape.tile.rows) * shape.tile.rows
  // Samples that 32 rows can touch.
  const samples = shared ? Math.floor((GRAM_BLOCK - 2) / rowsPerSample) + 2 : GRAM_BLOCK
  const four = (body: (i: number) => string, joint = '\n      '): string => [0, 1, 2, 3].map(body).join(joint)
  const dots = (into: string, entry: (row: string) => string): string => `
      ${four((i) => `let x${i} = ${entry(`rowStart + ${i}u`)};`)}
      ${four((j) => `let y${j} = ${entry(`colStart + ${j}u`)};`)}
      ${four((i) => `${into}${i} += vec4f(dot(x${i}, y0), dot(x${i}, y1), dot(x${i}, y2), dot(x${i}, y3));`)}`
  const inputProducts = shared
    ? `
    // one pair of samples a turn of each thread
    for (var p = lid; p < ${samples * samples}u; p += ${GRAM_THREADS}u) {
      let a = min(firstSample + p / ${samples}u, SAMPLES - 1u);
      let b = min(otherSample + p % ${samples}u, SAMPLES - 1u);
      var sum = 0.0;
      if (l == 0u) { for (var k = 0u; k < IN_QUADS; k++) { sum += dot(rows[a * IN_QUADS + k], rows[b * IN_QUADS + k]); } }
      else { for (var k = 0u; k < QUADS; k++) { sum += dot(activations[activationAt(0u, l, a * PER_SAMPLE, k)], activations[activationAt(0u, l, b * PER_SAMPLE, k)]); } }
      products[p] = sum;
    }
    workgroupBarrier();
    ${four((i) => `let a${i} = vec4f(${four((j) => `productOf(rowStart + ${i}u, colStart + ${j}u, firstSample, otherSample)`, ', ')});`)}`
    : `
    var a0 = vec4f(0.0); var a1 = vec4f(0.0); var a2 = vec4f(0.0); var a3 = vec4f(0.0);
    if (l == 0u) { for (var k = 0u; k < IN_QUADS; k++) {${dots('a', (row) => `rows[(${row}) * IN_QUADS + k]`)}
    } } else { for (var k = 0u; k < QUADS; k++) {${dots('a', (row) => `activations[activationAt(0u, l, ${row}, k)]`)}
    } }`
  // Normed rows are numbers of true scale; each row has its own, whatever sample it shares.
  const ofNorm = `if (l < LAYERS - 1u) {
      var n0 = vec4f(0.0); var n1 = vec4f(0.0); var n2 = vec4f(0.0); var n3 = vec4f(0.0);
      for (var k = 0u; k < QUADS; k++) {
        ${dots('n', (row) => `deltas[NORMED_DELTAS + deltaAt(0u, l, ${row}, k)]`)}
        ${four((i) => `let u${i} = x${i} * activations[NORMED + deltaAt(0u, l, rowStart + ${i}u, k)];`)}
        ${four((j) => `let v${j} = y${j} * activations[NORMED + deltaAt(0u, l, colStart + ${j}u, k)];`)}
        ${four((i) => `n${i} += vec4f(dot(u${i}, v0), dot(u${i}, v1), dot(u${i}, v2), dot(u${i}, v3));`)}
      }
      let rowNormed = normedExponents(l, rowStart) - em;
      let colNormed = normedExponents(l, colStart);
      ${four((i) => `g${i} += exp2v(rowNormed[${i}] + colNormed) * n${i};`)}
    }
    `
  return `
${EXPONENT_PRELUDE}
${shapeWgsl(shape)}
${SPAN_WGSL}
const PER_SAMPLE = ${rowsPerSample}u;
size SAMPLES = ${Math.ceil(shape.batchRows / rowsPerSample)}u;
size GROUP_LAYERS = ${groupLayers}u;
// the last row at which four rows start
size LAST_START = ${Math.max(0, paddedRows - 4)}u;
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
fn deltaExponents(l: u32, start: u32) -> vec4i {
  return vec4i(${four((i) => `exponents[exponentBackward(0u, l, (start + ${i}u) / TILE_ROWS)]`, ', ')});
}
${
  norm === null
    ? ''
    : `fn normedExponents(l: u32, start: u32) -> vec4i {
  return vec4i(${four((i) => `exponents[exponentNormed(0u, l, (start + ${i}u) / TILE_ROWS)]`, ', ')});
}
`
}fn inputTile(row: u32) -> u32 { return min(row / PER_SAMPLE, SAMPLES - 1u) * PER_SAMPLE / TILE_ROWS; }
fn inputExponents(l: u32, start: u32) -> vec4i {
  return vec4i(${four((i) => `exponents[exponentForward(0u, l, inputTile(start + ${i}u))]`, ', ')});
}
fn top(v: vec4i) -> i32 { return max(max(v.x, v.y), max(v.z, v.w)); }
${
  shared
    ? `fn productOf(row: u32, col: u32, firstSample: u32, otherSample: u32) -> f32 {
  return products[(row / PER_SAMPLE - firstSample) * ${samples}u + col / PER_SAMPLE - otherSample];
}`
    : ''
}

@compute @workgroup_size(${GRAM_THREADS})
fn main(@builtin(local_invocation_index) lid: u32, @builtin(workgroup_id) group: vec3u) {
  let pairNumber = group.x + span.first.x;
  let layerGroup = group.y + span.first.y;
  let pair = pairs[pairNumber];
  let firstRow = pair.x * ${GRAM_BLOCK}u;
  let firstCol = pair.y * ${GRAM_BLOCK}u;
  // threads past the last row repeat it; their entries are thrown away by the reader
  let rowStart = min(firstRow + 4u * (lid / 8u), LAST_START);
  let colStart = min(firstCol + 4u * (lid % 8u), LAST_START);
  ${shared ? 'let firstSample = min(firstRow, LAST_START) / PER_SAMPLE; let otherSample = min(firstCol, LAST_START) / PER_SAMPLE;' : ''}
  let end = min((layerGroup + 1u) * GROUP_LAYERS, LAYERS);
  var em = NO_EXPONENT;
  for (var l = layerGroup * GROUP_LAYERS; l < end; l++) {
    let ea = top(inputExponents(l, rowStart)) + top(inputExponents(l, colStart));
    em = max(em, top(deltaExponents(l, rowStart)) + top(deltaExponents(l, colStart)) + ${bias ? 'max(ea, 0)' : 'ea'});${
      norm === null
        ? ''
        : '\n    if (l < LAYERS - 1u) { em = max(em, top(normedExponents(l, rowStart)) + top(normedExponents(l, colStart))); }'
    }
  }
  if (em < NO_EXPONENT / 2) { em = 0; }
  var g0 = vec4f(0.0); var g1 = vec4f(0.0); var g2 = vec4f(0.0); var g3 = vec4f(0.0);
  for (var l = layerGroup * GROUP_LAYERS; l < end; l++) {
    ${inputProducts}
    var d0 = vec4f(0.0); var d1 = vec4f(0.0); var d2 = vec4f(0.0); var d3 = vec4f(0.0);
    for (var k = 0u; k < QUADS; k++) {${dots('d', (row) => `deltas[deltaAt(0u, l, ${row}, k)]`)}
    }
    let rowDeltas = deltaExponents(l, rowStart) - em;
    let colDeltas = deltaExponents(l, colStart);
    let rowInputs = inputExponents(l, rowStart);
    let colInputs = inputExponents(l, colStart);
    let s = select(HIDDEN_SCALE, FIRST_SCALE, l == 0u);
    ${four(
      (i) => `{
      let ed = rowDeltas[${i}] + colDeltas;
      g${i} += (exp2v(ed + rowInputs[${i}] + colInputs) * (s * s) * a${i}${bias ? ' + exp2v(ed) * (BIAS_SCALE * BIAS_SCALE)' : ''}) * d${i};
    }`,
    )}
    ${norm === null ? '' : ofNorm}${shared ? 'workgroupBarrier();' : ''}
  }
  let at = (layerGroup * span.first.z + pairNumber) * ${GRAM_THREADS}u + lid;
  ${four((i) => `mantissas[4u * at + ${i}u] = g${i};`)}
  tops[at] = em;
}`
}
