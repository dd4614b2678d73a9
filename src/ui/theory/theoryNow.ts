// What does theory say of the view that is shown large, and under which conditions does everything drawn there hold?
import type { Hypothesis, TheoryCurve } from '../../core/theoryCurve.ts'
import type { LabState } from '../../store/labState.ts'
import type { PanelName } from '../../store/viewOptions.ts'
import { hypothesesOf, saidOnce } from './drawnHypotheses.ts'
import { liveHypotheses } from './liveHypotheses.ts'
import { drawnCurves } from './panelCurves.ts'
import { numberCurves } from './theoryNumbers.ts'
import { theoryOfCharts, type ChartTheory } from './theoryOfCharts.ts'
import { theoryOfPanel } from './theoryOfPanel.ts'

/** Of the charts of a view, or of the panel's own picture. */
export function theoryNow(panel: PanelName, state: LabState): ChartTheory {
  const numbers = hypothesesOf(numberCurves(panel, state))
  const ofCharts = theoryOfCharts(panel, state)
  if (ofCharts !== null) return { ...ofCharts, hypotheses: saidOnce([...ofCharts.hypotheses, ...numbers]) }
  const { curve, ...own } = theoryOfPanel(panel, state.theory, state.experiment.model.kind === 'chain')
  return { ...own, hypotheses: saidOnce([...conditionsNow(panel, curve, state), ...numbers]), source: curve?.source ?? own.source }
}

/** Those of the formula, and of every curve that is drawn now. */
function conditionsNow(panel: PanelName, curve: TheoryCurve | null, state: LabState): readonly Hypothesis[] {
  // The certificate of the kernel has no curve of its own.
  const live = curve === null || panel === 'kernel' ? liveHypotheses(panel, state) : []
  return [...(curve?.hypotheses ?? []), ...live, ...hypothesesOf(drawnCurves(panel, state))]
}
