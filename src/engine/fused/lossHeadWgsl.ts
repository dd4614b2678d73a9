// What does K1 do between its forward and its backward half? The loss of each row and dLoss/df of each thread's column.
//
// The outputs lie in workgroup memory as mantissas of 2^e; losses leave as a mantissa and an exponent, because the
// squared error of an exploding network is no float32. Softmax is written by the largest output and the rest, so that
// well learned samples keep their relative accuracy; WGSL's log near 1 is right to 2^-21 only, hence log1p by its series.
import type { LossSettings } from '../../core/experiment.ts'

/** WGSL functions that `lossHeadWgsl` calls; once per module. */
export const LOSS_PRELUDE = `
// 2 atanh(r / (2 + r)); remainder 2e-9 relative at r = 1.
fn log1p(r: f32) -> f32 {
  if (r > 1.0) { return log(1.0 + r); }
  let s = r / (2.0 + r);
  let y = s * s;
  return 2.0 * s * (1.0 + y * (0.33333334 + y * (0.2 + y * (0.14285715 + y * (0.11111111 + y * (0.09090909 + y * (0.07692308 + y * 0.06666667)))))));
}`

/**
 * Statements that set `delta<i>` (share included, mantissas of 2^eo for the squared error, true for the others) and, in
 * column 0, `rowLoss<i>` (mantissa of 2^lossExponent).
 *
 * Uses: sh, nxt (the outputs), row0, column, sample<i>, f<i>, e, eo = max(e + excess, 0), step.
 */
export function lossHeadWgsl(loss: LossSettings, rowsPerThread: number): string {
  const row = ROWS[loss.kind]
  const lossExponent = loss.kind === 'squaredError' ? '2 * eo' : 'eo'
  return `
  let us = exp2i(e - eo);
  let uy = exp2i(-eo);
  let lossExponent = ${lossExponent};
  ${Array.from({ length: rowsPerThread }, (_, i) => row(i)).join('\n  ')}`
}

/** The same for the head 'outputs': the delta is 1 at the output that the index names; there is no loss. */
export function singleOutputHeadWgsl(rowsPerThread: number): string {
  return `
  let lossExponent = 0;
  ${Array.from({ length: rowsPerThread }, (_, i) => `delta${i} = select(vec4f(0.0), vec4f(1.0), 4u * vec4u(column) + vec4u(0u, 1u, 2u, 3u) == vec4u(u32(max(index${i}, 0)) % OUT_COLUMNS));`).join('\n  ')}`
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
    }
  }`
}

function softmaxRow(i: number): string {
  return `if (column < OUT_QUADS) {
    let base = nxt + (row0 + ${i}u) * QUADS;
    let scale = exp2i(e);
    var top = sh[base].x;
    var at = 0u;
    for (var j = 1u; j < OUT_COLUMNS; j++) { let f = sh[base + j / 4u][j % 4u]; if (f > top) { top = f; at = j; } }
    var rest = 0.0;
    var mass = 0.0;
    var below = 0.0;
    for (var j = 0u; j < OUT_COLUMNS; j++) {
      let down = sh[base + j / 4u][j % 4u] - top;
      let t = Y[u32(sample${i}) * QUADS + j / 4u][j % 4u];
      if (j != at) { rest += exp(max(down * scale, -100.0)); }
      mass += t;
      below += t * (down * us);
    }
    let columns = 4u * vec4u(column) + vec4u(0u, 1u, 2u, 3u);
    let t = Y[u32(sample${i}) * QUADS + column];
    let p = exp(max((f${i} - top) * scale, vec4f(-100.0))) / (1.0 + rest);
    let others = select(1.0 - p, vec4f(rest / (1.0 + rest)), columns == vec4u(at));
    delta${i} = select(vec4f(0.0), (p * (mass - t) - others * t) * step.rates.y, columns < vec4u(OUT_COLUMNS));
    if (column == 0u) { rowLoss${i} = mass * log1p(rest) * uy - below; }
  }`
}

// log(1 + exp(-m)) = max(-m, 0) + log(1 + exp(-|m|)) with the margin m = y f; padding has no margin and costs nothing.
function logisticRow(i: number): string {
  return `{
    let y = Y[u32(sample${i}) * QUADS + column];
    let margins = y * f${i} * exp2i(e);
    let tails = exp(-min(abs(margins), vec4f(100.0)));
    delta${i} = -y * select(vec4f(1.0), tails, margins > vec4f(0.0)) / (1.0 + tails) * step.rates.y;
    if (column == 0u) {
      var sum = 0.0;
      for (var j = 0u; j < OUT_COLUMNS; j++) {
        let m = Y[u32(sample${i}) * QUADS + j / 4u][j % 4u] * sh[nxt + (row0 + ${i}u) * QUADS + j / 4u][j % 4u];
        sum += max(-m * us, 0.0) + log1p(exp(max(-abs(m) * exp2i(e), -100.0))) * uy;
      }
      rowLoss${i} = sum;
    }
  }`
}

const ROWS: Readonly<Record<LossSettings['kind'], (i: number) => string>> = {
  squaredError: squaredErrorRow,
  softmaxCrossEntropy: softmaxRow,
  logistic: logisticRow,
}
