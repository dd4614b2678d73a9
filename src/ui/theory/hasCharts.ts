// Is there a view of closed forms over depth, width or batch size? A small question, asked before its code is loaded.
import type { LabState } from '../../store/labState.ts'
import type { PanelName } from '../../store/viewOptions.ts'

/** The name of that view in every panel. */
export const PREDICTIONS = 'predictions'

/** Curves over other axes than those of the plot itself. */
export const CHARTED: Readonly<Record<PanelName, RegExp>> = {
  loss: /^(?:B\.)?chain\.(?:rmspropE|e)scapeByDepth$/,
  gradientNorms:
    /^(?:B\.)?(?:chain\.gradient(?:Median|LowerQuartile|UpperQuartile)ByDepth|chain\.gradientSlope|mlp\.gradientRate|relu\.deadByDepth|(?:chain|mlp)\.signal(?:Spread|Tail))$/,
  cosines: /^(?:B\.)?(?:diversity\.|mlp\.orthogonalCosine$)/,
  hessian: /^(?:B\.)?(?:chain|mlp)\.hessian(?:OffDiagonal|Diagonal)(?:Slope|Rms|Rate)$/,
  kernel: /^(?:B\.)?kernel\.(?:drift|outputHessian)ByWidth$/,
}

/** True where the panel's measurement stands beside a closed form over another axis. */
export function hasCharts(panel: PanelName, { theory, columns, experiment }: LabState): boolean {
  if (panel === 'cosines') return experiment.data.kind !== 'point'
  if (panel === 'kernel' && columns.A.kernel.samples.at(-1)?.shallow !== undefined) return true
  return theory.some(({ id }) => CHARTED[panel].test(id))
}
