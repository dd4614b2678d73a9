// Why may the number on the screen lie? What it was computed from, said for the plot that is large now.
import { armsOf } from '../../core/resolve.ts'
import { knownEnds } from '../../plots/spectrumEnds.ts'
import type { LabState } from '../../store/labState.ts'
import { sampleAt } from '../../store/sampleHistory.ts'
import type { PanelName } from '../../store/viewOptions.ts'
import { shortNumber } from '../numberText.ts'

/** Sentences for one panel, the most important first. */
export function caveatsOf(panel: PanelName, state: LabState): readonly string[] {
  const own = panelCaveats(panel, state)
  return [precision(state), ...own, ...costOf(panel, state)]
}

/** What one measurement costs beside a training step, once both are known; losses come free. */
function costOf(panel: PanelName, { columns, experiment }: LabState): readonly string[] {
  const cost = columns.A.costs.get(panel)
  if (cost === undefined || !Number.isFinite(cost.stepRatio) || panel === 'loss') return []
  const every = experiment.diagnostics.every[panel]
  const steps = shortNumber(cost.stepRatio, 2)
  return [
    `One measurement takes ${steps} ${steps === '1' ? 'training step' : 'training steps'}${every > 0 ? `, every ${every} steps` : ''}.`,
  ]
}

function precision({ chips }: LabState): string {
  if (chips.A === undefined) return 'Nothing is computed yet.'
  return chips.A.precision === 'float64' ? 'Computed in float64.' : 'Computed in float32 on the GPU, relative rounding about 10⁻⁶.'
}

function panelCaveats(panel: PanelName, state: LabState): readonly string[] {
  const { columns, cursor, experiment, run } = state
  switch (panel) {
    case 'loss': {
      const lost = armsOf(experiment).flatMap((arm) =>
        run.divergedSeeds[arm] > 0
          ? [`${run.divergedSeeds[arm]} of ${experiment.seeds} seeds of run ${arm} diverged and left the median.`]
          : [],
      )
      const seeds =
        experiment.seeds > 1
          ? `The bold line is the median of ${experiment.seeds} seeds: it hides the few that differ.`
          : 'One seed: another start may look different.'
      const batch = experiment.data.kind === 'point' ? [] : ['Thin lines are losses of single batches, before their update.']
      return [seeds, ...batch, ...lost]
    }
    case 'gradientNorms': {
      const sample = sampleAt(columns.A.gradientNorms, cursor)
      const under = sample === null ? 0 : sample.underflow.reduce((sum, flag) => sum + flag, 0)
      const bound = under > 0 ? [`${under} values underflowed and are shown as bounds.`] : []
      const tails = experiment.seeds > 4 ? ['Tails are fat: mean and median can be decades apart.'] : []
      return [
        experiment.data.kind === 'point'
          ? 'Measured on the one sample.'
          : sample?.batchRows !== undefined
            ? `Measured on the batch that the step takes next, ${sample.batchRows} samples: it moves with the draw as well.`
            : `Measured on the probe set of ${experiment.diagnostics.probeCount === 1 ? 'one sample' : `${experiment.diagnostics.probeCount} samples`}.`,
        ...tails,
        ...bound,
      ]
    }
    case 'cosines': {
      const sample = sampleAt(columns.A.cosines, cursor)
      if (sample === null) return ['The minimum depends on how many pairs were drawn; compare spreads.']
      const { pairs } = sample
      const width = pairs.curve === null ? '' : `, bandwidth ${shortNumber(pairs.curve.bandwidth, 2)}`
      const excluded = pairs.excluded > 0 ? [`${pairs.excluded} pairs with a zero gradient are left out.`] : []
      const drawn = pairs.cosines.length + pairs.excluded
      const asked = experiment.diagnostics.pairCount
      return [
        `${pairs.cosines.length} pairs of batches of ${sample.pairBatch}${width}.`,
        ...(drawn < asked ? [`${asked} were asked for: training did not wait for them.`] : []),
        'The minimum depends on the number of pairs; compare spreads.',
        ...excluded,
      ]
    }
    case 'hessian': {
      const sample = sampleAt(columns.A.hessian, cursor)
      if (sample === null) return []
      if (sample.method === 'exact')
        return [
          `All ${sample.parameterCount} eigenvalues, exact, on ${sample.sampleCount} ${sample.sampleCount === 1 ? 'sample' : 'samples'}.`,
        ]
      const { smallest, largest } = knownEnds(sample)
      const converged =
        smallest && largest
          ? 'The two ends have converged.'
          : smallest || largest
            ? `The ${smallest ? 'largest' : 'smallest'} eigenvalue has not converged: it is a bound from inside.`
            : 'The ends have not converged: they are bounds from inside.'
      return [
        `Lanczos with ${sample.lanczosSteps} steps and ${sample.probes} ${sample.probes === 1 ? 'probe' : 'probes'} on ${sample.sampleCount} samples; the density between the ends is an estimate.`,
        converged,
      ]
    }
    case 'kernel': {
      const sample = sampleAt(columns.A.kernel, cursor)
      if (sample === null) return []
      return [
        `Kernel of ${sample.sampleCount} ${sample.sampleCount === 1 ? 'sample' : 'samples'} and ${sample.outputCount} ${sample.outputCount === 1 ? 'output' : 'outputs'}, relative to step 0, of the first seed.`,
      ]
    }
    default:
      panel satisfies never
      return []
  }
}
