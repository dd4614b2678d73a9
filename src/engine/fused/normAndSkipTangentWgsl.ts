// What does H1 do with layer norms and skips? The derivatives of the pieces of `normAndSkipWgsl.ts` along every vector.
//
//   forward   RX = r (RZ - mean RZ) - shrink x,  shrink = r mean(x RZ),  then gamma RX + V_gamma x + V_beta
//   backward  with q = gamma n, n the delta of the norm's output, and Rq = gamma RN + V_gamma n:
//             r (Rq - mean Rq - RX mean(q x) - x mean(Rq x + q RX)) - shrink d
//   of two units, as in K1: RX = eps r^3 (RZ - mean RZ), and on the way back eps r^3 (Rq - mean Rq) - 3 shrink d
//
// Numbers lie in sh[nxt], one set a vector; exponents in e<u>, exactly NO_EXPONENT where all is 0. Row sums go through storage,
// [shrink, mean], later [shrink, mean Rq, mean(Rq x + q RX), mean(q x)]: workgroup memory is K1's to the last byte.
// What act'' multiplies is g = dL/dh, which K1 does not keep: with a skip it is no quotient of deltas, so it is summed again here.
//
// Source: Pearlmutter 1994 applied to Ba et al. 2016 and He et al. 2016.
import type { SkipSpec } from '../../core/networkSpec.ts'
import { tailsOfActivation } from './activationWgsl.ts'
import { agreeOnTops } from './agreementWgsl.ts'
import { throughNorm, withoutMean } from './normAndSkipWgsl.ts'
import { isCurved, type TangentShape } from './tangentLayout.ts'

/** Sizes of what blocks send back: one for each vector and one for g, of three blocks in turn. */
function sentLanes({ pass, together }: TangentShape): number {
  return pass.layout.skips === null ? 0 : together + (isCurved(pass.layout.activation) ? 1 : 0)
}

/** Powers that a tile agrees on at once: one for each vector and one for g. */
export function agreementLanes({ together }: TangentShape): number {
  return together + 1
}

/** Bytes of workgroup memory of these pieces. */
export function sentBytes(shape: TangentShape): number {
  return 12 * sentLanes(shape)
}

/** Workgroup memory of these pieces. */
export function sentMemory(shape: TangentShape): string {
  const lanes = sentLanes(shape)
  return lanes === 0 ? '' : `var<workgroup> sentBits: array<atomic<u32>, ${3 * lanes}>;`
}

/** Clears it, in one thread. */
export function clearSent(shape: TangentShape): string {
  const lanes = sentLanes(shape)
  return lanes === 0 ? '' : `for (var i = 0u; i < ${3 * lanes}u; i++) { atomicStore(&sentBits[i], 0u); }`
}

interface Texts {
  readonly vectors: (body: (u: number) => string) => string
  readonly eachRow: (body: string) => string
  /** A vector's entry of a layer in workgroup memory. */
  readonly own: (u: number, column?: string) => string
}

function textsOf({ pass, together }: TangentShape): Texts {
  const { layout, tile } = pass
  return {
    vectors: (body) => Array.from({ length: together }, (_, u) => body(u)).join('\n      '),
    eachRow: (body) => `for (var i = 0u; i < ${tile.rowsPerThread}u; i++) {
      let own = (row0 + i) * QUADS;
      let row = tileRow + i;
      ${body}
    }`,
    own: (u, column = 'column') => `sh[${2 * u * tile.rows * layout.quads}u + nxt + own + ${column}]`,
  }
}

/** From RZ of layer l in sh[nxt] to RA of layer l + 1, there and in memory. */
export function tangentThroughNormAndSkip(shape: TangentShape): string {
  const { layout } = shape.pass
  const { vectors, eachRow, own } = textsOf(shape)
  const curved = isCurved(layout.activation)
  const withSkip = (placement: SkipSpec['placement'], rest: (u: number) => string): string =>
    layout.skips?.placement === placement
      ? `if (endsBlock(l)) {
      ${vectors(
        (u) => `let joint${u} = max(e${u}, skipped${u});
      let branch${u} = BRANCH_SCALE * exp2i(e${u} - joint${u});
      let added${u} = SKIP_SCALE * exp2i(skipped${u} - joint${u});
      e${u} = joint${u};`,
      )}
      ${eachRow(vectors((u) => `{ let v = ${own(u)} * branch${u} + tangents[tangentAt(v${u}, l + 1u - SKIP_SPAN, row, column)] * added${u}; ${own(u)} = v; ${rest(u)} }`))}
    }`
      : ''
  const tails = tailsOfActivation(layout.activation) !== 'none'
  const forwardPowers = `${vectors((u) => `var noted${u} = 0u;`)} let noted${shape.together} = 0u;
    ${eachRow(`if (row >= span.first.w) { continue; }
      let z = activations[Z_START + activationAt(0u, l + 1u, row, column)];
      let powers = hiddenSlopeTails(z, z, ez).power;
      ${vectors((u) => `noted${u} = max(noted${u}, tailSize(${own(u)}, powers));`)}`)}
    ${agreeOnTops(agreementLanes(shape))}
    ${vectors((u) => `let power${u} = tailExponent(found${u}); e${u} = lowered(e${u}, power${u});`)}`
  return `
    ${layout.norm === null ? '' : normTangent(shape)}
    ${withSkip('preAct', () => '')}
    let ez = exponents[exponentArgument(0u, l, tileNumber)];
    ${curved ? `if (lid == 0u) { ${vectors((u) => `tangentExponents[curvedExponent(v${u}, l + 1u, tileNumber)] = e${u};`)} }` : ''}
    ${tails ? forwardPowers : ''}
    ${vectors((u) => `var size${u} = 0u;`)}
    ${eachRow(`let z = activations[Z_START + activationAt(0u, l + 1u, row, column)];
      let slope = ${tails ? 'hiddenSlopeTails' : 'hiddenSlope'}(z, z, ez);
      ${vectors(
        (u) => `{ let a = ${own(u)};
      ${curved ? `tangents[curvedAt(v${u}, l + 1u, row, column)] = a;` : ''}
      let h = ${tails ? `ofTails(slope, power${u})` : 'slope'} * a;
      ${own(u)} = h;
      size${u} = max(size${u}, sizeBits(h));
      tangents[tangentAt(v${u}, l + 1u, row, column)] = h; }`,
      )}`)}
    ${layout.skips?.placement === 'postAct' ? `if (endsBlock(l)) { ${vectors((u) => `size${u} = 0u;`)} }` : ''}
    ${withSkip('postAct', (u) => `size${u} = max(size${u}, sizeBits(v)); tangents[tangentAt(v${u}, l + 1u, row, column)] = v;`)}
    ${vectors((u) => `atomicMax(&largestBits[slot * ${shape.together}u + ${u}u], size${u});`)}`
}

function normTangent(shape: TangentShape): string {
  const { layout } = shape.pass
  const { vectors, eachRow, own } = textsOf(shape)
  const forward = (u: number): string => {
    const centred = `r * ${withoutMean(layout, own(u), 'sums.y')}`
    return throughNorm(layout, `${centred} - sums.x * x`, centred)
  }
  return `
    workgroupBarrier();
    if (column == 0u) {
      ${eachRow(`${vectors((u) => `var sums${u} = vec2f(0.0);`)}
      for (var k = 0u; k < QUADS; k++) {
        let x = activations[NORMED + deltaAt(0u, l, row, k)];
        ${vectors((u) => `{ let z = ${own(u, 'k')}; sums${u} += vec2f(dot(z, x), dot(z, vec4f(1.0))); }`)}
      }
      let r = activations[deviationAt(0u, l, row)].x;
      ${vectors((u) => `{ let means = sums${u} / f32(HIDDEN_COLUMNS); tangents[rowSumsAt(v${u}, l, row)] = vec4f(r * means.x, means.y, 0.0, 0.0); }`)}`)}
    }
    let ofDeviation = exponents[exponentNormScale(0u, l, tileNumber)];
    ${vectors(
      (u) => `let ex${u} = summed(e${u}, ofDeviation);
    let egamma${u} = tangentExponents[directionExponent(v${u}, l, 2u)];
    let ebeta${u} = tangentExponents[directionExponent(v${u}, l, 3u)];
    e${u} = max(ex${u}, max(egamma${u}, ebeta${u}));
    let ofMoved${u} = exp2i(ex${u} - e${u});
    if (lid == 0u) { tangentExponents[normedTangentExponent(v${u}, l, tileNumber)] = ex${u}; }`,
    )}
    storageBarrier();
    {
      let gamma = parameters[gammaAt(l) + column];
      ${vectors(
        (u) => `let ownGamma${u} = directions[v${u} * SEED_QUADS + gammaAt(l) + column] * exp2i(egamma${u} - e${u});
      let ownBeta${u} = directions[v${u} * SEED_QUADS + betaAt(l) + column] * exp2i(ebeta${u} - e${u});`,
      )}
      ${eachRow(`let x = activations[NORMED + deltaAt(0u, l, row, column)];
      let r = activations[deviationAt(0u, l, row)].x;
      ${vectors(
        (u) => `{ let sums = tangents[rowSumsAt(v${u}, l, row)];
      let moved = select(vec4f(0.0), ${forward(u)}, columns < vec4u(HIDDEN_COLUMNS));
      tangents[normedTangentAt(v${u}, l, row, column)] = moved;
      ${own(u)} = gamma * moved * ofMoved${u} + ownGamma${u} * x + ownBeta${u}; }`,
      )}`)}
    }`
}

/** From R(dL/dh) of layer l in sh[nxt], of this layer's branch alone, to RD of layer l - 1, there and in memory; g[i] is its base, of exponent ed. */
export function deltaTangentThroughNormAndSkip(shape: TangentShape): string {
  const { layout } = shape.pass
  const { norm, skips } = layout
  const { vectors, eachRow, own } = textsOf(shape)
  const curved = isCurved(layout.activation)
  const lanes = sentLanes(shape)
  const base = shape.together
  const joined = (suffix: string, exponent: string, lane: number): string => `
      let sent${suffix} = atomicLoad(&sentBits[turn * ${lanes}u + ${lane}u]);
      let joint${suffix} = max(${exponent}, select(skipped${suffix} + excess(sent${suffix}), NO_EXPONENT, sent${suffix} == 0u));
      let share${suffix} = exp2i(${exponent} - joint${suffix});
      let added${suffix} = select(exp2i(skipped${suffix} - joint${suffix}), 0.0, sent${suffix} == 0u);
      ${exponent} = joint${suffix};`
  // As in K1: what a block sends back is added before the block below it takes its own.
  const join =
    skips === null
      ? ''
      : `if (startsBlock(l)) {
      ${vectors((u) => joined(String(u), `e${u}`, u))}
      ${curved ? joined('Base', 'eg', base) : ''}
      turn = (turn + 1u) % 3u;
      if (lid == 0u) { for (var lane = 0u; lane < ${lanes}u; lane++) { atomicStore(&sentBits[((turn + 1u) % 3u) * ${lanes}u + lane], 0u); } }
      ${eachRow(`${vectors((u) => `${own(u)} = ${own(u)} * share${u} + SKIP_SCALE * (tangents[sentTangentAt(v${u}, row, column)] * added${u});`)}
      ${curved ? 'g[i] = g[i] * shareBase + SKIP_SCALE * (tangents[sentBaseAt(v0, row, column)] * addedBase);' : ''}`)}
    }`
  const remember = (placement: SkipSpec['placement'], variable: string, exponent: string): string =>
    skips?.placement === placement ? `if (ends) { ${variable} = ${exponent}; }` : ''
  const send = (placement: SkipSpec['placement'], u: number, value: string): string =>
    skips?.placement === placement
      ? `if (ends) { tangents[sentTangentAt(v${u}, row, column)] = ${value}; sentSize${u} = max(sentSize${u}, sizeBits(${value})); }`
      : ''
  const tails = tailsOfActivation(layout.activation) !== 'none'
  const basePowers = tails && skips?.placement === 'preAct'
  const bothTerms = `let slope = hiddenSlopeTails(z, z, ez);
      let bend = hiddenCurvatureTails(z, z, ez);
      let bent = bend.mantissa * g[i];`
  // Both terms, and the base that is sent back, have powers of their own; of each vector the larger is taken out.
  const backwardPowers = `${vectors(
    (u) => `let ebend${u} = summed(eg, tangentExponents[curvedExponent(v${u}, l, tileNumber)]);
    let from${u} = e${u};
    let isMoved${u} = e${u} > NO_EXPONENT / 2;
    let isBent${u} = ebend${u} > NO_EXPONENT / 2;
    var noted${u} = 0u;`,
  )} var noted${base} = 0u;
    ${eachRow(`let z = activations[Z_START + activationAt(0u, l, row, column)];
      ${bothTerms}
      ${vectors(
        (u) => `if (isMoved${u}) { noted${u} = max(noted${u}, tailSize(${own(u)}, slope.power + e${u})); }
      if (isBent${u}) { noted${u} = max(noted${u}, tailSize(bent * tangents[curvedAt(v${u}, l, row, column)], bend.power + ebend${u})); }`,
      )}
      ${basePowers ? `if (eg > NO_EXPONENT / 2) { noted${base} = max(noted${base}, tailSize(g[i], slope.power + eg)); }` : ''}`)}
    ${agreeOnTops(agreementLanes(shape))}
    ${vectors(
      (u) => `let power${u} = select(tailExponent(found${u}), max(e${u}, ebend${u}), found${u} == 0u);
    e${u} = select(lowered(power${u}, 0), NO_EXPONENT, power${u} < NO_EXPONENT / 2);`,
    )}
    ${basePowers ? `let power${base} = select(tailExponent(found${base}), eg, found${base} == 0u); if (ends) { skippedBase = power${base}; }` : ''}`
  return `
    ${curved ? 'var eg = ed; for (var i = 0u; i < ' + shape.pass.tile.rowsPerThread + 'u; i++) { g[i] *= HIDDEN_SCALE; }' : ''}
    ${join}
    ${skips === null ? '' : `let ends = endsBlock(l - 1u); ${vectors((u) => `var sentSize${u} = 0u; ${remember('postAct', `skipped${u}`, `e${u}`)}`)}`}
    ${skips !== null && curved ? `var sentSizeBase = 0u; ${basePowers ? '' : 'if (ends) { skippedBase = eg; }'}` : ''}
    let ez = exponents[exponentArgument(0u, l - 1u, tileNumber)];
    ${
      tails
        ? backwardPowers
        : curved
          ? vectors(
              (u) => `let ebend${u} = summed(eg, tangentExponents[curvedExponent(v${u}, l, tileNumber)]);
    let bent${u} = max(e${u}, ebend${u});
    let ofSlope${u} = exp2i(e${u} - bent${u});
    let ofBend${u} = exp2i(ebend${u} - bent${u});
    e${u} = select(bent${u}, NO_EXPONENT, bent${u} < NO_EXPONENT / 2);`,
            )
          : ''
    }
    ${skips === null ? '' : vectors((u) => remember('preAct', `skipped${u}`, `e${u}`))}
    ${vectors((u) => `var size${u} = 0u;`)}
    ${norm === null ? '' : startOfNorm(shape)}
    ${eachRow(`let z = activations[Z_START + activationAt(0u, l, row, column)];
      ${
        tails
          ? bothTerms
          : `let slope = hiddenSlope(z, z, ez);
      ${curved ? 'let bend = hiddenCurvature(z, z, ez) * g[i];' : ''}`
      }
      ${norm === null ? '' : 'let n = deltas[NORMED_DELTAS + deltaAt(0u, l - 1u, row, column)];'}
      ${vectors(
        (u) => `{ let up = ${own(u)};
      ${send('postAct', u, 'up')}
      var d = ${tails ? `ofTails(slope, power${u} - from${u}) * up + bent * exp2v(min(bend.power + ebend${u} - power${u}, vec4i(0))) * tangents[curvedAt(v${u}, l, row, column)]` : `slope * up${curved ? ` * ofSlope${u} + bend * ofBend${u} * tangents[curvedAt(v${u}, l, row, column)]` : ''}`};
      ${send('preAct', u, 'd')}
      ${skips === null ? '' : 'if (ends) { d *= BRANCH_SCALE; }'}
      ${
        norm === null
          ? `size${u} = max(size${u}, sizeBits(d)); ${own(u)} = d; tangents[deltaTangentAt(v${u}, l - 1u, row, column)] = d;`
          : `tangents[normedDeltaTangentAt(v${u}, l - 1u, row, column)] = d; ${own(u)} = gamma * d * ofMoved${u} + ownGamma${u} * n;`
      } }`,
      )}
      ${
        skips !== null && curved
          ? `if (ends) { let sent = ${skips.placement === 'postAct' ? 'g[i]' : basePowers ? `ofTails(slope, power${base} - eg) * g[i]` : 'slope * g[i]'}; tangents[sentBaseAt(v0, row, column)] = sent; sentSizeBase = max(sentSizeBase, sizeBits(sent)); }`
          : ''
      }`)}
    ${skips === null ? '' : `if (ends) { ${vectors((u) => `atomicMax(&sentBits[turn * ${lanes}u + ${u}u], sentSize${u});`)} ${curved ? `atomicMax(&sentBits[turn * ${lanes}u + ${base}u], sentSizeBase);` : ''} }`}
    ${norm === null ? '' : normDeltaTangent(shape)}
    ${vectors((u) => `atomicMax(&largestBits[slot * ${shape.together}u + ${u}u], size${u});`)}`
}

// Exponents of Rq = gamma RN + V_gamma n, and its two factors.
function startOfNorm(shape: TangentShape): string {
  const { vectors } = textsOf(shape)
  return `
    let en = exponents[exponentNormed(0u, l - 1u, tileNumber)];
    let gamma = parameters[gammaAt(l - 1u) + column];
    ${vectors(
      (u) => `if (lid == 0u) { tangentExponents[normedDeltaTangentExponent(v${u}, l - 1u, tileNumber)] = e${u}; }
    let egamma${u} = summed(en, tangentExponents[directionExponent(v${u}, l - 1u, 2u)]);
    let eq${u} = max(e${u}, egamma${u});
    let ofMoved${u} = exp2i(e${u} - eq${u});
    let ownGamma${u} = directions[v${u} * SEED_QUADS + gammaAt(l - 1u) + column] * exp2i(egamma${u} - eq${u});`,
    )}`
}

function normDeltaTangent(shape: TangentShape): string {
  const { layout } = shape.pass
  const { vectors, eachRow, own } = textsOf(shape)
  const inner = (u: number): string => {
    const centred = withoutMean(layout, `(${own(u)} * ofCarried${u})`, 'sums.y')
    const general = `${centred} - tangents[normedTangentAt(v${u}, l - 1u, row, column)] * (sums.w * ofBent${u}) - x * sums.z`
    return throughNorm(layout, general, centred)
  }
  return `
    ${vectors(
      (u) => `let ex${u} = tangentExponents[normedTangentExponent(v${u}, l - 1u, tileNumber)];
    let enx${u} = summed(en, ex${u});
    let einner${u} = max(eq${u}, enx${u});
    let ofCarried${u} = exp2i(eq${u} - einner${u});
    let ofBent${u} = exp2i(enx${u} - einner${u});`,
    )}
    workgroupBarrier();
    if (column == 0u) {
      ${eachRow(`var along = 0.0;
      ${vectors((u) => `var sums${u} = vec3f(0.0);`)}
      for (var k = 0u; k < QUADS; k++) {
        let at = deltaAt(0u, l - 1u, row, k);
        let x = activations[NORMED + at];
        let q = parameters[gammaAt(l - 1u) + k] * deltas[NORMED_DELTAS + at];
        along += dot(q, x);
        ${vectors((u) => `{ let moved = ${own(u, 'k')}; sums${u} += vec3f(dot(moved, vec4f(1.0)), dot(moved, x), dot(q, tangents[normedTangentAt(v${u}, l - 1u, row, k)])); }`)}
      }
      ${vectors(
        (u) => `{ let place = rowSumsAt(v${u}, l - 1u, row);
      let means = vec4f(sums${u}, along) / f32(HIDDEN_COLUMNS);
      tangents[place] = vec4f(tangents[place].x, means.x * ofCarried${u}, means.y * ofCarried${u} + means.z * ofBent${u}, means.w); }`,
      )}`)}
    }
    let ofDeviation = exponents[exponentNormScale(0u, l - 1u, tileNumber)];
    let ebelow = exponents[exponentBackward(0u, l - 1u, tileNumber)];
    ${vectors(
      (u) => `let ecarried${u} = summed(einner${u}, ofDeviation);
    let eshrunk${u} = summed(ex${u}, ebelow);
    let top${u} = max(ecarried${u}, eshrunk${u});
    let ofInner${u} = exp2i(ecarried${u} - top${u});
    let ofShrunk${u} = exp2i(eshrunk${u} - top${u});
    e${u} = select(top${u}, NO_EXPONENT, top${u} < NO_EXPONENT / 2);`,
    )}
    storageBarrier();
    ${eachRow(`let x = activations[NORMED + deltaAt(0u, l - 1u, row, column)];
      let r = activations[deviationAt(0u, l - 1u, row)].x;
      let below = deltas[deltaAt(0u, l - 1u, row, column)];
      ${vectors(
        (u) => `{ let sums = tangents[rowSumsAt(v${u}, l - 1u, row)];
      let inner = ${inner(u)};
      let d = select(vec4f(0.0), inner * (r * ofInner${u}) - below * (sums.x * ofShrunk${u}${layout.quads > 1 ? '' : ' * select(1.0, 3.0, HIDDEN_COLUMNS == 2u)'}), columns < vec4u(HIDDEN_COLUMNS));
      size${u} = max(size${u}, sizeBits(d));
      ${own(u)} = d;
      tangents[deltaTangentAt(v${u}, l - 1u, row, column)] = d; }`,
      )}`)}`
}
