// How does K1 stop between two layers and go on in another dispatch? What both its texts get more where they are cut; nothing elsewhere.
//
// The stations of a tile are numbered: l = 0 .. L-1 is the forward half of layer l, L the loss, L + down the backward step that takes the
// excess out of the delta of layer L - down and produces the one below. A dispatch does `begin` .. `until` - 1 of them. All that lives between
// two of them is in memory anyway: a tile's numbers and their exponent as they were left, so a range begins by loading them and goes on
// with the same bits. Two things are kept for it alone: whether something left float32, in the tile's first row loss until the real
// one comes, and the exponent of what a skip sends back.
import type { KernelShape } from './kernelShape.ts'

/** Stations of one tile: forward, loss, backward. */
export function stationCount({ layout }: KernelShape): number {
  return 2 * layout.layerCount + 1
}

/** Loads and notes of a range; `eachEntry` does a body to all of a thread's entries, with own, row and column at hand. */
export interface RangePieces {
  readonly prelude: string
  /** Before the forward loop. */
  readonly resumeForward: string
  /** Behind it. */
  readonly leaveForward: string
  /** In place of the loss and the first delta. */
  readonly resumeBackward: string
  /** Behind the backward loop. */
  readonly leaveBackward: string
}

/** @param poison exponent of a row loss that is no number. */
export function rangePieces(shape: KernelShape, eachEntry: (body: string) => string, place: string, poison: string): RangePieces {
  const { skips } = shape.layout
  const note = 'rowLosses[(u32(step.numbers.x) * SEEDS + seed) * PADDED_ROWS + tileNumber * TILE_ROWS]'
  const load = (source: string): string => `{
    var size = 0u;
    ${eachEntry(`let kept = ${source}; ${place} = kept; size = max(size, sizeBits(kept));`)}
    atomicMax(&largestBits[slot], size);
  }`
  return {
    prelude: `let begin = u32(step.numbers.y);
  let until = u32(step.numbers.z);`,
    resumeForward: `if (begin > 0u && begin <= LAYERS) {
    e = exponents[exponentForward(seed, begin, tileNumber)];
    worst = select(0u, INFINITE_BITS, ${note}.y >= ${poison});
    ${load('activations[activationAt(seed, begin, row, column)]')}
    ${skips === null ? '' : 'if (inBlock(begin) && !startsBlock(begin)) { skipped = exponents[exponentForward(seed, FIRST_SKIP + ((begin - FIRST_SKIP) / SKIP_SPAN) * SKIP_SPAN, tileNumber)]; }'}
    workgroupBarrier();
  }`,
    leaveForward: `if (until <= LAYERS) {
    if (lid == 0u) { ${note} = vec2f(0.0, select(0.0, ${poison}, worst >= INFINITE_BITS)); }
    return;
  }`,
    resumeBackward: `let top = 2u * LAYERS - begin;
    e = exponents[exponentBackward(seed, top, tileNumber)];
    ${load('deltas[deltaAt(seed, top, row, column)]')}
    ${
      skips === null
        ? ''
        : `if (inBlock(top)) {
      skipped = exponents[exponentSentBack(seed, tileNumber)];
      var size = 0u;
      ${eachEntry('size = max(size, sizeBits(deltas[sentBackAt(seed, row, column)]));')}
      atomicMax(&sentBits[0], size);
    }`
    }
    workgroupBarrier();`,
    leaveBackward: skips === null ? '' : 'if (lid == 0u) { exponents[exponentSentBack(seed, tileNumber)] = skipped; }',
  }
}
