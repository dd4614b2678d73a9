// How wide is an MLP of given depth with a given number of parameters?
//
// Depths compared at equal width compare sizes too; LB compares them at equal size.

/**
 * The width K >= 1 whose parameter count is nearest to the budget (the smaller of two equally near).
 *
 * Without biases d_in K + (L - 2) K^2 + K d_out for L >= 2 matrices; a network of one matrix has no width and gets 1.
 * Source: LB section 5, with L counting matrices and biases counted where they are.
 */
export function widthForBudget(budget: number, depth: number, inputWidth: number, outputWidth: number, bias: boolean): number {
  if (depth < 2) return 1
  const squares = depth - 2
  const linear = inputWidth + outputWidth + (bias ? depth - 1 : 0)
  const constant = bias ? outputWidth : 0
  const count = (width: number): number => squares * width * width + linear * width + constant
  const rest = Math.max(0, budget - constant)
  // The stable form of the root: no cancellation when squares is 0.
  const root = (2 * rest) / (linear + Math.sqrt(linear * linear + 4 * squares * rest))
  const below = Math.max(1, Math.floor(root))
  return budget - count(below) <= count(below + 1) - budget ? below : below + 1
}
