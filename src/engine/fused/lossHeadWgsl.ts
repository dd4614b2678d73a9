// What does K1 do between its forward and its backward half? The loss of each row and dLoss/df of each thread's column.
//
// The outputs lie in workgroup memory as mantissas of 2^e; losses leave as a mantissa and an exponent, because the
// squared error of an exploding network is no float32, and neither is what a sample with a margin of 300 still costs. Softmax is
// written by the largest output and the rest, so that well learned samples keep their relative accuracy.
import type { LossSettings } from '../../core/experiment.ts'
import { LOG_ONE_PLUS_WGSL } from '../logOnePlusWgsl.ts'
import { SOFTMAX_SLOPE_WGSL, softmaxSpread, TAIL_PRELUDE } from './tailWgsl.ts'

/** WGSL functions that `lossHeadWgsl` calls; once per module, after `EXPONENT_PRELUDE`. */
export const LOSS_PRELUDE = `${LOG_ONE_PLUS_WGSL}
${TAIL_PRELUDE}
${SOFTMAX_SLOPE_WGSL}
// a power of two is split off only where log(1 + r) is r
fn logOnePlusOf(tail: Tail) -> Tail { return Tail(select(tail.mantissa, logOnePlus(tail.mantissa), tail.power == 0), tail.power); }`

/**
 * Statements that set `delta<i>` (share included, mantissas of 2^eo for the squared error, else of 2^power<i>, entry by entry)
 * and, in column 0, the loss of the row: `rowLoss<i>`, a mantissa of 2^lossExponent<i>.
 *
 * Uses: sh, nxt (the outputs), row0, column, sample<i>, f<i>, e, eo = max(e + excess, 0), step.
 */
export function lossHeadWgsl(loss: LossSettings, rowsPerThread: number): string {
  const row = ROWS[loss.kind]
  return `
  let us = exp2i(e - eo);
  let uy = exp2i(-eo);
  let scale = exp2i(e);
  ${Array.from({ length: rowsPerThread }, (_, i) => `var lossExponent${i} = eo; var power${i} = vec4i(0);\n  ${row(i)}`).join('\n  ')}`
}

/** The same for the head 'outputs': the delta is 1 at the output that the index names; there is no loss. */
export function singleOutputHeadWgsl(rowsPerThread: number): string {
  return Array.from(
    { length: rowsPerThread },
    (_, i) => `
  let lossExponent${i} = 0;
  delta${i} = select(vec4f(0.0), vec4f(1.0), 4u * vec4u(column) + vec4u(0u, 1u, 2u, 3u) == vec4u(u32(max(index${i}, 0)) % OUT_COLUMNS));`,
  ).join('')
}

function squaredErrorRow(i: number): string {
  return `{
    delta${i} = (f${i} * us - uy * Y[u32(sample${i}) * QUADS + column]) * step.rates.y;
    if (column == 0u) {
      var sum = 0.0;
      for (var k = 0u; k < OUT_QUADS; k++) {
        let d = sh[nxt + (row0 + ${i}u) * QUADS + k] * us - uy * Y[u32(sample${i}) * QUADS + k];
        sum += d.x * d.x; sum += d.y * d.y; sum += d.z * d.z; sum += d.w * d.w;
      }
      rowLoss${i} = 0.5 * sum;
      lossExponent${i} = 2 * eo;
    }
  }`
}

function softmaxRow(i: number): string {
  const output = (quad: string): string => `sh[nxt + (row0 + ${i}u) * QUADS + ${quad}]`
  const target = (quad: string): string => `Y[u32(sample${i}) * QUADS + ${quad}]`
  return `if (column < OUT_QUADS) {
    ${softmaxSpread(i, output, target)}
    let columns = 4u * vec4u(column) + vec4u(0u, 1u, 2u, 3u);
    let raw = tailsOf((top${i} - f${i}) * scale);
    let p = Tails(raw.mantissa / total${i}, raw.power);
    let slope = softmaxSlope(p, columns == vec4u(at${i}), ${target('column')}, mass${i}, rest${i}, total${i});
    delta${i} = select(vec4f(0.0), slope.mantissa * step.rates.y, columns < vec4u(OUT_COLUMNS));
    power${i} = slope.power;
    if (column == 0u) {
      var below = 0.0;
      for (var j = 0u; j < OUT_COLUMNS; j++) { below += ${target('j / 4u')}[j % 4u] * ((${output('j / 4u')}[j % 4u] - top${i}) * us); }
      let tail = logOnePlusOf(rest${i});
      if (below == 0.0) {
        rowLoss${i} = mass${i} * tail.mantissa;
        lossExponent${i} = tail.power;
      } else { rowLoss${i} = mass${i} * (tail.mantissa * exp2i(tail.power)) * uy - below; }
    }
  }`
}

// log(1 + exp(-m)) = max(-m, 0) + log(1 + exp(-|m|)) with the margin m = y f; padding has no margin and costs nothing.
function logisticRow(i: number): string {
  return `{
    let y = Y[u32(sample${i}) * QUADS + column];
    let margins = y * f${i};
    let tails = tailsOf(abs(margins) * scale);
    let isRight = margins > vec4f(0.0);
    delta${i} = -y * select(vec4f(1.0), tails.mantissa, isRight) / (1.0 + tails.mantissa * exp2v(tails.power)) * step.rates.y;
    power${i} = select(vec4i(0), tails.power, isRight);
    if (column == 0u) {
      var wrong = 0.0;
      var right = Tail(0.0, NO_TAIL);
      for (var j = 0u; j < OUT_COLUMNS; j++) {
        let m = Y[u32(sample${i}) * QUADS + j / 4u][j % 4u] * sh[nxt + (row0 + ${i}u) * QUADS + j / 4u][j % 4u];
        wrong += max(-m * us, 0.0);
        right = plusTail(right, logOnePlusOf(tailOf(abs(m) * scale)));
      }
      if (wrong == 0.0) {
        rowLoss${i} = right.mantissa;
        lossExponent${i} = right.power;
      } else { rowLoss${i} = wrong + right.mantissa * exp2i(right.power) * uy; }
    }
  }`
}

const ROWS: Readonly<Record<LossSettings['kind'], (i: number) => string>> = {
  squaredError: squaredErrorRow,
  softmaxCrossEntropy: softmaxRow,
  logistic: logisticRow,
}
