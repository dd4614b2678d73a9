// H1 for software adapters: a thread takes whole rows of a block of vectors, so that nearly everything it reads is its own.
//
// The tangents of a thread's rows and what stands beside them (activations on the way forward, deltas on the way back) are its
// private memory at constant places, where reading costs nothing; each weight and direction is read once for all its rows.
// Threads meet only to agree on the exponents of their tile. Formulas, buffers, exponents and the order of every sum are those
// of `hessianForwardKernel.ts`. For networks without norms and skips.
//
//   workgroup  (x: tile, y: group of vectors), four threads       thread lid -> rows lid * R ..
//   x<u>, next<u>, beside: [R][QUADS] of each thread, u of the vectors together
import { hessianForwardPrelude } from './hessianForwardPrelude.ts'
import { curvatureRatio, tailsOfActivation } from './activationWgsl.ts'
import { agreementMemory, agreementStart, agreeOnTops } from './agreementWgsl.ts'
import { keepsPreactivations } from './kernelShape.ts'
import { agreeOnHead, tangentHeadParts } from './tangentHeadWgsl.ts'
import { type TangentShape } from './tangentLayout.ts'

const FOUR = [0, 1, 2, 3] as const
const AXES = ['x', 'y', 'z', 'w'] as const

/** WGSL of H1 for a tile of whole rows; entry point `main`, tiles x (vectors / together) workgroups. */
export function hessianRowsWgsl(shape: TangentShape): string {
  const { pass, together } = shape
  const { layout, tile } = pass
  const R = tile.rowsPerThread
  const n = layout.quads
  const keepZ = keepsPreactivations(layout)
  const ratio = curvatureRatio(layout.activation)
  const curved = ratio !== null
  // Whether act'' needs the product G.
  const full = ratio === 'full'
  const tails = tailsOfActivation(layout.activation) !== 'none'
  const rows = Array.from({ length: R }, (_, i) => i)
  const quads = Array.from({ length: n }, (_, k) => k)
  const vectors = (body: (u: number) => string): string => Array.from({ length: together }, (_, u) => body(u)).join('\n    ')
  const eachRow = (body: (i: number) => string): string => rows.map(body).join('\n        ')
  const eachEntry = (body: string): string => `for (var own = 0u; own < ${R * n}u; own++) {
      let row = firstRow + own / QUADS;
      let column = own % QUADS;
      ${body}
    }`
  const z = (layer: string): string => (keepZ ? `activations[Z_START + activationAt(0u, ${layer}, row, column)]` : 'vec4f(0.0)')
  const h = (layer: string): string => `activations[activationAt(0u, ${layer}, row, column)]`
  const readFour = (from: string, name: string, place: (q: number) => string, factor = ''): string =>
    FOUR.map((q) => `let ${name}${q} = ${factor}${from}[${place(q)}];`).join(' ')
  // Sums over k in order, as everywhere: those of vector u and row i go on from sum<u>_<i>_<k>.
  const products = (
    place: (k: number, q: number) => string,
    term: (x: string, w: string, y: string, v: string) => string,
    withG: boolean,
  ): string => `
      ${eachRow((i) => `${vectors((u) => `let sum${u}_${i}_0 = vec4f(0.0);`)} ${withG ? `let g${i}_0 = vec4f(0.0);` : ''}`)}
      ${quads
        .map(
          (k) => `${readFour('parameters', `w${k}_`, (q) => `w + ${place(k, q)}`)}
        ${vectors((u) => readFour('directions', `v${u}_${k}_`, (q) => `d${u} + ${place(k, q)}`, `t${u} * `))}
        ${eachRow(
          (i) => `let y${k}_${i} = beside[${i * n + k}];
        ${withG ? `let g${i}_${k + 1} = g${i}_${k} + vec4f(${FOUR.map((q) => `dot(y${k}_${i}, w${k}_${q})`).join(', ')});` : ''}
        ${vectors((u) => `let x${k}_${i}_${u} = x${u}[${i * n + k}]; let sum${u}_${i}_${k + 1} = sum${u}_${i}_${k} + ${term(`x${k}_${i}_${u}`, `w${k}_`, `y${k}_${i}`, `v${u}_${k}_`)};`)}`,
        )}`,
        )
        .join('\n        ')}`
  // Takes the excess out of a tile that lies in x and in memory at `place`; leaves its new exponent in e and the old one in old.
  const settle = (place: (u: number) => string, exponent: (u: number) => string): string =>
    vectors(
      (u) => `let bits${u} = atomicLoad(&largestBits[slot * ${together}u + ${u}u]);
    let de${u} = excess(bits${u});
    let old${u} = e${u};
    e${u} = select(e${u} + de${u}, NO_EXPONENT, bits${u} == 0u || e${u} < NO_EXPONENT / 2);
    if (de${u} != 0) { let s = exp2i(-de${u}); ${eachEntry(`tangents[${place(u)}] = x${u}[own] * s;`)} }
    if (lid == 0u) { ${exponent(u)} = e${u}; }`,
    )
  const clearNextSlot = `if (lid == 0u) { ${vectors((u) => `atomicStore(&largestBits[((slot + 2u) % 3u) * ${together}u + ${u}u], 0u);`)} }
    slot = (slot + 1u) % 3u;`
  const noteSizes = vectors((u) => `atomicMax(&largestBits[slot * ${together}u + ${u}u], size${u});`)
  // Brings the tangents that were left to the exponent en of the sums.
  const brought = vectors(
    (u) => `let s${u} = select(exp2i(old${u} - en${u}), 0.0, e${u} < NO_EXPONENT / 2);
    let t${u} = exp2i(ev${u} - en${u});
    if (s${u} != 1.0) { for (var own = 0u; own < ${R * n}u; own++) { x${u}[own] *= s${u}; } }`,
  )
  const take = vectors((u) => `x${u} = next${u};`)
  const head = tangentHeadParts(
    { ...shape, pass: { ...pass, tile: { ...tile, rowsPerThread: 1 } } },
    (u, _half, _row, column) => `x${u}[row0 * QUADS + ${column}]`,
    () => (keepZ ? 'activations[Z_START + activationAt(0u, LAYERS, tileRow, column)]' : 'vec4f(0.0)'),
  )
  const rz = (u: number): string => `tangents[curvedAt(v${u}, l, row, column)]`
  const allNoted = (bound: (u: number) => string): string =>
    Array.from({ length: together }, (_, u) => `noted${u} >= ${bound(u)}`).join(' && ')
  // Both terms of the delta's tangent have powers of their own; the larger of them is taken out.
  const bothTerms = `let slope = hiddenSlopeTails(${z('l')}, ${h('l')}, ea);
      ${
        full
          ? `let bend = hiddenCurvatureTails(${z('l')}, ${h('l')}, ea); let bentBy = HIDDEN_SCALE * bend.mantissa * bent[own];`
          : `let bentBy = curvatureRatio(${z('l')}, ea) * deltas[deltaAt(0u, l - 1u, row, column)];`
      }`
  const eachOutput = (body: string): string => `for (var column = 0u; column < QUADS; column++) {
      ${vectors((u) => `var r${u}_0 = next${u}[row0 * QUADS + column];`)}
      ${head.opening}
      ${body}
    }`
  return `${hessianForwardPrelude(shape)}
var<workgroup> largestBits: array<atomic<u32>, ${3 * together}>;
${tails ? agreementMemory(together) : ''}
fn curvatureRatio(z: vec4f, e: i32) -> vec4f { ${curved && !full ? `let x = z * exp2i(e); return ${ratio};` : 'return vec4f(0.0);'} }

@compute @workgroup_size(${tile.rows / R})
fn main(@builtin(local_invocation_index) lid: u32, @builtin(workgroup_id) group: vec3u) {
  let tileNumber = group.x + span.first.x;
  let firstRow = tileNumber * TILE_ROWS + lid * ${R}u;
  ${vectors((u) => `let v${u} = (group.y + span.first.y) * ${together}u + ${u}u; var e${u} = NO_EXPONENT;`)}
  ${vectors((u) => `var x${u}: array<vec4f, ${R * n}>; var next${u}: array<vec4f, ${R * n}>;`)}
  var beside: array<vec4f, ${R * n}>;
  ${full ? `var bent: array<vec4f, ${R * n}>;` : ''}
  ${tails ? agreementStart(together) : ''}
  var slot = 0u;
  if (lid == 0u) { for (var i = 0u; i < ${3 * together}u; i++) { atomicStore(&largestBits[i], 0u); } }
  workgroupBarrier();

  for (var l = 0u; l < LAYERS; l++) {
    let weightScale = select(HIDDEN_SCALE, FIRST_SCALE, l == 0u);
    ${settle(
      (u) => `tangentAt(v${u}, l, row, column)`,
      (u) => `tangentExponents[tangentExponent(v${u}, l, tileNumber)]`,
    )}
    ${clearNextSlot}
    let ea = exponents[exponentForward(0u, l, tileNumber)];
    ${vectors(
      (u) => `let ev${u} = summed(ea, tangentExponents[directionExponent(v${u}, l, 0u)]);
    ${layout.bias ? `let eb${u} = tangentExponents[directionExponent(v${u}, l, 1u)];` : `let eb${u} = NO_EXPONENT;`}
    var en${u} = max(max(e${u}, ev${u}), eb${u});
    if (en${u} < NO_EXPONENT / 2) { en${u} = 0; }`,
    )}
    ${brought}
    ${vectors((u) => `${layout.bias ? `let biasShare${u} = BIAS_SCALE * exp2i(eb${u} - en${u});` : ''} e${u} = en${u}; var size${u} = 0u;`)}
    if (l == 0u) {
      // the data, which no vector moves
      for (var c = 0u; c < QUADS; c++) {
        ${eachRow((i) => vectors((u) => `var r${u}_${i} = vec4f(0.0);`))}
        for (var k = 0u; k < IN_QUADS; k++) {
          ${vectors((u) => readFour('directions', `v${u}_`, (q) => `v${u} * SEED_QUADS + weightAt(l) + (4u * k + ${q}u) * QUADS + c`))}
          ${eachRow((i) => `{ let x = rows[(firstRow + ${i}u) * ROW_QUADS + k]; ${vectors((u) => `r${u}_${i} += ${FOUR.map((q) => `x.${AXES[q]} * v${u}_${q}`).join(' + ')};`)} }`)}
        }
        ${eachRow((i) => vectors((u) => `next${u}[${i}u * QUADS + c] = r${u}_${i} * t${u};`))}
      }
    } else {
      ${eachEntry(`beside[own] = ${h('l')};`)}
      for (var c = 0u; c < QUADS; c++) {
        let w = weightAt(l) + c;
        ${vectors((u) => `let d${u} = v${u} * SEED_QUADS + w;`)}
        ${products(
          (k, q) => `${4 * k + q}u * QUADS`,
          (x, w, y, v) =>
            `(${[...FOUR.map((q) => `${x}.${AXES[q]} * ${w}${q}`), ...FOUR.map((q) => `${y}.${AXES[q]} * ${v}${q}`)].join(' + ')})`,
          false,
        )}
        ${eachRow((i) => vectors((u) => `next${u}[${i}u * QUADS + c] = sum${u}_${i}_${n};`))}
      }
    }
    let isHidden = l < LAYERS - 1u;
    let eh = ${keepZ ? 'exponents[exponentArgument(0u, l, tileNumber)]' : '0'};
    ${
      tails
        ? `${vectors((u) => `var noted${u} = 0u;`)}
    ${eachEntry(`if (!isHidden || (${allNoted(() => 'u32(TAIL_OFFSET)')})) { break; }
      if (row >= span.first.w) { continue; }
      let powers = hiddenSlopeTails(${z('l + 1u')}, ${z('l + 1u')}, eh).power;
      ${vectors(
        (u) => `{ var r = next${u}[own] * weightScale;
      ${layout.bias ? `r += directions[v${u} * SEED_QUADS + biasAt(l) + column] * biasShare${u};` : ''}
      noted${u} = max(noted${u}, tailSize(r, powers)); }`,
      )}`)}
    ${curved ? `if (isHidden && lid == 0u) { ${vectors((u) => `tangentExponents[curvedExponent(v${u}, l + 1u, tileNumber)] = e${u};`)} }` : ''}
    ${agreeOnTops(together)}
    ${vectors((u) => `let power${u} = tailExponent(found${u}); e${u} = lowered(e${u}, power${u});`)}`
        : ''
    }
    ${eachEntry(`${
      tails
        ? `var slope = Tails(vec4f(1.0), vec4i(0));
      if (isHidden) { slope = hiddenSlopeTails(${z('l + 1u')}, ${h('l + 1u')}, eh); }`
        : `var slope = vec4f(1.0);
      if (isHidden) { slope = hiddenSlope(${z('l + 1u')}, ${h('l + 1u')}, eh); }`
    }
      ${vectors(
        (u) => `var r${u} = next${u}[own] * weightScale;
      ${layout.bias ? `r${u} += directions[v${u} * SEED_QUADS + biasAt(l) + column] * biasShare${u};` : ''}
      if (isHidden) {
        ${curved ? `tangents[curvedAt(v${u}, l + 1u, row, column)] = r${u};` : ''}
        r${u} *= ${tails ? `ofTails(slope, power${u})` : 'slope'};
        tangents[tangentAt(v${u}, l + 1u, row, column)] = r${u};
        size${u} = max(size${u}, sizeBits(r${u}));
      }
      next${u}[own] = r${u};`,
      )}`)}
    if (isHidden) {
      ${curved && !tails ? `if (lid == 0u) { ${vectors((u) => `tangentExponents[curvedExponent(v${u}, l + 1u, tileNumber)] = e${u};`)} }` : ''}
      ${noteSizes}
      ${take}
    }
    workgroupBarrier();
  }

  ${
    head.sizes === ''
      ? ''
      : `var headSize = 0u;
  for (var row0 = 0u; row0 < ${R}u; row0++) {
    let tileRow = firstRow + row0;
    ${eachOutput(`${head.middle}\n      ${head.sizes}`)}
  }
  ${agreeOnHead(shape)}`
  }
  for (var row0 = 0u; row0 < ${R}u; row0++) {
    let tileRow = firstRow + row0;
    ${head.meeting === '' ? '' : eachOutput(head.meeting)}
    ${eachOutput(`${head.middle}\n      ${head.rest}
      ${vectors((u) => `next${u}[row0 * QUADS + column] = r${u}_0;`)}`)}
  }
  ${head.sizes === '' ? '' : vectors((u) => `e${u} += ehead;`)}
  ${take}
  // Everybody has read the outputs; and lid 0 has written the exponents that all read below.
  workgroupBarrier();
  storageBarrier();
  if (lid == 0u) { for (var i = 0u; i < ${3 * together}u; i++) { atomicStore(&largestBits[i], 0u); } }
  slot = 0u;
  workgroupBarrier();
  {
    ${vectors((u) => `var size${u} = 0u;`)}
    ${eachEntry(vectors((u) => `tangents[deltaTangentAt(v${u}, LAYERS - 1u, row, column)] = x${u}[own]; size${u} = max(size${u}, sizeBits(x${u}[own]));`))}
    ${noteSizes}
  }
  workgroupBarrier();
  for (var down = 1u; down <= LAYERS; down++) {
    let l = LAYERS - down;
    ${settle(
      (u) => `deltaTangentAt(v${u}, l, row, column)`,
      (u) => `tangentExponents[deltaTangentExponent(v${u}, l, tileNumber)]`,
    )}
    if (l == 0u) { break; }
    ${clearNextSlot}
    let ed = exponents[exponentBackward(0u, l, tileNumber)];
    ${keepZ ? 'let ea = exponents[exponentArgument(0u, l - 1u, tileNumber)];' : 'let ea = 0;'}
    ${curved ? `let below = ${full ? 'ed' : 'exponents[exponentBackward(0u, l - 1u, tileNumber)]'};` : ''}
    ${vectors(
      (u) => `let ev${u} = summed(ed, tangentExponents[directionExponent(v${u}, l, 0u)]);
    let ec${u} = ${curved ? `summed(below, tangentExponents[curvedExponent(v${u}, l, tileNumber)])` : 'NO_EXPONENT'};
    var en${u} = max(e${u}, ${tails ? `ev${u}` : `max(ev${u}, ec${u})`});
    if (en${u} < NO_EXPONENT / 2) { en${u} = 0; }`,
    )}
    ${brought}
    ${vectors((u) => `e${u} = en${u}; var size${u} = 0u; ${tails ? '' : `let bend${u} = exp2i(ec${u} - en${u});`}`)}
    ${eachEntry('beside[own] = deltas[deltaAt(0u, l, row, column)];')}
    for (var c = 0u; c < QUADS; c++) {
      let w = weightAt(l) + 4u * c * QUADS;
      ${vectors((u) => `let d${u} = v${u} * SEED_QUADS + w;`)}
      ${products(
        (k, q) => `${q}u * QUADS + ${k}u`,
        (x, w, y, v) => `vec4f(${FOUR.map((q) => `dot(${x}, ${w}${q}) + dot(${y}, ${v}${q})`).join(', ')})`,
        full,
      )}
      ${eachRow((i) => `${vectors((u) => `next${u}[${i}u * QUADS + c] = sum${u}_${i}_${n};`)} ${full ? `bent[${i}u * QUADS + c] = g${i}_${n};` : ''}`)}
    }
    ${
      tails
        ? `${vectors((u) => `var noted${u} = 0u; let isBent${u} = ec${u} > NO_EXPONENT / 2; let most${u} = u32(max(en${u}, ec${u}) + TAIL_OFFSET);`)}
    ${eachEntry(`if (${allNoted((u) => `most${u}`)}) { break; }
      ${bothTerms}
      ${vectors(
        (u) => `noted${u} = max(noted${u}, tailSize(next${u}[own], slope.power + en${u}));
      if (isBent${u}) { noted${u} = max(noted${u}, tailSize(bentBy * ${rz(u)}, vec4i(ec${u})${full ? ' + bend.power' : ''})); }`,
      )}`)}
    ${agreeOnTops(together)}
    ${vectors((u) => `let power${u} = select(tailExponent(found${u}), en${u}, found${u} == 0u); e${u} = lowered(power${u}, 0); ${full ? '' : `let bend${u} = exp2i(min(ec${u} - power${u}, 0));`}`)}
    ${eachEntry(`${bothTerms}
      ${vectors(
        (
          u,
        ) => `let r${u} = HIDDEN_SCALE * ofTails(slope, power${u} - en${u}) * next${u}[own] + bentBy * ${full ? `exp2v(min(bend.power + ec${u} - power${u}, vec4i(0)))` : `bend${u}`} * ${rz(u)};
      tangents[deltaTangentAt(v${u}, l - 1u, row, column)] = r${u};
      size${u} = max(size${u}, sizeBits(r${u}));
      x${u}[own] = r${u};`,
      )}`)}`
        : eachEntry(`let slope = HIDDEN_SCALE * hiddenSlope(${z('l')}, ${h('l')}, ea);
      ${full ? `let curvature = HIDDEN_SCALE * hiddenCurvature(${z('l')}, ${h('l')}, ea) * bent[own];` : ''}
      ${curved && !full ? `let curvature = curvatureRatio(${z('l')}, ea) * deltas[deltaAt(0u, l - 1u, row, column)];` : ''}
      ${vectors(
        (u) => `let r${u} = slope * next${u}[own]${curved ? ` + bend${u} * curvature * tangents[curvedAt(v${u}, l, row, column)]` : ''};
      tangents[deltaTangentAt(v${u}, l - 1u, row, column)] = r${u};
      size${u} = max(size${u}, sizeBits(r${u}));
      x${u}[own] = r${u};`,
      )}`)
    }
    ${noteSizes}
    workgroupBarrier();
  }
}`
}
