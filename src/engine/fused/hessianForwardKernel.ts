// H1: the tangents of a block of vectors through all layers in one dispatch (Pearlmutter's R-operator).
//
//   forward   RZ_{l+1} = s (RA_l W_l + A_l V_l) + biasScale b_V,   RA = act'(z) RZ
//   backward  RD_{l-1} = act'(z) s (RD_l W_l^T + D_l V_l^T) + act''(z) RZ_l (s D_l W_l^T)
//
// Norms and skips stand between these, see `normAndSkipTangentWgsl.ts`. After K1 has left A (and Z) and D. One workgroup owns a tile of rows and `together` vectors, which share the reading of
// weights, activations and deltas; threads, ping-pong and exponents are those of K1, once for each vector:
//
//   workgroup  (x: tile, y: group of vectors)          sh [vector of the group][2][tileRows][QUADS]
//   directions [vector][parameters as in K1], rows [row][inQuads | QUADS]: inputs and targets of the rows
//
// Source: Pearlmutter 1994.
import { hessianForwardPrelude } from './hessianForwardPrelude.ts'
import { curvatureRatio, tailsOfActivation } from './activationWgsl.ts'
import { agreementMemory, agreementStart, agreeOnTops } from './agreementWgsl.ts'
import { isPlain, keepsPreactivations } from './kernelShape.ts'
import {
  agreementLanes,
  clearSent,
  deltaTangentThroughNormAndSkip,
  sentBytes,
  sentMemory,
  tangentThroughNormAndSkip,
} from './normAndSkipTangentWgsl.ts'
import { tangentHeadWgsl } from './tangentHeadWgsl.ts'
import { type TangentShape } from './tangentLayout.ts'

/** Bytes of workgroup memory that one workgroup of H1 takes. */
export function tangentWorkgroupBytes(shape: TangentShape): number {
  const { layout, tile } = shape.pass
  return shape.together * (32 * tile.rows * layout.quads + 20) + 8 + sentBytes(shape)
}

/** WGSL of H1; entry point `main`, tiles x (vectors / together) workgroups. */
export function hessianForwardWgsl(shape: TangentShape): string {
  const { pass, together } = shape
  const { layout, tile } = pass
  const R = tile.rowsPerThread
  const threads = (layout.quads * tile.rows) / R
  const keepZ = keepsPreactivations(layout)
  const ratio = curvatureRatio(layout.activation)
  const curved = ratio !== null
  const plain = isPlain(layout)
  const skips = layout.skips !== null
  // Whether act'' needs the product G; with norms and skips it always does.
  const full = ratio === 'full' || (curved && !plain)
  const hasTails = tailsOfActivation(layout.activation) !== 'none'
  const tails = plain && hasTails
  const lanes = plain ? together : agreementLanes(shape)
  const rows = (body: (i: number) => string): string => Array.from({ length: R }, (_, i) => body(i)).join('\n    ')
  const vectors = (body: (u: number) => string): string => Array.from({ length: together }, (_, u) => body(u)).join('\n    ')
  const each = (body: (u: number, i: number) => string): string => vectors((u) => rows((i) => body(u, i)))
  const shared = (u: number, half: string, i: number, column: string): string =>
    `sh[${u * 2 * tile.rows * layout.quads}u + ${half} + (row0 + ${i}u) * QUADS + ${column}]`
  const h = (layer: string, i: number): string => `activations[activationAt(0u, ${layer}, tileRow + ${i}u, column)]`
  const z = (layer: string, i: number): string =>
    keepZ ? `activations[Z_START + activationAt(0u, ${layer}, tileRow + ${i}u, column)]` : 'vec4f(0.0)'
  const noteSizes = vectors((u) => {
    const largest = Array.from({ length: R }, (_, i) => `sizeBits(r${u}_${i})`).reduce((a, b) => `max(${a}, ${b})`)
    return `atomicMax(&largestBits[slot * ${together}u + ${u}u], ${largest});`
  })
  const swapHalves = `workgroupBarrier();
    { let swap = cur; cur = nxt; nxt = swap; }`
  const clearNextSlot = `if (lid == 0u) { ${vectors((u) => `atomicStore(&largestBits[((slot + 2u) % 3u) * ${together}u + ${u}u], 0u);`)} }
    slot = (slot + 1u) % 3u;`
  const readWeights = (from: string, name: string, base: string): string =>
    [0, 1, 2, 3].map((q) => `let ${name}${q} = ${from}[${base}${q === 0 ? '' : ` + ${q}u * QUADS`}];`).join(' ')
  const readDirections = vectors((u) => readWeights('directions', `v${u}_`, `v${u} * SEED_QUADS + p`))
  // Takes the excess out of a tile that lies in r and in memory at `place`; leaves its new exponent in e and the old one in old.
  const settle = (place: (u: number, i: number) => string, exponent: (u: number) => string): string =>
    vectors(
      (u) => `let bits${u} = atomicLoad(&largestBits[slot * ${together}u + ${u}u]);
    let de${u} = excess(bits${u});
    let old${u} = e${u};
    e${u} = select(e${u} + de${u}, NO_EXPONENT, bits${u} == 0u || e${u} < NO_EXPONENT / 2);
    if (de${u} != 0) { let s = exp2i(-de${u}); ${rows((i) => `${place(u, i)} = r${u}_${i} * s;`)} }
    if (lid == 0u) { ${exponent(u)} = e${u}; }`,
    )
  const forwardExponents = vectors(
    (u) => `let ev${u} = summed(ea, tangentExponents[directionExponent(v${u}, l, 0u)]);
    ${layout.bias ? `let eb${u} = tangentExponents[directionExponent(v${u}, l, 1u)];` : `let eb${u} = NO_EXPONENT;`}
    var en${u} = max(max(e${u}, ev${u}), eb${u});
    ${plain ? '' : `let isStill${u} = en${u} < NO_EXPONENT / 2;`}if (en${u} < NO_EXPONENT / 2) { en${u} = 0; }
    let s${u} = select(exp2i(old${u} - en${u}), 0.0, e${u} < NO_EXPONENT / 2);
    let t${u} = exp2i(ev${u} - en${u});`,
  )
  const fromShared = each((u, i) => `r${u}_${i} = ${shared(u, 'nxt', i, 'column')};`)
  const plainForward = (): string => `
      let eh = ${keepZ ? 'exponents[exponentArgument(0u, l, tileNumber)]' : '0'};
      ${curved ? each((u, i) => `tangents[curvedAt(v${u}, l + 1u, tileRow + ${i}u, column)] = r${u}_${i};`) : ''}
      ${curved ? `if (lid == 0u) { ${vectors((u) => `tangentExponents[curvedExponent(v${u}, l + 1u, tileNumber)] = e${u};`)} }` : ''}
      ${
        tails
          ? `${rows((i) => `let slope${i} = hiddenSlopeTails(${z('l + 1u', i)}, ${h('l + 1u', i)}, eh);`)}
      ${vectors((u) => `var noted${u} = 0u;`)}
      ${rows((i) => `if (tileRow + ${i}u < span.first.w) { ${vectors((u) => `noted${u} = max(noted${u}, tailSize(r${u}_${i}, slope${i}.power));`)} }`)}
      ${agreeOnTops(together)}
      ${vectors((u) => `let power${u} = tailExponent(found${u}); e${u} = lowered(e${u}, power${u});`)}
      ${each((u, i) => `r${u}_${i} *= ofTails(slope${i}, power${u});`)}`
          : rows((i) => `{ let slope = hiddenSlope(${z('l + 1u', i)}, ${h('l + 1u', i)}, eh); ${vectors((u) => `r${u}_${i} *= slope;`)} }`)
      }
      ${each((u, i) => `tangents[tangentAt(v${u}, l + 1u, tileRow + ${i}u, column)] = r${u}_${i}; ${shared(u, 'nxt', i, 'column')} = r${u}_${i};`)}
      ${noteSizes}`
  const forwardThroughBlocks = (): string => `
      ${vectors((u) => `if (isStill${u}) { e${u} = NO_EXPONENT; }`)}
      ${each((u, i) => `${shared(u, 'nxt', i, 'column')} = r${u}_${i};`)}
      ${tangentThroughNormAndSkip(shape)}
      ${fromShared}`
  const finishForward = `
    ${each((u, i) => `r${u}_${i} = r${u}_${i} * weightScale;`)}
    ${layout.bias ? vectors((u) => `{ let b = directions[v${u} * SEED_QUADS + biasAt(l) + column] * (BIAS_SCALE * exp2i(eb${u} - en${u})); ${rows((i) => `r${u}_${i} += b;`)} }`) : ''}
    ${vectors((u) => `e${u} = en${u};`)}
    if (l < LAYERS - 1u) {${plain ? plainForward() : forwardThroughBlocks()}
    }`
  const plainBackwardExponents =
    (): string => `${curved ? `let below = ${full ? 'ed' : 'exponents[exponentBackward(0u, l - 1u, tileNumber)]'};` : ''}
    ${vectors(
      (u) => `let ev${u} = summed(ed, tangentExponents[directionExponent(v${u}, l, 0u)]);
    let ec${u} = ${curved ? `summed(below, tangentExponents[curvedExponent(v${u}, l, tileNumber)])` : 'NO_EXPONENT'};
    var en${u} = max(e${u}, ${tails ? `ev${u}` : `max(ev${u}, ec${u})`});
    if (en${u} < NO_EXPONENT / 2) { en${u} = 0; }
    let s${u} = select(exp2i(old${u} - en${u}), 0.0, e${u} < NO_EXPONENT / 2);
    let t${u} = exp2i(ev${u} - en${u});
    e${u} = en${u};`,
    )}`
  const rz = (u: number, i: number): string => `tangents[curvedAt(v${u}, l, tileRow + ${i}u, column)]`
  // Both terms have powers of their own; the larger of them is taken out.
  const plainBackwardTails = (): string => `
    ${rows(
      (i) => `let slope${i} = hiddenSlopeTails(${z('l', i)}, ${h('l', i)}, ea);
    ${
      full
        ? `let bend${i} = hiddenCurvatureTails(${z('l', i)}, ${h('l', i)}, ea); let bent${i} = HIDDEN_SCALE * bend${i}.mantissa * g${i};`
        : `let bent${i} = curvatureRatio(${z('l', i)}, ea) * deltas[deltaAt(0u, l - 1u, tileRow + ${i}u, column)];`
    }`,
    )}
    ${vectors((u) => `var noted${u} = 0u; let isBent${u} = ec${u} > NO_EXPONENT / 2;`)}
    ${each(
      (u, i) => `noted${u} = max(noted${u}, tailSize(r${u}_${i}, slope${i}.power + en${u}));
    if (isBent${u}) { noted${u} = max(noted${u}, tailSize(bent${i} * ${rz(u, i)}, vec4i(ec${u})${full ? ` + bend${i}.power` : ''})); }`,
    )}
    ${agreeOnTops(together)}
    ${vectors((u) => `let power${u} = select(tailExponent(found${u}), en${u}, found${u} == 0u); e${u} = lowered(power${u}, 0);`)}
    ${each(
      (u, i) =>
        `r${u}_${i} = HIDDEN_SCALE * ofTails(slope${i}, power${u} - en${u}) * r${u}_${i} + bent${i} * ${full ? `exp2v(min(bend${i}.power + ec${u} - power${u}, vec4i(0)))` : `exp2i(min(ec${u} - power${u}, 0))`} * ${rz(u, i)};`,
    )}`
  const plainBackward = (): string => `
    ${
      tails
        ? plainBackwardTails()
        : rows(
            (i) => `{ let slope = HIDDEN_SCALE * hiddenSlope(${z('l', i)}, ${h('l', i)}, ea);
      ${full ? `let curvature = HIDDEN_SCALE * hiddenCurvature(${z('l', i)}, ${h('l', i)}, ea) * g${i};` : ''}
      ${curved && !full ? `let curvature = curvatureRatio(${z('l', i)}, ea) * deltas[deltaAt(0u, l - 1u, tileRow + ${i}u, column)];` : ''}
      ${vectors((u) => `r${u}_${i} = slope * r${u}_${i}${curved ? ` + exp2i(ec${u} - en${u}) * curvature * tangents[curvedAt(v${u}, l, tileRow + ${i}u, column)]` : ''};`)} }`,
          )
    }
    ${each((u, i) => `${shared(u, 'nxt', i, 'column')} = r${u}_${i}; tangents[deltaTangentAt(v${u}, l - 1u, tileRow + ${i}u, column)] = r${u}_${i};`)}
    ${noteSizes}`
  const blockBackwardExponents = (): string =>
    vectors(
      (u) => `let ev${u} = summed(ed, tangentExponents[directionExponent(v${u}, l, 0u)]);
    let en${u} = max(e${u}, ev${u});
    let s${u} = select(exp2i(old${u} - en${u}), 0.0, e${u} < NO_EXPONENT / 2);
    let t${u} = exp2i(ev${u} - en${u});
    e${u} = select(en${u}, NO_EXPONENT, en${u} < NO_EXPONENT / 2);`,
    )
  const backwardThroughBlocks = (): string => `
    ${each((u, i) => `${shared(u, 'nxt', i, 'column')} = HIDDEN_SCALE * r${u}_${i};`)}
    ${deltaTangentThroughNormAndSkip(shape)}
    ${fromShared}`
  return `${hessianForwardPrelude(shape)}
var<workgroup> sh: array<vec4f, ${together * 2 * tile.rows * layout.quads}>;
var<workgroup> largestBits: array<atomic<u32>, ${3 * together}>;
${sentMemory(shape)}
${hasTails ? agreementMemory(lanes) : ''}
fn curvatureRatio(z: vec4f, e: i32) -> vec4f { ${curved && !full ? `let x = z * exp2i(e); return ${ratio};` : 'return vec4f(0.0);'} }

@compute @workgroup_size(${threads})
fn main(@builtin(local_invocation_index) lid: u32, @builtin(workgroup_id) group: vec3u) {
  let column = lid % QUADS;
  ${plain ? '' : 'let columns = 4u * vec4u(column) + vec4u(0u, 1u, 2u, 3u);'}
  let row0 = (lid / QUADS) * ${R}u;
  let tileNumber = group.x + span.first.x;
  let tileRow = tileNumber * TILE_ROWS + row0;
  ${vectors((u) => `let v${u} = (group.y + span.first.y) * ${together}u + ${u}u; var e${u} = NO_EXPONENT;`)}
  ${hasTails ? agreementStart(lanes) : ''}
  var cur = 0u;
  var nxt = TILE_ROWS * QUADS;
  var slot = 0u;
  if (lid == 0u) { for (var i = 0u; i < ${3 * together}u; i++) { atomicStore(&largestBits[i], 0u); } }
  ${each((u, i) => `var r${u}_${i} = vec4f(0.0);`)}
  ${skips ? `var turn = 0u; var skippedBase = NO_EXPONENT; ${vectors((u) => `var skipped${u} = NO_EXPONENT;`)}` : ''}
  workgroupBarrier();

  for (var l = 0u; l < LAYERS; l++) {
    let weightScale = select(HIDDEN_SCALE, FIRST_SCALE, l == 0u);
    ${settle(
      (u, i) => `tangents[tangentAt(v${u}, l, tileRow + ${i}u, column)]`,
      (u) => `tangentExponents[tangentExponent(v${u}, l, tileNumber)]`,
    )}
    ${skips ? `if (startsBlock(l)) { ${vectors((u) => `skipped${u} = e${u};`)} }` : ''}${clearNextSlot}
    let ea = exponents[exponentForward(0u, l, tileNumber)];
    ${forwardExponents}
    ${each((u, i) => `r${u}_${i} = vec4f(0.0);`)}
    let w = weightAt(l) + column;
    if (l == 0u) {
      // the data, which no vector moves
      for (var k = 0u; k < IN_QUADS; k++) {
        let p = w + 4u * k * QUADS;
        ${readDirections}
        ${rows((i) => `{ let x = rows[(tileRow + ${i}u) * ROW_QUADS + k]; ${vectors((u) => `r${u}_${i} += x.x * v${u}_0 + x.y * v${u}_1 + x.z * v${u}_2 + x.w * v${u}_3;`)} }`)}
      }
      ${each((u, i) => `r${u}_${i} *= t${u};`)}
    } else {
    for (var k = 0u; k < QUADS; k++) {
      let p = w + 4u * k * QUADS;
      ${readWeights('parameters', 'w', 'p')}
      ${readDirections}
      ${rows(
        (i) => `{ let a = activations[activationAt(0u, l, tileRow + ${i}u, k)];
      ${vectors((u) => `{ let x = s${u} * ${shared(u, 'cur', i, 'k')}; let y = t${u} * a; r${u}_${i} += x.x * w0 + x.y * w1 + x.z * w2 + x.w * w3 + y.x * v${u}_0 + y.y * v${u}_1 + y.z * v${u}_2 + y.w * v${u}_3; }`)} }`,
      )}
    }
    }
    ${finishForward}
    ${swapHalves}
  }

  ${tangentHeadWgsl(shape, shared, (i) => z('LAYERS', i))}
  // Everybody has read the outputs; and lid 0 has written the exponents that all read below.
  workgroupBarrier();
  storageBarrier();
  if (lid == 0u) { for (var i = 0u; i < ${3 * together}u; i++) { atomicStore(&largestBits[i], 0u); } ${clearSent(shape)}}
  slot = 0u;
  workgroupBarrier();
  ${each((u, i) => `${shared(u, 'cur', i, 'column')} = r${u}_${i}; tangents[deltaTangentAt(v${u}, LAYERS - 1u, tileRow + ${i}u, column)] = r${u}_${i};`)}
  ${noteSizes}
  workgroupBarrier();
  for (var i = 1u; i <= LAYERS; i++) {
    let l = LAYERS - i;
    ${settle(
      (u, i) => `tangents[deltaTangentAt(v${u}, l, tileRow + ${i}u, column)]`,
      (u) => `tangentExponents[deltaTangentExponent(v${u}, l, tileNumber)]`,
    )}
    if (l == 0u) { break; }
    ${clearNextSlot}
    let ed = exponents[exponentBackward(0u, l, tileNumber)];
    ${keepZ ? 'let ea = exponents[exponentArgument(0u, l - 1u, tileNumber)];' : 'let ea = 0;'}
    ${plain ? plainBackwardExponents() : blockBackwardExponents()}
    ${each((u, i) => `r${u}_${i} = vec4f(0.0);`)}
    ${full ? (plain ? rows((i) => `var g${i} = vec4f(0.0);`) : `var g = array<vec4f, ${R}>();`) : ''}
    let w = weightAt(l) + 4u * column * QUADS;
    for (var k = 0u; k < QUADS; k++) {
      let p = w + k;
      ${readWeights('parameters', 'w', 'p')}
      ${readDirections}
      ${rows(
        (i) => `{ let d = deltas[deltaAt(0u, l, tileRow + ${i}u, k)];
      ${full ? `${plain ? `g${i}` : `g[${i}]`} += vec4f(dot(d, w0), dot(d, w1), dot(d, w2), dot(d, w3));` : ''}
      ${vectors((u) => `{ let x = s${u} * ${shared(u, 'cur', i, 'k')}; let y = t${u} * d; r${u}_${i} += vec4f(dot(x, w0) + dot(y, v${u}_0), dot(x, w1) + dot(y, v${u}_1), dot(x, w2) + dot(y, v${u}_2), dot(x, w3) + dot(y, v${u}_3)); }`)} }`,
      )}
    }${plain ? plainBackward() : backwardThroughBlocks()}
    ${swapHalves}
  }
}`
}
