// Is there a view of closed forms over depth, width or batch size? A small question, asked before its code is loaded.
import type { LabState } from '../../store/labState.ts'
import type { PanelName } from '../../store/viewOptions.ts'

/** The name of that view in every panel. */
export const PREDICTIONS = 'predictions'

/** The view of what the seeds say together, of the gradient panel. */
export const OVER_SEEDS = 'seeds'

/** Its curves. */
export const SIGNALS_OVER_SEEDS = /^(?:B\.)?(?:chain|mlp)\.signal(?:Spread|Tail)$/

/** Fewer seeds have no spread to speak of. */
export const LEAST_SEEDS = 8

/** Curves over other axes than those of the plot itself. */
export const CHARTED: Readonly<Record<PanelName, RegExp>> = {
  loss: /^(?:B\.)?chain\.(?:rmspropE|e)scapeByDepth$/,
  gradientNorms:
    /^(?:B\.)?(?:chain\.gradient(?:Median|LowerQuartile|UpperQuartile)ByDepth|chain\.gradientSlope|mlp\.gradientRate|relu\.deadByDepth)$/,
  cosines: /^(?:B\.)?(?:diversity\.|mlp\.orthogonalCosine$)/,
  hessian: /^(?:B\.)?(?:chain|mlp)\.hessian(?:OffDiagonal|Diagonal)(?:Slope|Rms|Rate)$/,
  kernel: /^(?:B\.)?kernel\.(?:drift|outputHessian)ByWidth$/,
}

/** True where the signals of the seeds stand beside the laws of their spread. */
export function hasSeedCharts({ theory, experiment }: LabState): boolean {
  return experiment.seeds >= LEAST_SEEDS && theory.some(({ id }) => SIGNALS_OVER_SEEDS.test(id))
}

/** True where the panel's measurement stands beside a closed form over another axis. */
export function hasCharts(panel: PanelName, { theory, columns, experiment }: LabState): boolean {
  if (panel === 'cosines') return experiment.data.kind !== 'point'
  if (panel === 'kernel' && columns.A.kernel.samples.at(-1)?.shallow !== undefined) return true
  return theory.some(({ id }) => CHARTED[panel].test(id))
}
