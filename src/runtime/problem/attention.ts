// Who waits for the numbers of a problem? The command line waits in silence; a page wants to see how far they are, and to stop them.
import { symmetricEigenvalues } from '../../numerics/symmetricEigenvalues.ts'

export interface Attention {
  /** Aborted: the measurement throws its reason. */
  readonly signal?: AbortSignal
  /** `done` of `total` parts; `label` says what comes next. */
  progress(done: number, total: number, label: string): void
  /** Called between parts of the work. @throws when nobody waits any more. */
  breathe(): Promise<void>
  /** Ascending eigenvalues of a symmetric [n, n] matrix, perhaps on another thread. */
  eigenvalues(matrix: Float64Array, n: number): Promise<Float64Array>
}

/** Nobody watches. */
export const NO_ATTENTION: Attention = {
  progress: () => undefined,
  breathe: () => Promise.resolve(),
  eigenvalues: async (matrix, n) => symmetricEigenvalues(matrix, n),
}
