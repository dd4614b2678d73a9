// Spectrum of the Hessian at the cursor, and its ends over time.
import type { ArmName } from '../../core/experiment.ts'
import { createHessianPlot, hessianPlot } from '../../plots/hessianPlot.ts'
import { effectiveOptimizer } from '../../store/effectiveOptimizer.ts'
import type { LabState } from '../../store/labState.ts'
import { armSamples, historyVersions } from './armSamples.ts'
import { definePanel } from './panel.ts'

export const hessianPanel = definePanel({
  kind: hessianPlot,
  create: createHessianPlot,
  data: (state) => ({
    arms: armSamples(state, 'hessian').map((samples) => ({ ...samples, stability: stabilityOf(state, samples.arm) })),
    theory: [],
    totalSteps: state.experiment.steps,
  }),
  versions: (state) => historyVersions(state, 'hessian'),
})

/** Where plain or heavy-ball descent begins to overshoot; adaptive optimizers feel another spectrum. */
function stabilityOf(state: LabState, arm: ArmName): { readonly value: number; readonly label: string } | null {
  const { kind, lr, momentum } = effectiveOptimizer(state.experiment, arm, state.cursor ?? state.run.step)
  if (kind === 'sgd') return { value: 2 / lr, label: '2/η' }
  if (kind === 'momentum') return { value: (2 * (1 + momentum)) / lr, label: '2(1+μ)/η' }
  return null
}
