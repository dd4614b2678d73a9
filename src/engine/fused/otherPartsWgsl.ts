// What does K2 sum beside the weights? Biases, gamma and beta: their exponents, one row's share of their gradients, and where they lie.
//
// What a layer does not have counts nothing.
import type { KernelShape } from './kernelShape.ts'

/** WGSL of `otherExponent`, `otherGradient` and `otherAt`. */
export function otherPartsWgsl(shape: KernelShape): string {
  const { norm, bias } = shape.layout
  if (norm === null) {
    return `
fn otherExponent(part: u32, seed: u32, l: u32, t: u32) -> i32 { return exponents[exponentBackward(seed, l, t)]; }
fn otherGradient(part: u32, seed: u32, l: u32, row: u32, column: u32) -> vec4f { return deltas[deltaAt(seed, l, row, column)]; }
fn otherAt(part: u32, l: u32) -> u32 { return biasAt(l); }`
  }
  return `
fn otherExponent(part: u32, seed: u32, l: u32, t: u32) -> i32 {
  if (part == 1u) { return ${bias ? 'exponents[exponentBackward(seed, l, t)]' : 'NO_EXPONENT'}; }
  return select(exponents[exponentNormed(seed, l, t)], NO_EXPONENT, l == LAYERS - 1u);
}
fn otherGradient(part: u32, seed: u32, l: u32, row: u32, column: u32) -> vec4f {
  let at = deltaAt(seed, l, row, column);
  if (part == 1u) { return ${bias ? 'deltas[at]' : 'vec4f(0.0)'}; }
  if (l == LAYERS - 1u) { return vec4f(0.0); }
  return deltas[NORMED_DELTAS + at] * select(vec4f(1.0), activations[NORMED + at], part == 2u);
}
fn otherAt(part: u32, l: u32) -> u32 { return select(select(gammaAt(l), betaAt(l), part == 3u), biasAt(l), part == 1u); }`
}
