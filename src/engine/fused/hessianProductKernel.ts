// H2: the products of the Hessian with a block of vectors, from the tangents that H1 left.
//
//   HV_l = s (RA_l (x) D_l + A_l (x) RD_l),   biases: biasScale RD_l,   gamma: RN_l x + N_l RX,   beta: RN_l,   summed over rows
//
// Like K2 without an optimizer: a thread owns a block of 4 side inputs x 4 side outputs, of `together` vectors that share the
// reading of A and D; large blocks where reading is dear, on a software adapter.
//
//   workgroup (x: blocks, or the biases, with layer norm gamma and beta too, in the last ones; y: group of vectors; z: layer)
//   products  [vector][parameters as in K1] as mantissas of 2^productExponent(vector, layer, part)
import { SPAN_WGSL } from './computeKernel.ts'
import { EXPONENT_PRELUDE } from './exponentWgsl.ts'
import { tangentWgsl, type TangentShape } from './tangentLayout.ts'
import { BLOCKS_PER_GROUP, otherParts } from './updateGrid.ts'

// Side of a thread's block, in vec4s.
function blockSide({ pass }: TangentShape): 1 | 2 | 4 {
  if (pass.software !== true) return 1
  return pass.layout.quads > 2 ? 4 : pass.layout.quads > 1 ? 2 : 1
}

// A software adapter runs threads four at a time.
function productThreads({ pass }: TangentShape): number {
  return pass.software === true ? 4 : BLOCKS_PER_GROUP
}

function weightWorkgroups(shape: TangentShape): number {
  const { layerCount, inQuads, quads } = shape.pass.layout
  const side = blockSide(shape)
  const rowQuads = layerCount > 1 ? Math.max(inQuads, quads) : inQuads
  return Math.ceil((Math.ceil(rowQuads / side) * Math.ceil(quads / side)) / productThreads(shape))
}

/** Workgroups of H2 in x. */
export function productGroups(shape: TangentShape): number {
  return weightWorkgroups(shape) + otherParts(shape.pass)
}

/** WGSL of H2; entry point `main`, `productGroups` x (vectors / together) x layers workgroups. */
export function hessianProductWgsl(shape: TangentShape): string {
  const { pass, together } = shape
  const side = blockSide(shape)
  const threads = productThreads(shape)
  const sides = Array.from({ length: side }, (_, i) => i)
  const cells = sides.flatMap((r) => sides.map((c) => [r, c] as const))
  const each = (body: (r: number, c: number) => string): string => cells.map(([r, c]) => body(r, c)).join('\n          ')
  const vectors = (body: (u: number) => string): string => Array.from({ length: together }, (_, u) => body(u)).join('\n      ')
  const four = (body: (q: number) => string): string => [0, 1, 2, 3].map(body).join(' ')
  const axes = ['x', 'y', 'z', 'w']
  const { norm, bias } = pass.layout
  const normed = norm !== null
  const biases = bias
    ? `
    for (var column = lid; column < QUADS; column += ${threads}u) {
      ${vectors((u) => `var g${u} = vec4f(0.0);`)}
      for (var t = 0u; t < TILES; t++) {
        ${vectors((u) => `let s${u} = exp2i(tangentExponents[deltaTangentExponent(v${u}, l, t)] - em${u});`)}
        let end = min((t + 1u) * TILE_ROWS, realRows);
        for (var row = t * TILE_ROWS; row < end; row++) {
          ${vectors((u) => `g${u} += s${u} * tangents[deltaTangentAt(v${u}, l, row, column)];`)}
        }
      }
      ${vectors((u) => `products[v${u} * SEED_QUADS + biasAt(l) + column] = BIAS_SCALE * g${u};`)}
    }`
    : ''
  // A norm belongs to every layer but the last, whose gamma and beta are padding.
  const ofNorm = `
    for (var column = lid; part > 1u && l < LAYERS - 1u && column < QUADS; column += ${threads}u) {
      ${vectors((u) => `var g${u} = vec4f(0.0);`)}
      for (var t = 0u; t < TILES; t++) {
        ${vectors(
          (u) => `let s${u} = exp2i(tangentExponents[normedDeltaTangentExponent(v${u}, l, t)] - em${u});
        let m${u} = exp2i(bentExponent(v${u}, l, t) - em${u});`,
        )}
        let end = min((t + 1u) * TILE_ROWS, realRows);
        for (var row = t * TILE_ROWS; row < end; row++) {
          let at = deltaAt(0u, l, row, column);
          let x = activations[NORMED + at];
          let n = deltas[NORMED_DELTAS + at];
          ${vectors(
            (u) => `{ let moved = s${u} * tangents[normedDeltaTangentAt(v${u}, l, row, column)];
          if (part == 2u) { g${u} += moved * x + n * (m${u} * tangents[normedTangentAt(v${u}, l, row, column)]); } else { g${u} += moved; } }`,
          )}
        }
      }
      ${vectors((u) => `products[v${u} * SEED_QUADS + select(gammaAt(l), betaAt(l), part == 3u) + column] = g${u};`)}
    }`
  const topOfPart = `
// exponent of N RX
fn bentExponent(v: u32, l: u32, t: u32) -> i32 {
  return summed(exponents[exponentNormed(0u, l, t)], tangentExponents[normedTangentExponent(v, l, t)]);
}
fn topOfPart(v: u32, l: u32, part: u32) -> i32 {
  if (part < 2u) { return topExponent(v, l, part == 1u); }
  var em = NO_EXPONENT;
  for (var t = 0u; l < LAYERS - 1u && t < TILES; t++) {
    em = max(em, tangentExponents[normedDeltaTangentExponent(v, l, t)]);
    if (part == 2u) { em = max(em, bentExponent(v, l, t)); }
  }
  return select(em, 0, em < NO_EXPONENT / 2);
}`
  return `
${EXPONENT_PRELUDE}
${tangentWgsl(shape)}
${SPAN_WGSL}
@group(0) @binding(0) var<storage, read> rows: array<vec4f>;
@group(0) @binding(1) var<storage, read> activations: array<vec4f>;
@group(0) @binding(2) var<storage, read> deltas: array<vec4f>;
@group(0) @binding(3) var<storage, read> exponents: array<i32>;
@group(0) @binding(4) var<storage, read> tangents: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> tangentExponents: array<i32>;
@group(0) @binding(6) var<storage, read_write> products: array<vec4f>;
@group(0) @binding(7) var<uniform> span: Span;
size GROUPS = ${weightWorkgroups(shape)}u;
// exponent of RA (x) D of one tile; the data of layer 0 have no tangent
fn movedExponent(v: u32, l: u32, t: u32) -> i32 {
  if (l == 0u) { return NO_EXPONENT; }
  return summed(tangentExponents[tangentExponent(v, l, t)], exponents[exponentBackward(0u, l, t)]);
}
// exponent of A (x) RD
fn steadyExponent(v: u32, l: u32, t: u32) -> i32 {
  return summed(exponents[exponentForward(0u, l, t)], tangentExponents[deltaTangentExponent(v, l, t)]);
}
fn topExponent(v: u32, l: u32, isBias: bool) -> i32 {
  var em = NO_EXPONENT;
  for (var t = 0u; t < TILES; t++) {
    if (isBias) { em = max(em, tangentExponents[deltaTangentExponent(v, l, t)]); } else { em = max(em, max(movedExponent(v, l, t), steadyExponent(v, l, t))); }
  }
  return select(em, 0, em < NO_EXPONENT / 2);
}${normed ? topOfPart : ''}

@compute @workgroup_size(${threads})
fn main(@builtin(local_invocation_index) lid: u32, @builtin(workgroup_id) group: vec3u) {
  let l = group.z + span.first.z;
  ${normed ? 'let part = select(0u, group.x - GROUPS + 1u, group.x >= GROUPS); let isBias = part == 1u;' : 'let isBias = group.x == GROUPS;'}
  let realRows = span.first.w;
  ${vectors((u) => `let v${u} = (group.y + span.first.y) * ${together}u + ${u}u; let em${u} = ${normed ? 'topOfPart' : 'topExponent'}(v${u}, l, ${normed ? 'part' : 'isBias'});`)}
  if (lid == 0u && (${normed ? 'part > 0u' : 'isBias'} || group.x == 0u)) {
    ${normed ? '' : 'let part = select(0u, 1u, isBias);'}
    ${vectors((u) => `tangentExponents[productExponent(v${u}, l, part)] = em${u};`)}
  }
  if (isBias) {${biases}
    return;
  }${normed ? `\n  if (part > 0u) {${ofNorm}\n    return;\n  }` : ''}
  let rowQuads = select(QUADS, IN_QUADS, l == 0u);
  let block = group.x * ${threads}u + lid;
  let across = (QUADS + ${side - 1}u) / ${side}u;
  let kq = ${side}u * (block / across);
  let column = ${side}u * (block % across);
  if (kq >= rowQuads) { return; }
  // Past the edge the last vec4 is read again and not used.
  ${sides.map((i) => `let row${i}At = min(${i}u, rowQuads - 1u - kq); let column${i}At = min(${i}u, QUADS - 1u - column);`).join(' ')}
  ${vectors((u) => each((r, c) => four((q) => `var g${u}_${r}${c}${q} = vec4f(0.0);`)))}
  for (var t = 0u; t < TILES; t++) {
    ${vectors((u) => `let m${u} = exp2i(movedExponent(v${u}, l, t) - em${u}); let s${u} = exp2i(steadyExponent(v${u}, l, t) - em${u});`)}
    let end = min((t + 1u) * TILE_ROWS, realRows);
    for (var row = t * TILE_ROWS; row < end; row++) {
      ${sides.map((r) => `var a${r}: vec4f;`).join(' ')}
      ${vectors((u) => sides.map((r) => `var ra${u}_${r} = vec4f(0.0);`).join(' '))}
      if (l == 0u) {
        let at = row * ROW_QUADS + kq;
        ${sides.map((r) => `a${r} = rows[at + row${r}At];`).join(' ')}
      } else {
        let at = activationAt(0u, l, row, kq);
        ${sides.map((r) => `a${r} = activations[at + row${r}At];`).join(' ')}
        ${vectors((u) => `let ra${u}At = tangentAt(v${u}, l, row, kq); ${sides.map((r) => `ra${u}_${r} = m${u} * tangents[ra${u}At + row${r}At];`).join(' ')}`)}
      }
      let dAt = deltaAt(0u, l, row, column);
      ${sides.map((c) => `let d${c} = deltas[dAt + column${c}At];`).join(' ')}
      ${vectors(
        (u) => `{ let rdAt = deltaTangentAt(v${u}, l, row, column);
        ${sides.map((c) => `let rd${c} = s${u} * tangents[rdAt + column${c}At];`).join(' ')}
          ${each((r, c) => four((q) => `g${u}_${r}${c}${q} += ra${u}_${r}.${axes[q]} * d${c} + a${r}.${axes[q]} * rd${c};`))} }`,
      )}
    }
  }
  let weightScale = select(HIDDEN_SCALE, FIRST_SCALE, l == 0u);
  let p = weightAt(l) + 4u * kq * QUADS + column;
  ${each((r, c) => `if (kq + ${r}u < rowQuads && column + ${c}u < QUADS) { ${vectors((u) => four((q) => `products[v${u} * SEED_QUADS + p + ${4 * r + q}u * QUADS + ${c}u] = weightScale * g${u}_${r}${c}${q};`))} }`)}
}`
}
