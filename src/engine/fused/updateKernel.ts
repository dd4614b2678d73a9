// K2: every weight and bias gradient, the layer norms and the optimizer's update in one dispatch.
//
//   workgroup (x: the blocks of `updateThreads` threads, then the biases, gamma and beta; y: seed; z: layer)
//   a thread owns a block of 4 blockQuads inputs x 4 blockQuads outputs: larger blocks read less, which a software adapter
//   needs, smaller ones fill a GPU
//
// A gradient is sum over rows of h_l[row] delta_l[row], rows in batch order whatever the tile, as mantissas of
// 2^em with em the largest exponent of the layer's tiles. Optimizer slots lie in the parameters' layout with one
// exponent per (seed, layer, part of its block), double-buffered by the parity of the step because every workgroup of the layer
// reads the old one. RMSprop and Adam keep r = sqrt(v): a square of a small gradient would leave float32.
// Slots may also shrink, so each step notes the largest of them: three rows, one read, one written, one cleared.
// The noise of perturbed descent comes from the CPU, [step of the chunk][seed] in the parameters' layout.
// A batch in pieces takes one dispatch a piece, the last of which updates: see `pieceSumsWgsl.ts`.
// Norms are reduced by a fixed tree: no float atomics, the same bits every time.
import type { OptimizerSettings } from '../../core/experiment.ts'
import { EXPONENT_PRELUDE } from './exponentWgsl.ts'
import { shapeWgsl, type KernelShape } from './kernelShape.ts'
import { otherPartsWgsl } from './otherPartsWgsl.ts'
import { pieceSums } from './pieceSumsWgsl.ts'
import { blockQuads, largestWeightsAt, normEntries, otherParts, updateGroups, updateThreads, weightGroups } from './updateGrid.ts'
import { NOISE_READ, RULE_FUNCTIONS, RULES, slotCount } from './updateRules.ts'

/**
 * WGSL of K2; entry point `main`.
 *
 * @param task the optimizer whose update is applied, or 'gradient': mantissas are written to the slot buffer and
 *   their exponents, of weights and of biases, in place of the slots' (parity 0), and the weights stay.
 */
export function updateWgsl(shape: KernelShape, task: OptimizerSettings['kind'] | 'gradient'): string {
  const inPieces = shape.pieceRows !== undefined
  const rule = task === 'gradient' ? 'return g;' : inPieces ? RULES[task].replace(NOISE_READ, 'slots[NOISE_START + at]') : RULES[task]
  const keepsSlots = task !== 'gradient' && slotCount(task) > 0
  const usesSlots = task === 'gradient' || keepsSlots || inPieces
  const side = blockQuads(shape)
  const threads = updateThreads(shape)
  const sides = Array.from({ length: side }, (_, i) => i)
  const cells = sides.flatMap((r) => sides.map((c) => [r, c] as const))
  const each = (body: (cell: string, r: number, c: number) => string): string =>
    cells.map(([r, c]) => body(`g${r}${c}`, r, c)).join('\n      ')
  const parts = (cell: string): string[] => [0, 1, 2, 3].map((i) => `${cell}${i}`)
  const entries = cells.flatMap(([r, c]) => parts(`g${r}${c}`))
  const sums = pieceSums(shape, task === 'gradient' ? 'sgd' : task, entries, side)
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
${task === 'perturbed' && !inPieces ? '@group(0) @binding(8) var<storage, read> noise: array<vec4f>;' : ''}
const ENTRIES = ${entries.length}u;
size GROUPS = ${updateGroups(shape)}u;
size NORM_GROUPS = ${weightGroups(shape)}u;
size LARGEST_SLOTS = ${4 * normEntries(shape)}u;
size LARGEST_WEIGHTS = ${largestWeightsAt(shape)}u;
${sums.declarations}var<workgroup> squares: array<f32, ${threads}>;
var<workgroup> magnitudes: array<f32, ${threads}>;
var<workgroup> largestGradient: atomic<u32>;
var<workgroup> largestBias: atomic<u32>;
var<workgroup> largestWeight: atomic<u32>;
var<workgroup> largestSlot: atomic<u32>;
var<private> isAlive: bool;
var<private> ownWeight: u32;
var<private> ownSlot: u32;

${RULE_FUNCTIONS}
fn noteSlot(v: vec4f) { ownSlot = max(ownSlot, sizeBits(v)); }
// Weights (part 0) and biases (part 1) of a layer may be a hundred orders of magnitude apart.
fn largestSlotAt(ring: u32, part: u32, seed: u32, l: u32) -> u32 { return LARGEST_SLOTS + (((ring % 3u) * PARTS + part) * SEEDS + seed) * LAYERS + l; }
fn slotExponentAt(parity: u32, part: u32, seed: u32, l: u32) -> u32 { return SLOT_EXPONENTS + ((parity * PARTS + part) * SEEDS + seed) * LAYERS + l; }
fn applied(at: u32, g: vec4f, em: i32, old: i32, now: i32) -> vec4f { ${rule} }
// A diverged seed keeps its last finite weights.
fn apply(seed: u32, p: u32, g: vec4f, em: i32, old: i32, now: i32) {
  if (!isAlive) { return; }
  ${
    task === 'gradient'
      ? 'slots[seed * SEED_QUADS + p] = g;'
      : `let at = seed * SEED_QUADS + p;
  let updated = parameters[at] - applied(at, g, em, old, now);
  parameters[at] = updated;
  ownWeight = max(ownWeight, sizeBits(updated));`
  }
}
fn tileExponent(seed: u32, l: u32, tile: u32) -> i32 {
  let forward = exponents[exponentForward(seed, l, tile)];
  let backward = exponents[exponentBackward(seed, l, tile)];
  // What is lost is not zero, zero times something is.
  return select(max(forward + backward, LOST_EXPONENT), NO_EXPONENT, forward == NO_EXPONENT || backward == NO_EXPONENT);
}

${otherPartsWgsl(shape)}
@compute @workgroup_size(${threads})
fn main(@builtin(local_invocation_index) lid: u32, @builtin(workgroup_id) group: vec3u) {
  let seed = group.y + u32(step.corrections.w);
  let l = group.z + u32(step.numbers.w);
  // biases, and with layer norm gamma and beta
  let isOther = group.x >= GROUPS;
  let part = select(0u, group.x - GROUPS + 1u, isOther);
  let weightScale = select(HIDDEN_SCALE, FIRST_SCALE, l == 0u);
  isAlive = exponents[ALIVE + seed] != 0;
  var em = NO_EXPONENT;
  for (var t = 0u; t < TILES; t++) {
    em = max(em, select(tileExponent(seed, l, t), otherExponent(part, seed, l, t), isOther));
  }${sums.join}
  let empty = em < NO_EXPONENT / 2;
  let parity = u32(step.numbers.z) & 1u;
  let ring = u32(step.numbers.z);
${
  keepsSlots
    ? `  let stored = exponents[slotExponentAt(parity, part, seed, l)];
  let slotBits = atomicLoad(&norms[largestSlotAt(ring, part, seed, l)]);
  let fitting = select(stored + excess(slotBits), NO_EXPONENT, slotBits == 0u);
  let joined = max(fitting, select(em, NO_EXPONENT, empty));
  let now = select(joined, 0, joined < NO_EXPONENT / 2);
  let old = select(stored, now, slotBits == 0u);`
    : '  let now = 0; let old = 0;'
}
  let emptyExponent = em;
  em = select(em, 0, empty);

  ${entries.map((g) => `var ${g} = vec4f(0.0);`).join(' ')}
  var g: array<vec4f, ENTRIES>;
  var size = 0u;
  if (lid == 0u) { atomicStore(&largestGradient, 0u); atomicStore(&largestBias, 0u); atomicStore(&largestWeight, 0u); atomicStore(&largestSlot, 0u); }
  workgroupBarrier();
  if (!isOther) {
    let rowQuads = select(QUADS, IN_QUADS, l == 0u);
    let block = group.x * ${threads}u + lid;
    let across = (QUADS + ${side - 1}u) / ${side}u;
    let kq = ${side}u * (block / across);
    let column = ${side}u * (block % across);
    if (kq < rowQuads) {${sums.loadWeights}
      // Past the edge the last vec4 is read again and not used.
      ${sides.map((i) => `let h${i}At = min(${i}u, rowQuads - 1u - kq); let d${i}At = min(${i}u, QUADS - 1u - column);`).join(' ')}
      for (var t = 0u; t < TILES; t++) {
        let s = exp2i(tileExponent(seed, l, t) - em);
        if (s == 0.0) { continue; }
        let end = min((t + 1u) * TILE_ROWS, ROWS);
        var pd = deltaAt(seed, l, t * TILE_ROWS, column);
        var pa = activationAt(seed, max(l, 1u), t * TILE_ROWS, kq);
        for (var row = t * TILE_ROWS; row < end; row++) {
          ${sides.map((r) => `var h${r}: vec4f;`).join(' ')}
          if (l == 0u) {
            let px = u32(max(batchIndices[indexAt(step.numbers.x, seed, row)], 0)) * IN_QUADS + kq;
            ${sides.map((r) => `h${r} = X[px + h${r}At];`).join(' ')}
          } else { ${sides.map((r) => `h${r} = activations[pa + h${r}At];`).join(' ')} }
          ${sides.map((c) => `let d${c} = s * deltas[pd + d${c}At]; `).join('')}
          ${each((cell, r, c) => `${cell}0 += h${r}.x * d${c}; ${cell}1 += h${r}.y * d${c}; ${cell}2 += h${r}.z * d${c}; ${cell}3 += h${r}.w * d${c};`)}
          pa += QUADS;
          pd += QUADS;
        }
      }
      ${entries.map((g, q) => `g[${q}] = ${g};`).join(' ')}
      let p = weightAt(l) + 4u * kq * QUADS + column;
      // A loop: unrolled, the optimizer would be compiled once an entry.
      for (var q = 0u; q < ENTRIES; q++) {
        let r = q / ${4 * side}u;
        let c = (q / 4u) % ${side}u;
        var v = vec4f(0.0);
        if (kq + r < rowQuads && column + c < QUADS) {${sums.keepWeight}
          v = g[q] * weightScale;
          apply(seed, p + (4u * r + q % 4u) * QUADS + c, v, em, old, now);
          size = max(size, sizeBits(v));
        }
        g[q] = v;
      }
    }
    atomicMax(&largestGradient, size);
  }${
    otherParts(shape) > 0
      ? ` else {
    for (var column = lid; column < QUADS; column += ${threads}u) {
      var v = vec4f(0.0);${sums.loadOther}
      for (var t = 0u; t < TILES; t++) {
        let s = exp2i(otherExponent(part, seed, l, t) - em);
        if (s == 0.0) { continue; }
        let end = min((t + 1u) * TILE_ROWS, ROWS);
        for (var row = t * TILE_ROWS; row < end; row++) { v += s * otherGradient(part, seed, l, row, column); }
      }${sums.keepOther}
      if (part == 1u) { v *= BIAS_SCALE; }
      let p = otherAt(part, l) + column;
      apply(seed, p, v, em, old, now);
      if (part == 1u) { atomicMax(&largestBias, sizeBits(parameters[seed * PARAMETER_STRIDE + p])); }
      atomicMax(&largestGradient, sizeBits(v));
      // Widths to 1024: a thread owns at most four columns, or of four threads each 64, as many as it has entries.
      g[column / ${threads}u] = v;
    }
  }`
      : ''
  }${sums.leave}
  atomicMax(&largestWeight, ownWeight);
  atomicMax(&largestSlot, ownSlot);
  workgroupBarrier();
  // Norms, scaled by the group's largest entry before squaring.
  let bits = atomicLoad(&largestGradient);
  let me = select(i32(bits >> 23u) - 127, 0, bits == 0u);
  let s = exp2i(min(-me, 126));
  let one = vec4f(1.0);
  var square = 0.0;
  var magnitude = 0.0;
  for (var q = 0u; q < ENTRIES; q++) { let h = g[q] * s; square += dot(h, h); magnitude += dot(abs(h), one); }
  squares[lid] = square;
  magnitudes[lid] = magnitude;
  workgroupBarrier();
  for (var o = ${threads / 2}u; o > 0u; o = o >> 1u) {
    if (lid < o) { squares[lid] += squares[lid + o]; magnitudes[lid] += magnitudes[lid + o]; }
    workgroupBarrier();
  }
  if (lid == 0u) {
    let n = 4u * ((seed * LAYERS + l) * (NORM_GROUPS + PARTS - 1u) + select(group.x, NORM_GROUPS + part - 1u, isOther));
    atomicStore(&norms[n], bitcast<u32>(squares[0]));
    atomicStore(&norms[n + 1u], bitcast<u32>(f32(select(me + em, emptyExponent, empty))));
    atomicStore(&norms[n + 2u], bitcast<u32>(magnitudes[0]));
    atomicStore(&norms[n + 3u], atomicLoad(&largestWeight));
    ${task === 'gradient' ? '' : `atomicMax(&norms[LARGEST_WEIGHTS + seed], atomicLoad(&largestWeight));`}
    ${keepsSlots ? 'atomicMax(&norms[largestSlotAt(ring + 1u, part, seed, l)], atomicLoad(&largestSlot));' : ''}
    ${keepsSlots ? 'if (group.x == 0u || isOther) { exponents[slotExponentAt(1u - parity, part, seed, l)] = now; atomicStore(&norms[largestSlotAt(ring + 2u, part, seed, l)], 0u); }' : ''}
    ${task === 'gradient' ? 'if (group.x == 0u || isOther) { exponents[slotExponentAt(0u, part, seed, l)] = em; }' : ''}
    ${shape.layout.bias ? 'if (part == 1u) { let b = atomicLoad(&largestBias); exponents[exponentBias(seed, l)] = select(excess(b), NO_EXPONENT, b == 0u); }' : ''}
  }
}
`
}
