// How does K2 add up the gradient of a batch that comes in pieces? What its text gets more where `pieceRows` is set; nothing elsewhere.
//
// One dispatch a piece: all but the last leave the sums so far behind the slots, [seed] in the parameters' layout, without scales, as
// mantissas of one exponent per (seed, layer, part). Exponents are double-buffered by the parity of the piece, like those of slots.
// The next piece goes on from them row by row, so the order of every sum is that of the whole batch. The noise of perturbed descent
// lies behind the sums, because a stage may bind no more buffers than eight.
import type { OptimizerSettings } from '../../core/experiment.ts'
import { exponentOffsets, pieceCount, type KernelShape } from './kernelShape.ts'
import { slotCount } from './updateRules.ts'

/** Pieces of WGSL, all empty for a batch that one pass holds. */
export interface PieceSums {
  readonly declarations: string
  /** Lets the exponent em meet that of the sums; sets isLast, summed, and kept: what the stored mantissas are multiplied by. */
  readonly join: string
  readonly loadWeights: string
  readonly keepWeight: string
  readonly loadOther: string
  readonly keepOther: string
  /** Ends the dispatch of every piece but the last. */
  readonly leave: string
}

const NOTHING: PieceSums = { declarations: '', join: '', loadWeights: '', keepWeight: '', loadOther: '', keepOther: '', leave: '' }

/**
 * What `updateWgsl` takes in.
 *
 * @param entries its variables of a thread's block, of `side` x `side` vec4 squares.
 */
export function pieceSums(shape: KernelShape, kind: OptimizerSettings['kind'], entries: readonly string[], side: number): PieceSums {
  if (shape.pieceRows === undefined) return NOTHING
  const ofSlot = shape.seedCount * shape.layout.seedQuads
  const start = slotCount(kind) * ofSlot
  const sumOf = (place: string): string => `slots[SUMS_START + seed * SEED_QUADS + ${place}]`
  return {
    declarations: `size PIECES = ${pieceCount(shape)}u;
size SUMS_START = ${start}u;
size NOISE_START = ${start + ofSlot}u;
size SUM_EXPONENTS = ${exponentOffsets(shape).sums}u;
fn sumExponentAt(piece: u32, part: u32, seed: u32, l: u32) -> u32 { return SUM_EXPONENTS + (((piece & 1u) * PARTS + part) * SEEDS + seed) * LAYERS + l; }
`,
    join: `
  let piece = u32(step.numbers.x);
  let isLast = piece + 1u >= PIECES;
  let before = select(exponents[sumExponentAt(piece, part, seed, l)], NO_EXPONENT, piece == 0u);
  em = max(em, before);
  let summed = em;
  let kept = select(exp2i(before - em), 0.0, before < NO_EXPONENT / 2);`,
    loadWeights: `
      if (kept != 0.0) {
        for (var q = 0u; q < ENTRIES; q++) {
          let r = q / ${4 * side}u;
          let c = (q / 4u) % ${side}u;
          if (kq + r < rowQuads && column + c < QUADS) {
            g[q] = kept * ${sumOf('weightAt(l) + 4u * kq * QUADS + column + (4u * r + q % 4u) * QUADS + c')};
          }
        }
        ${entries.map((g, q) => `${g} = g[${q}];`).join(' ')}
      }`,
    keepWeight: `
          if (!isLast) { ${sumOf('p + (4u * r + q % 4u) * QUADS + c')} = g[q]; continue; }`,
    loadOther: `
      if (kept != 0.0) { v = kept * ${sumOf('otherAt(part, l) + column')}; }`,
    keepOther: `
      if (!isLast) { ${sumOf('otherAt(part, l) + column')} = v; continue; }`,
    leave: `
  if (!isLast) {
    if (lid == 0u && (group.x == 0u || isOther)) { exponents[sumExponentAt(piece + 1u, part, seed, l)] = summed; }
    return;
  }`,
  }
}
