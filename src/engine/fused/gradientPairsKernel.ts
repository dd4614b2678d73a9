// Inner products of batch gradients that stay on the GPU.
//
//   bank   [slot][seedQuads]  one gradient each, scaled so that its largest entry lies in [1, 2); exponents [slot]
//   store  workgroup (x: 1024 vec4s, y: lane): the mantissas of a pass (K2, task 'gradient') into slots of the bank
//   dot    workgroup (x: 2048 vec4s, y: pair): partial sums [pair][x] of one gradient of each of two banks
//
// One exponent a gradient is enough: what is 2^-126 of its largest entry adds nothing to an inner product.
import { SPAN_WGSL } from './computeKernel.ts'
import { EXPONENT_PRELUDE } from './exponentWgsl.ts'
import { shapeWgsl, type KernelShape } from './kernelShape.ts'
import { groupsOfLayer } from './updateGrid.ts'

/** vec4s that one workgroup of each kernel takes. */
export const STORE_QUADS = 1024
export const DOT_QUADS = 2048
const THREADS = 64

/** WGSL of `store`; entry point `main`. The span's y is the slot of lane 0. */
export function storeGradientsWgsl(shape: KernelShape): string {
  return `
${EXPONENT_PRELUDE}
${shapeWgsl(shape)}
${SPAN_WGSL}
@group(0) @binding(0) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(1) var<storage, read> norms: array<vec4f>;
@group(0) @binding(2) var<storage, read> exponents: array<i32>;
@group(0) @binding(3) var<storage, read_write> bank: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> bankExponents: array<i32>;
@group(0) @binding(5) var<uniform> span: Span;
size ENTRIES = ${shape.layout.layerCount * groupsOfLayer(shape)}u;
var<workgroup> tops: array<i32, ${THREADS}>;
fn exponentAt(lane: u32, p: u32) -> i32 {
  var at = lane * LAYERS;
  if (p >= BIAS_START) {
    // biases, gamma and beta of all layers, then what fills the block up
    let other = min((p - BIAS_START) / QUADS, (PARTS - 1u) * LAYERS - 1u);
    at += (1u + other / LAYERS) * SEEDS * LAYERS + other % LAYERS;
  }
  else if (p >= FIRST_QUADS) { at += 1u + (p - FIRST_QUADS) / SQUARE_QUADS; }
  return exponents[SLOT_EXPONENTS + at];
}
@compute @workgroup_size(${THREADS})
fn main(@builtin(local_invocation_index) lid: u32, @builtin(workgroup_id) group: vec3u) {
  let lane = group.y;
  let slot = lane + span.first.y;
  var own = NO_EXPONENT;
  for (var i = lid; i < ENTRIES; i += ${THREADS}u) {
    let norm = norms[lane * ENTRIES + i];
    if (norm.x != 0.0) { own = max(own, i32(norm.y)); }
  }
  tops[lid] = own;
  workgroupBarrier();
  for (var o = ${THREADS / 2}u; o > 0u; o = o >> 1u) {
    if (lid < o) { tops[lid] = max(tops[lid], tops[lid + o]); }
    workgroupBarrier();
  }
  let top = select(tops[0], 0, tops[0] == NO_EXPONENT);
  if (lid == 0u && group.x == 0u) { bankExponents[slot] = top; }
  let end = min((group.x + 1u) * ${STORE_QUADS}u, SEED_QUADS);
  for (var p = group.x * ${STORE_QUADS}u + lid; p < end; p += ${THREADS}u) {
    bank[slot * SEED_QUADS + p] = scaledBy(gradients[lane * SEED_QUADS + p], exponentAt(lane, p) - top);
  }
}`
}

/** WGSL of `dot`; entry point `main`. The span's y is the first pair. */
export function dotGradientsWgsl(seedQuads: number): string {
  return `
${SPAN_WGSL}
@group(0) @binding(0) var<storage, read> first: array<vec4f>;
@group(0) @binding(1) var<storage, read> second: array<vec4f>;
@group(0) @binding(2) var<storage, read> pairs: array<vec2u>;
@group(0) @binding(3) var<storage, read_write> sums: array<f32>;
@group(0) @binding(4) var<uniform> span: Span;
size SEED_QUADS = ${seedQuads}u;
size PARTS = ${dotParts(seedQuads)}u;
var<workgroup> partial: array<f32, ${THREADS}>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(local_invocation_index) lid: u32, @builtin(workgroup_id) group: vec3u) {
  let pair = group.y + span.first.y;
  let a = pairs[pair].x * SEED_QUADS;
  let b = pairs[pair].y * SEED_QUADS;
  let end = min((group.x + 1u) * ${DOT_QUADS}u, SEED_QUADS);
  var sum = 0.0;
  for (var p = group.x * ${DOT_QUADS}u + lid; p < end; p += ${THREADS}u) { sum += dot(first[a + p], second[b + p]); }
  partial[lid] = sum;
  workgroupBarrier();
  for (var o = ${THREADS / 2}u; o > 0u; o = o >> 1u) {
    if (lid < o) { partial[lid] += partial[lid + o]; }
    workgroupBarrier();
  }
  if (lid == 0u) { sums[pair * PARTS + group.x] = partial[0]; }
}`
}

/** Partial sums of one pair. */
export function dotParts(seedQuads: number): number {
  return Math.ceil(seedQuads / DOT_QUADS)
}
