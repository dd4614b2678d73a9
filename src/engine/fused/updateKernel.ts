// K2: every weight and bias gradient, the layer norms and the optimizer's update in one dispatch.
//
//   workgroup (x: 64 blocks of 4 inputs x 4 outputs, or the biases in the last one; y: seed; z: layer)
//
// A gradient is sum over rows of h_l[row] delta_l[row], rows in batch order whatever the tile, as mantissas of
// 2^em with em the largest exponent of the layer's tiles. Optimizer slots lie in the parameters' layout with one
// exponent per (seed, layer), double-buffered by the parity of the step because every workgroup of the layer
// reads the old one. RMSprop and Adam keep r = sqrt(v): a square of a small gradient would leave float32.
// Slots may also shrink, so each step notes the largest of them: three rows, one read, one written, one cleared.
// Norms are reduced by a fixed tree: no float atomics, the same bits every time.
import type { OptimizerSettings } from '../../core/experiment.ts'
import { EXPONENT_PRELUDE } from './exponentWgsl.ts'
import { shapeWgsl, type KernelShape } from './forwardBackwardKernel.ts'

/** Blocks that one workgroup of K2 owns. */
export const BLOCKS_PER_GROUP = 64

/** Workgroups in x that hold weights; one more holds the biases. */
export function weightGroups(shape: KernelShape): number {
  const { layout } = shape
  const rows = layout.layerCount > 1 ? Math.max(layout.inQuads, layout.quads) : layout.inQuads
  return Math.ceil((rows * layout.quads) / BLOCKS_PER_GROUP)
}

/** vec4s of the norms, per (seed, layer, group) the sum of squares (of 2^exponent), the exponent, the sum of magnitudes, the largest weight. */
export function normEntries(shape: KernelShape): number {
  return shape.seedCount * shape.layout.layerCount * (weightGroups(shape) + 1)
}

/** Words of the norm buffer: the norms, then [3][seed][layer] bits of the largest slot. */
export function normWords(shape: KernelShape): number {
  return 4 * normEntries(shape) + 3 * shape.seedCount * shape.layout.layerCount
}

/** Slots [seedQuads] per seed that an optimizer needs. */
export function slotCount(kind: OptimizerSettings['kind']): number {
  switch (kind) {
    case 'sgd':
      return 0
    case 'momentum':
    case 'rmsprop':
      return 1
    case 'adam':
      return 2
    default:
      return kind satisfies never
  }
}

// Bodies of `fn applied(at, g, em, old, now) -> vec4f`: the step to subtract from parameters[at].
const RULES: Readonly<Record<OptimizerSettings['kind'], string>> = {
  sgd: 'return step.rates.x * scaledBy(g, em);',
  momentum: `
  let v = step.rates.z * (slots[at] * exp2i(old - now)) + g * exp2i(em - now);
  slots[at] = v;
  noteSlot(v);
  return step.rates.x * scaledBy(v, now);`,
  rmsprop: `
  let scaled = g * exp2i(em - now);
  let r = rootMeanSquare(slots[at] * exp2i(old - now), scaled, step.rates.z);
  slots[at] = r;
  noteSlot(r);
  return step.rates.x * quotient(scaled, r + step.corrections.x * exp2i(step.numbers.y - now));`,
  adam: `
  let scaled = g * exp2i(em - now);
  let m = step.rates.z * (slots[at] * exp2i(old - now)) + (1.0 - step.rates.z) * scaled;
  let second = at + SEEDS * SEED_QUADS;
  let r = rootMeanSquare(slots[second] * exp2i(old - now), scaled, step.rates.w);
  slots[at] = m;
  slots[second] = r;
  noteSlot(m);
  noteSlot(r);
  return step.rates.x * quotient(m * step.corrections.y, r * step.corrections.z + step.corrections.x * exp2i(step.numbers.y - now));`,
}

/**
 * WGSL of K2; entry point `main`.
 *
 * @param task the optimizer whose update is applied, or 'gradient': mantissas are written to the slot buffer and
 *   their exponents in place of the slots' (parity 0), and the weights stay.
 */
export function updateWgsl(shape: KernelShape, task: OptimizerSettings['kind'] | 'gradient'): string {
  const rule = task === 'gradient' ? 'return g;' : RULES[task]
  const usesSlots = task !== 'sgd'
  const keepsSlots = usesSlots && task !== 'gradient'
  return `
${EXPONENT_PRELUDE}
${shapeWgsl(shape)}
@group(0) @binding(0) var<storage, read_write> parameters: array<vec4f>;
@group(0) @binding(1) var<storage, read> X: array<vec4f>;
@group(0) @binding(2) var<storage, read> batchIndices: array<i32>;
@group(0) @binding(3) var<storage, read> activations: array<vec4f>;
@group(0) @binding(4) var<storage, read> deltas: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> exponents: array<i32>;
@group(0) @binding(6) var<storage, read_write> norms: array<atomic<u32>>;
@group(0) @binding(7) var<uniform> step: StepParameters;
${usesSlots ? '@group(0) @binding(8) var<storage, read_write> slots: array<vec4f>;' : ''}
const GROUPS = ${weightGroups(shape)}u;
const LARGEST_SLOTS = ${4 * normEntries(shape)}u;
var<workgroup> squares: array<f32, ${BLOCKS_PER_GROUP}>;
var<workgroup> magnitudes: array<f32, ${BLOCKS_PER_GROUP}>;
var<workgroup> largestGradient: atomic<u32>;
var<workgroup> largestBias: atomic<u32>;
var<workgroup> largestWeight: atomic<u32>;
var<workgroup> largestSlot: atomic<u32>;

fn rootMeanSquare(r: vec4f, g: vec4f, decay: f32) -> vec4f {
  let m = max(r, abs(g));
  let safe = select(m, vec4f(1.0), m == vec4f(0.0));
  let a = r / safe;
  let b = g / safe;
  return m * sqrt(decay * a * a + (1.0 - decay) * b * b);
}
// 0 where nothing was ever seen; NaN passes through.
fn quotient(a: vec4f, b: vec4f) -> vec4f { return select(a / b, vec4f(0.0), b == vec4f(0.0)); }
fn noteSlot(v: vec4f) { atomicMax(&largestSlot, sizeBits(v)); }
fn largestSlotAt(ring: u32, seed: u32, l: u32) -> u32 { return LARGEST_SLOTS + ((ring % 3u) * SEEDS + seed) * LAYERS + l; }
fn applied(at: u32, g: vec4f, em: i32, old: i32, now: i32) -> vec4f { ${rule} }
// A diverged seed keeps its last finite weights.
fn apply(seed: u32, p: u32, g: vec4f, em: i32, old: i32, now: i32) {
  if (exponents[ALIVE + seed] == 0) { return; }
  ${task === 'gradient' ? 'slots[seed * SEED_QUADS + p] = g;' : `let at = seed * SEED_QUADS + p;
  let updated = parameters[at] - applied(at, g, em, old, now);
  parameters[at] = updated;
  atomicMax(&largestWeight, sizeBits(updated));`}
}
fn tileExponent(seed: u32, l: u32, tile: u32) -> i32 {
  return max(exponents[exponentForward(seed, l, tile)] + exponents[exponentBackward(seed, l, tile)], NO_EXPONENT);
}

@compute @workgroup_size(${BLOCKS_PER_GROUP})
fn main(@builtin(local_invocation_index) lid: u32, @builtin(workgroup_id) group: vec3u) {
  let seed = group.y;
  let l = group.z;
  let isBias = group.x == GROUPS;
  let weightScale = select(HIDDEN_SCALE, FIRST_SCALE, l == 0u);
  var em = NO_EXPONENT;
  for (var t = 0u; t < TILES; t++) {
    em = max(em, select(tileExponent(seed, l, t), exponents[exponentBackward(seed, l, t)], isBias));
  }
  let empty = em < NO_EXPONENT / 2;
  em = select(em, 0, empty);
  // Weights and biases of a layer share one slot exponent, which must not depend on the workgroup.
  var joint = NO_EXPONENT;
  for (var t = 0u; t < TILES; t++) { joint = max(joint, max(tileExponent(seed, l, t), exponents[exponentBackward(seed, l, t)])); }
  let parity = u32(step.numbers.z) & 1u;
  let ring = u32(step.numbers.z);
${
    keepsSlots
      ? `  let stored = exponents[SLOT_EXPONENTS + (parity * SEEDS + seed) * LAYERS + l];
  let slotBits = atomicLoad(&norms[largestSlotAt(ring, seed, l)]);
  let fitting = select(stored + excess(slotBits), NO_EXPONENT, slotBits == 0u);
  let joined = max(fitting, select(joint, NO_EXPONENT, joint < NO_EXPONENT / 2));
  let now = select(joined, 0, joined < NO_EXPONENT / 2);
  let old = select(stored, now, slotBits == 0u);`
      : '  let now = 0; let old = 0;'
  }

  var g0 = vec4f(0.0); var g1 = vec4f(0.0); var g2 = vec4f(0.0); var g3 = vec4f(0.0);
  if (lid == 0u) { atomicStore(&largestGradient, 0u); atomicStore(&largestBias, 0u); atomicStore(&largestWeight, 0u); atomicStore(&largestSlot, 0u); }
  workgroupBarrier();
  if (!isBias) {
    let rowQuads = select(QUADS, IN_QUADS, l == 0u);
    let block = group.x * ${BLOCKS_PER_GROUP}u + lid;
    if (block < rowQuads * QUADS) {
      let kq = block / QUADS;
      let column = block % QUADS;
      for (var t = 0u; t < TILES; t++) {
        let s = exp2i(tileExponent(seed, l, t) - em);
        if (s == 0.0) { continue; }
        let end = min((t + 1u) * TILE_ROWS, ROWS);
        for (var row = t * TILE_ROWS; row < end; row++) {
          var h: vec4f;
          if (l == 0u) { h = X[u32(max(batchIndices[indexAt(step.numbers.x, seed, row)], 0)) * IN_QUADS + kq]; } else { h = activations[activationAt(seed, l, row, kq)]; }
          let d = s * deltas[deltaAt(seed, l, row, column)];
          g0 += h.x * d; g1 += h.y * d; g2 += h.z * d; g3 += h.w * d;
        }
      }
      g0 *= weightScale; g1 *= weightScale; g2 *= weightScale; g3 *= weightScale;
      let p = weightAt(l) + 4u * kq * QUADS + column;
      apply(seed, p, g0, em, old, now); apply(seed, p + QUADS, g1, em, old, now);
      apply(seed, p + 2u * QUADS, g2, em, old, now); apply(seed, p + 3u * QUADS, g3, em, old, now);
    }
    atomicMax(&largestGradient, max(max(sizeBits(g0), sizeBits(g1)), max(sizeBits(g2), sizeBits(g3))));
  }${
    shape.layout.bias
      ? ` else {
    for (var column = lid; column < QUADS; column += ${BLOCKS_PER_GROUP}u) {
      var g = vec4f(0.0);
      for (var t = 0u; t < TILES; t++) {
        let s = exp2i(exponents[exponentBackward(seed, l, t)] - em);
        if (s == 0.0) { continue; }
        let end = min((t + 1u) * TILE_ROWS, ROWS);
        for (var row = t * TILE_ROWS; row < end; row++) { g += s * deltas[deltaAt(seed, l, row, column)]; }
      }
      g *= BIAS_SCALE;
      let p = biasAt(l) + column;
      apply(seed, p, g, em, old, now);
      atomicMax(&largestBias, sizeBits(parameters[seed * PARAMETER_STRIDE + p]));
      atomicMax(&largestGradient, sizeBits(g));
      slotsOfNorm(&g0, &g1, &g2, &g3, column / ${BLOCKS_PER_GROUP}u, g);
    }
  }`
      : ''
  }
  workgroupBarrier();
  // Norms, scaled by the group's largest entry before squaring.
  let bits = atomicLoad(&largestGradient);
  let me = select(i32(bits >> 23u) - 127, 0, bits == 0u);
  let s = exp2i(min(-me, 126));
  let h0 = g0 * s; let h1 = g1 * s; let h2 = g2 * s; let h3 = g3 * s;
  squares[lid] = dot(h0, h0) + dot(h1, h1) + dot(h2, h2) + dot(h3, h3);
  let one = vec4f(1.0);
  magnitudes[lid] = dot(abs(h0), one) + dot(abs(h1), one) + dot(abs(h2), one) + dot(abs(h3), one);
  workgroupBarrier();
  for (var o = ${BLOCKS_PER_GROUP / 2}u; o > 0u; o = o >> 1u) {
    if (lid < o) { squares[lid] += squares[lid + o]; magnitudes[lid] += magnitudes[lid + o]; }
    workgroupBarrier();
  }
  if (lid == 0u) {
    let n = 4u * ((seed * LAYERS + l) * (GROUPS + 1u) + group.x);
    atomicStore(&norms[n], bitcast<u32>(squares[0]));
    atomicStore(&norms[n + 1u], bitcast<u32>(f32(me + em)));
    atomicStore(&norms[n + 2u], bitcast<u32>(magnitudes[0]));
    atomicStore(&norms[n + 3u], atomicLoad(&largestWeight));
    ${keepsSlots ? 'atomicMax(&norms[largestSlotAt(ring + 1u, seed, l)], atomicLoad(&largestSlot));' : ''}
    if (isBias) {
      ${shape.layout.bias ? 'let b = atomicLoad(&largestBias); exponents[exponentBias(seed, l)] = select(excess(b), NO_EXPONENT, b == 0u);' : ''}
      ${
        task === 'gradient'
          ? 'exponents[SLOT_EXPONENTS + (SEEDS + seed) * LAYERS + l] = em;'
          : keepsSlots
            ? 'exponents[SLOT_EXPONENTS + ((1u - parity) * SEEDS + seed) * LAYERS + l] = now; atomicStore(&norms[largestSlotAt(ring + 2u, seed, l)], 0u);'
            : ''
      }
    }
    ${task === 'gradient' ? 'else if (group.x == 0u) { exponents[SLOT_EXPONENTS + seed * LAYERS + l] = em; }' : ''}
  }
}
// A thread of the bias group owns at most four columns (widths to 1024).
fn slotsOfNorm(g0: ptr<function, vec4f>, g1: ptr<function, vec4f>, g2: ptr<function, vec4f>, g3: ptr<function, vec4f>, turn: u32, g: vec4f) {
  switch (turn) { case 0u: { *g0 = g; } case 1u: { *g1 = g; } case 2u: { *g2 = g; } default: { *g3 = g; } }
}
`
}
