// Up to which batch size does a larger batch still pay?

/**
 * Batch-size bound B_S = n Delta of n samples with gradient diversity Delta.
 *
 * 1 when all samples agree, n when their gradients are orthogonal, Infinity when they cancel, NaN when all are zero.
 * Source: Yin et al. 2018, section 3; Chen et al. 2018, equation 3.
 */
export function batchSizeBound(diversity: number, n: number): number {
  return n * diversity
}
