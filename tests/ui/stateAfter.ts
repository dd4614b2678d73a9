// The page's state after a run on the CPU, and the two runs that most charts are tested on.
import { DEFAULT_EXPERIMENT, DEFAULT_MLP } from '../../src/core/defaults.ts'
import type { Experiment } from '../../src/core/experiment.ts'
import { runHeadless } from '../../src/runtime/headless.ts'
import { appendToColumns, createRunColumns } from '../../src/store/armColumns.ts'
import type { LabState } from '../../src/store/labState.ts'
import { createLabStore } from '../../src/store/labStore.ts'
import { theoryCurves } from '../../src/store/theoryCurves.ts'
import type { PanelName } from '../../src/store/viewOptions.ts'
import { PREDICTIONS } from '../../src/ui/theory/hasCharts.ts'

export const noFiles = () => Promise.reject(new Error('no files'))

/** With the view of closed forms chosen everywhere. */
export async function stateAfter(experiment: Experiment): Promise<LabState> {
  const { samples } = await runHeadless(experiment, { readAsset: noFiles, allowGpu: false })
  const columns = createRunColumns()
  for (const sample of samples) appendToColumns(columns, sample)
  const panels: readonly PanelName[] = ['loss', 'gradientNorms', 'cosines', 'hessian', 'kernel']
  return {
    ...createLabStore().getState(),
    experiment,
    columns,
    theory: theoryCurves(experiment, columns),
    panelViews: Object.fromEntries(panels.map((panel) => [panel, PREDICTIONS])),
  }
}

export const every = { evaluation: 0, gradientNorms: 1, cosines: 1, hessian: 1, kernel: 1 }
export const MLP: Experiment = {
  ...DEFAULT_MLP,
  model: { ...DEFAULT_MLP.model, depth: 3, width: 12, activation: 'tanh', bias: false },
  init: { ...DEFAULT_MLP.init, scheme: 'lecunNormal' },
  data: { ...DEFAULT_MLP.data, kind: 'gaussian', inputs: 6, outputs: 1, trainCount: 64, testCount: 0 },
  loss: { kind: 'squaredError', reduction: 'mean' },
  optimizer: { ...DEFAULT_MLP.optimizer, kind: 'sgd', lr: 0.01 },
  batch: 64,
  steps: 2,
  engine: 'float64',
  diagnostics: { ...DEFAULT_MLP.diagnostics, probeCount: 32, pairCount: 4, pairBatch: 4, every, budget: 1 },
}
export const CHAIN: Experiment = {
  ...DEFAULT_EXPERIMENT,
  model: { ...DEFAULT_EXPERIMENT.model, depth: 10 },
  init: { ...DEFAULT_EXPERIMENT.init, tau: 1 },
  seeds: 400,
  steps: 1,
  versus: null,
  diagnostics: { ...DEFAULT_EXPERIMENT.diagnostics, every: { ...every, kernel: 0 } },
}
