// How do the threads of a tile agree on the power of two of what a saturated activation leaves?
//
// A value or slope that falls off like an exponential has a power of two of its own, entry by entry, and a tile has one exponent.
// The largest power among the products that are not zero is taken, so that the tile's largest number is never lost; of ordinary
// numbers it is 0, found at the first entry. One barrier of its own: two slots in turn, one used and one cleared.

/** Workgroup memory of the agreement, of as many numbers as agree at once. */
export const agreementMemory = (lanes = 1): string => `var<workgroup> agreed: array<atomic<u32>, ${2 * lanes}>;`

/** Statements before the first barrier. */
export const agreementStart = (lanes = 1): string =>
  `var parity = 0u; if (lid == 0u) { for (var i = 0u; i < ${2 * lanes}u; i++) { atomicStore(&agreed[i], 0u); } }`

/** Statements after which every thread knows `found<u>`, the largest `noted<u>` of the tile, for each of so many vectors. */
export function agreeOnTops(lanes: number): string {
  const each = (body: (u: number) => string): string => Array.from({ length: lanes }, (_, u) => body(u)).join(' ')
  return `
    ${each((u) => `atomicMax(&agreed[parity * ${lanes}u + ${u}u], noted${u});`)}
    workgroupBarrier();
    ${each((u) => `let found${u} = atomicLoad(&agreed[parity * ${lanes}u + ${u}u]);`)}
    parity = 1u - parity;
    if (lid == 0u) { ${each((u) => `atomicStore(&agreed[parity * ${lanes}u + ${u}u], 0u);`)} }`
}

/**
 * Statements that set `power`, the largest of the tile; `ofTails` then gives mantissas of it. Only what does not count may have more.
 *
 * @param loop does a body to every entry of a thread.
 * @param note sets `there`, 0 where an entry does not count, and `powers`.
 */
export function agreeOnPower(loop: (body: string) => string, note: string): string {
  return `
    var noted0 = 0u;
    ${loop(`if (noted0 >= u32(TAIL_OFFSET)) { break; }
      ${note}
      noted0 = max(noted0, tailSize(there, powers));`)}
    ${agreeOnTops(1)}
    let power = tailExponent(found0);`
}
