// Which theory curve is drawn in which plot? By the id's last word and the axis that the plot has.
import type { TheoryCurve } from '../../core/theoryCurve.ts'
import { relabelled } from '../../store/armCurves.ts'
import type { LabState } from '../../store/labState.ts'
import type { PanelName } from '../../store/viewOptions.ts'
import { CHARTED, hasCharts, OVER_SEEDS, PREDICTIONS, SIGNALS_OVER_SEEDS } from './hasCharts.ts'

const DRAWN: Readonly<Record<PanelName, RegExp>> = {
  loss: /\.(loss(Lower|Upper)|confusion)Bound$/,
  gradientNorms: /(gradientMedian|gradientRms|orthogonalGradient)$/,
  cosines: /cosine\.null$/,
  hessian: /hessian\.stabilityLine$/,
  kernel: /kernel\.driftBound$/,
}

const SIGNAL = /forward(Square|Typical)$/

/** The curves that the plot of this panel draws. */
export function curvesOf(panel: PanelName, curves: readonly TheoryCurve[]): readonly TheoryCurve[] {
  // A chain has its own bound of the loss; the certificate of the kernel says nothing on a plateau.
  const chain = curves.some((curve) => curve.id.startsWith('chain.'))
  return curves.filter((curve) => DRAWN[panel].test(curve.id) && !(chain && curve.id.endsWith('kernel.lossUpperBound')))
}

/** Predictions of the signal's squares as sizes over that of the first layer. */
export function signalCurvesOf(curves: readonly TheoryCurve[]): readonly TheoryCurve[] {
  return curves
    .filter(({ id }) => SIGNAL.test(id))
    .map((curve) => ({
      ...relabelled(curve, `predicted, ${curve.id.endsWith('Typical') ? 'typical' : 'root mean square'} (log10)`),
      y: curve.y.map((value) => (value - curve.y[0]) / 2),
    }))
}

/** Every closed form that the view of this panel shows now. */
export function drawnCurves(panel: PanelName, state: LabState): readonly TheoryCurve[] {
  const view = state.panelViews[panel]
  if (view === PREDICTIONS && hasCharts(panel, state)) return state.theory.filter(({ id }) => CHARTED[panel].test(id))
  if (panel === 'gradientNorms' && view === OVER_SEEDS) return state.theory.filter(({ id }) => SIGNALS_OVER_SEEDS.test(id))
  if (panel === 'gradientNorms' && view === 'signal') return state.theory.filter(({ id }) => SIGNAL.test(id))
  // Their distance has no line: it is a number beside the formula.
  if (panel === 'kernel' && view === 'ball') return state.theory.filter(({ id }) => id.endsWith('kernel.nearestSolution'))
  return curvesOf(panel, state.theory)
}
