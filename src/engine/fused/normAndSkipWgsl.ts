// What does K1 do with layer norms and skips? Pieces of its two halves, empty for networks without them.
//
// A norm makes numbers of true scale: beyond 2^-63 its eps decides, so a vanishing signal vanishes in it too, while deltas keep
// their exponents on the way back. One thread of a row takes the row's sums; what it finds goes to the others through workgroup
// memory. A skip's source is read where its own thread wrote it; only its exponent has to be remembered, in `skipped`.
//
//   y = gamma x + beta, x = (z - mean) r, r = 1 / sqrt(variance + eps)
//   dz = r (gamma dy - mean(gamma dy) - x mean(x gamma dy))
//
// Two units differ in one direction, that of x, of which a norm lets eps r^2 through: there both differences would be of nearly
// equal numbers, and dz = eps r^3 (gamma dy - mean(gamma dy)) is taken instead.
//
// Source: Ba et al. 2016 (layer norm); He et al. 2016 (skips).
import type { SkipSpec } from '../../core/networkSpec.ts'
import { agreeOnPower } from './agreementWgsl.ts'
import { tailsOfActivation } from './activationWgsl.ts'
import type { FusedLayout } from './layout.ts'
import type { KernelShape } from './kernelShape.ts'

/** Does a body to every row of a thread, with `own` and `row` at hand. */
type EachRow = (body: string) => string

/**
 * Workgroup memory of these pieces.
 *
 * What a block sends back has sizes of its own, of three blocks in turn: one is written, one read, one cleared.
 */
export function normAndSkipMemory({ layout, tile }: KernelShape): string {
  const sums = layout.norm === null ? '' : `var<workgroup> rowSums: array<vec2f, ${tile.rows}>;`
  return layout.skips === null ? sums : `${sums}\nvar<workgroup> sentBits: array<atomic<u32>, 3>;`
}

/** Turns z of sh[nxt] into gamma x + beta of exponent 0. */
export function normForwardWgsl({ layout }: KernelShape, eachRow: EachRow): string {
  if (layout.norm === null) return ''
  return `
    workgroupBarrier();
    if (column == 0u) {
      ${eachRow(`var sum = 0.0;
      for (var k = 0u; k < QUADS; k++) { sum += dot(sh[nxt + own + k], vec4f(1.0)); }
      let mean = sum / f32(HIDDEN_COLUMNS);
      var squares = 0.0;
      for (var k = 0u; k < QUADS; k++) {
        let d = select(vec4f(0.0), ${withoutMean(layout, 'sh[nxt + own + k]', 'mean')}, 4u * vec4u(k) + vec4u(0u, 1u, 2u, 3u) < vec4u(HIDDEN_COLUMNS));
        squares += dot(d, d);
      }
      let variance = squares / f32(HIDDEN_COLUMNS);
      // of mantissas where e > 0, else of true numbers
      let r = 1.0 / sqrt(select(variance * exp2i(2 * e) + NORM_EPS, variance + NORM_EPS * exp2i(-2 * e), e > 0));
      rowSums[row0 + i] = vec2f(mean, r);
      activations[deviationAt(seed, l, row)] = vec4f(r);`)}
    }
    if (lid == 0u) { exponents[exponentNormScale(seed, l, tileNumber)] = min(-e, 0); }
    workgroupBarrier();
    {
      let toTrue = exp2i(min(e, 0));
      let gamma = parameters[seed * PARAMETER_STRIDE + gammaAt(l) + column];
      let beta = parameters[seed * PARAMETER_STRIDE + betaAt(l) + column];
      ${eachRow(`let sums = rowSums[row0 + i];
      let x = select(vec4f(0.0), ${withoutMean(layout, 'sh[nxt + own]', 'sums.x')} * toTrue * sums.y, columns < vec4u(HIDDEN_COLUMNS));
      activations[NORMED + deltaAt(seed, l, row, column)] = x;
      sh[nxt + own] = gamma * x + beta;`)}
      e = 0;
    }`
}

/** Adds the input of the block to sh[nxt] at its last layer, before or after the activation. */
export function skipForwardWgsl({ skips }: FusedLayout, placement: SkipSpec['placement'], eachRow: EachRow): string {
  if (skips === null || skips.placement !== placement) return ''
  const isLast = placement === 'postAct'
  return `
    if (endsBlock(l)) {
      let together = max(e, skipped);
      let branch = BRANCH_SCALE * exp2i(e - together);
      let added = SKIP_SCALE * exp2i(skipped - together);
      e = together;
      ${isLast ? 'size = 0u;' : ''}
      ${eachRow(`let v = sh[nxt + own] * branch + activations[activationAt(seed, l + 1u - SKIP_SPAN, row, column)] * added;
      sh[nxt + own] = v;
      ${isLast ? 'size = max(size, sizeBits(v)); activations[activationAt(seed, l + 1u, row, column)] = v;' : ''}`)}
    }`
}

/** From sums in sh[nxt] to the delta of layer l - 1, there and in memory; uses s, e, size and, with skips, `skipped`. */
export function deltaThroughNormAndSkip({ layout }: KernelShape, eachRow: EachRow): string {
  const { norm, skips } = layout
  const tails = tailsOfActivation(layout.activation) !== 'none'
  const argument = 'activations[Z_START + activationAt(seed, l, row, column)]'
  // The order matters: what a block sends back is added before the block below it takes its own.
  const joined =
    skips === null
      ? ''
      : `if (startsBlock(l)) {
      let sent = atomicLoad(&sentBits[turn]);
      let together = max(e, select(skipped + excess(sent), NO_EXPONENT, sent == 0u));
      let share = exp2i(e - together);
      // What is all zero has no exponent to share: 0 times the largest power of two is no number.
      let added = select(exp2i(skipped - together), 0.0, sent == 0u);
      turn = (turn + 1u) % 3u;
      if (lid == 0u) { atomicStore(&sentBits[(turn + 1u) % 3u], 0u); }
      e = together;
      ${eachRow('sh[nxt + own] = sh[nxt + own] * share + SKIP_SCALE * (deltas[sentBackAt(seed, row, column)] * added);')}
    }`
  const remember = (placement: SkipSpec['placement']): string => (skips?.placement === placement ? 'if (ends) { skipped = e; }' : '')
  const send = (placement: SkipSpec['placement'], variable: string): string =>
    skips?.placement === placement
      ? `if (ends) { deltas[sentBackAt(seed, row, column)] = ${variable}; sentSize = max(sentSize, sizeBits(${variable})); }`
      : ''
  return `
    ${eachRow('sh[nxt + own] = sh[nxt + own] * (HIDDEN_SCALE * s);')}
    ${joined}
    let ea = exponents[exponentArgument(seed, l - 1u, tileNumber)];
    ${skips === null ? '' : 'let ends = endsBlock(l - 1u); var sentSize = 0u;'}
    ${remember('postAct')}
    ${tails ? `${agreeOnPower(eachRow, `let there = sh[nxt + own]; let powers = hiddenSlopeTails(${argument}, there, ea).power;`)} e = lowered(e, power);` : ''}
    ${remember('preAct')}
    ${norm === null ? '' : 'let gamma = parameters[seed * PARAMETER_STRIDE + gammaAt(l - 1u) + column];'}
    ${eachRow(`let g = sh[nxt + own];
      ${send('postAct', 'g')}
      let z = ${argument};
      var d = g * ${tails ? 'ofTails(hiddenSlopeTails(z, z, ea), power)' : 'hiddenSlope(z, z, ea)'};
      ${send('preAct', 'd')}
      ${skips === null ? '' : 'if (ends) { d *= BRANCH_SCALE; }'}
      ${
        norm === null
          ? 'size = max(size, sizeBits(d)); sh[nxt + own] = d; deltas[deltaAt(seed, l - 1u, row, column)] = d;'
          : 'deltas[NORMED_DELTAS + deltaAt(seed, l - 1u, row, column)] = d; sh[nxt + own] = gamma * d;'
      }`)}
    ${skips === null ? '' : 'if (ends) { atomicMax(&sentBits[turn], sentSize); }'}
    ${norm === null ? '' : normBackwardWgsl(layout, eachRow)}`
}

/**
 * Numbers of a row without their mean; of two, half their difference, which rounds once.
 *
 * Only kernels of one vec4 column have to ask how many units there are.
 */
export function withoutMean({ quads }: FusedLayout, value: string, mean: string): string {
  return quads > 1 ? `(${value} - ${mean})` : `select(${value} - ${mean}, 0.5 * (${value} - ${value}.yxzw), HIDDEN_COLUMNS == 2u)`
}

/**
 * What a norm lets through of a change: the general expression, or eps r^2 of what two units have without their mean.
 *
 * Uses r of the row and ofDeviation, the exponent of the tile's r.
 */
export function throughNorm({ quads }: FusedLayout, general: string, centred: string): string {
  return quads > 1 ? general : `select(${general}, ${centred} * (NORM_EPS * exp2i(2 * ofDeviation) * r * r), HIDDEN_COLUMNS == 2u)`
}

function normBackwardWgsl(layout: FusedLayout, eachRow: EachRow): string {
  const centred = withoutMean(layout, 'sh[nxt + own]', 'sums.x')
  return `
    workgroupBarrier();
    if (column == 0u) {
      ${eachRow(`var sums = vec2f(0.0);
      for (var k = 0u; k < QUADS; k++) {
        let y = sh[nxt + own + k];
        sums += vec2f(dot(y, vec4f(1.0)), dot(y, activations[NORMED + deltaAt(seed, l - 1u, row, k)]));
      }
      rowSums[row0 + i] = sums / f32(HIDDEN_COLUMNS);`)}
    }
    if (lid == 0u) { exponents[exponentNormed(seed, l - 1u, tileNumber)] = max(e, NO_EXPONENT); }
    workgroupBarrier();
    let ofDeviation = exponents[exponentNormScale(seed, l - 1u, tileNumber)];
    e += ofDeviation;
    ${eachRow(`let sums = rowSums[row0 + i];
      let x = activations[NORMED + deltaAt(seed, l - 1u, row, column)];
      let r = activations[deviationAt(seed, l - 1u, row)].x;
      let d = select(vec4f(0.0), r * ${throughNorm(layout, `(${centred} - x * sums.y)`, centred)}, columns < vec4u(HIDDEN_COLUMNS));
      size = max(size, sizeBits(d));
      sh[nxt + own] = d;
      deltas[deltaAt(seed, l - 1u, row, column)] = d;`)}`
}
