// How is a loss kept that is almost nothing? As a mantissa and a power of two, computed from the margin itself.
//
//   exp(-a) = exp(n log 2 - a) 2^-n,  n = round(a / log 2)
//
// The exponent is reduced in two parts: n times the first is exact for a below 2e4, so what is lost is what a float32 margin does
// not hold: 2^-24 a of the result, 2e-5 at a margin of 300 and 6e-4 at 1e4. Powers of two are split off only beyond 2^-24, as
// everywhere, and beyond a margin of 1e5 a tail is 0: its exponents would reach those of zero.
//
// A tile has one exponent, that of its largest entry: entries down to 2^-126 of that are kept, what is smaller becomes 0.
import { WINDOW } from './exponentWgsl.ts'

const tailOf = (struct: string, name: string, numbers: string, powers: string, exp2: string): string => `
struct ${struct} { mantissa: ${numbers}, power: ${powers} }
fn ${name}(a: ${numbers}) -> ${struct} {
  let held = min(a, ${numbers}(1.0e5));
  let n = round(held * 1.442695);
  let mantissa = select(exp((n * 0.693359375 - held) - n * 2.1219444e-4), ${numbers}(0.0), a > ${numbers}(1.0e5));
  let power = -${powers}(n);
  let isFar = n > ${numbers}(${WINDOW}.0);
  return ${struct}(mantissa * ${exp2}(select(power, ${powers}(0), isFar)), select(${powers}(0), power, isFar));
}`

/** Functions of the heads, after `EXPONENT_PRELUDE`: exp(-a) for a >= 0, and what a tile agrees on. */
export const TAIL_PRELUDE = `
${tailOf('Tail', 'tailOf', 'f32', 'i32', 'exp2i')}
${tailOf('Tails', 'tailsOf', 'vec4f', 'vec4i', 'exp2v')}
fn plusTail(a: Tail, b: Tail) -> Tail {
  let power = max(a.power, b.power);
  return Tail(a.mantissa * exp2i(a.power - power) + b.mantissa * exp2i(b.power - power), power);
}
fn plusTails(a: Tails, b: Tails) -> Tails {
  let pa = select(a.power, vec4i(NO_TAIL), a.mantissa == vec4f(0.0));
  let pb = select(b.power, vec4i(NO_TAIL), b.mantissa == vec4f(0.0));
  let power = max(pa, pb);
  return Tails(a.mantissa * exp2v(pa - power) + b.mantissa * exp2v(pb - power), power);
}
// exp(-a) on its own, marked where it is beyond all powers, and what it adds to 1
fn lastOf(a: vec4f) -> Tails {
  let tails = tailsOf(a);
  return Tails(tails.mantissa, select(tails.power, vec4i(NO_TAIL), a > vec4f(1.0e5)));
}
fn besideOne(tails: Tails) -> vec4f { return 1.0 + select(tails.mantissa, vec4f(0.0), tails.power != vec4i(0)); }
fn ofTails(tails: Tails, power: i32) -> vec4f { return tails.mantissa * exp2v(min(tails.power - power, vec4i(0))); }
fn flushed(tails: Tails) -> vec4f { return tails.mantissa * exp2v(tails.power); }`

/**
 * Statements that find of row i: top<i>, the largest output, and its place at<i>; rest<i>, a Tail, what the others are beside it;
 * mass<i>, the sum of targets. Uses `scale`.
 */
export function softmaxSpread(i: number, output: (quad: string) => string, target: (quad: string) => string): string {
  const of = (quads: (quad: string) => string): string => `${quads('j / 4u')}[j % 4u]`
  return `var top${i} = ${output('0u')}.x;
    var at${i} = 0u;
    var mass${i} = 0.0;
    var rest${i} = Tail(0.0, NO_TAIL);
    for (var j = 1u; j < OUT_COLUMNS; j++) { let f = ${of(output)}; if (f > top${i}) { top${i} = f; at${i} = j; } }
    for (var j = 0u; j < OUT_COLUMNS; j++) {
      mass${i} += ${of(target)};
      if (j != at${i}) { rest${i} = plusTail(rest${i}, tailOf((top${i} - ${of(output)}) * scale)); }
    }
    let total${i} = 1.0 + rest${i}.mantissa * exp2i(rest${i}.power);`
}

/** Derivative of the softmax cross-entropy in the outputs of one column, without the share: p (mass - t) - (1 - p) t, as Tails. */
export const SOFTMAX_SLOPE_WGSL = `
fn softmaxSlope(p: Tails, isTop: vec4<bool>, t: vec4f, mass: f32, rest: Tail, total: f32) -> Tails {
  let others = select(vec4f(1.0 - p.mantissa * exp2v(p.power)), vec4f(rest.mantissa / total), isTop);
  return plusTails(Tails(p.mantissa * (mass - t), p.power), Tails(-others * t, select(vec4i(0), vec4i(rest.power), isTop)));
}`
