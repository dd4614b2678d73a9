// How fast does the signal grow through skip connections without normalisation?

/**
 * E|h|^2 / E|z|^2 after `blocks` of h + b W h with linear branches: (1 + b^2 d s2)^blocks.
 *
 * Unit gain, branch scale 1: doubles per block. Branch scale 1/sqrt(blocks): stays below e.
 * Source: Orvieto et al. 2021, section 4 (skip connections alone explode); Zhang et al. 2019 for the scaled branch.
 *
 * @param gain d s2 of the branch (all its layers together).
 */
export function skipSquareGrowth(blocks: number, gain: number, branchScale = 1): number {
  return (1 + branchScale * branchScale * gain) ** blocks
}
