// In how many directions does the loss curve downwards?

/** Eigenvalues within this times the largest |eigenvalue| of 0 count as zero. */
export const NEGATIVE_TOLERANCE = { float64: 1e-12, float32: 1e-6 } as const

/** Number of eigenvalues below -tolerance times the largest |eigenvalue|; rounding alone makes half of all zeros negative. */
export function negativeCount(eigenvalues: Float64Array, tolerance: number): number {
  const largest = eigenvalues.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return eigenvalues.reduce((count, value) => (value < -tolerance * largest ? count + 1 : count), 0)
}
