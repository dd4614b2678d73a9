// Does a formula apply although no curve of it is drawn? Its conditions, ticked or crossed with the numbers of this run.
import { kernelCertificate } from '../../core/kernelCertificate.ts'
import type { Hypothesis } from '../../core/theoryCurve.ts'
import type { LabState } from '../../store/labState.ts'
import { stabilityLimit } from '../../store/stabilityLimit.ts'
import { sampleAt } from '../../store/sampleHistory.ts'
import type { PanelName } from '../../store/viewOptions.ts'
import { shortNumber } from '../numberText.ts'

/** Conditions of the panel's formula for arm A; empty where the formula always holds. */
export function liveHypotheses(panel: PanelName, state: LabState): readonly Hypothesis[] {
  const { experiment } = state
  const chain = experiment.model.kind === 'chain'
  switch (panel) {
    case 'loss':
      return chain
        ? [
            { text: 'one sample, x = y = 1', holds: experiment.data.kind === 'point', measured: '' },
            { text: 'equal weights', holds: experiment.init.scheme === 'constant', measured: spread(state) },
            belowStability(state),
          ]
        : [
            { text: 'half squared error', holds: experiment.loss.kind === 'squaredError', measured: '' },
            { text: 'full batches', holds: experiment.batch >= experiment.data.trainCount, measured: `batch ${experiment.batch}` },
            belowStability(state),
          ]
    case 'gradientNorms':
      return chain
        ? [
            { text: 'uniform weights', holds: experiment.init.scheme === 'uniform', measured: '' },
            { text: 'τ < e: typical signals fall', holds: experiment.init.tau < Math.E, measured: `τ ${shortNumber(experiment.init.tau)}` },
          ]
        : [
            {
              text: 'width ≥ depth: the mean is typical',
              holds: experiment.model.width >= experiment.model.depth,
              measured: `${experiment.model.width}, ${experiment.model.depth}`,
            },
          ]
    case 'hessian':
      return chain
        ? [
            { text: 'one sample, x = y = 1', holds: experiment.data.kind === 'point', measured: '' },
            { text: 'no weight is zero', holds: true, measured: '' },
            ...inertia(state),
          ]
        : [belowStability(state)]
    case 'kernel':
      return [{ text: 'half squared error', holds: experiment.loss.kind === 'squaredError', measured: '' }, ...certificate(state)]
    case 'cosines':
      return []
    default:
      return panel satisfies never
  }
}

/** L - 1 eigenvalues of one sign and one of the other, counted in the spectrum at the cursor; on the plateau always. */
function inertia({ columns, cursor }: LabState): readonly Hypothesis[] {
  const sample = sampleAt(columns.A.hessian, cursor)
  if (sample === null || sample.numNegative === null || sample.parameterCount < 3) return []
  const { numNegative, parameterCount } = sample
  const text = 'plateau: one sign L − 1 times, the other once'
  return [
    { text, holds: numNegative === 1 || numNegative === parameterCount - 1, measured: `${numNegative} of ${parameterCount} negative` },
  ]
}

/** The running certificate of convergence, from the kernels measured so far; nothing where the loss has none. */
function certificate({ columns, cursor, experiment }: LabState): readonly Hypothesis[] {
  const { samples } = columns.A.kernel
  const seen = cursor === null ? samples : samples.filter((sample) => sample.step <= cursor)
  const found = kernelCertificate(seen, experiment.loss)
  const text = 'certificate: λmin > 0, |w − w₀| < R'
  switch (found.type) {
    case 'holds':
      return [
        {
          text,
          holds: true,
          measured: `λmin ${shortNumber(found.mu, 2)}, ${shortNumber(found.distance, 2)} of ${shortNumber(found.radius, 2)}`,
        },
      ]
    case 'broken':
      return [{ text, holds: false, measured: `${found.by === 'lambdaMin' ? 'λmin is 0' : 'left the ball'} at step ${found.step}` }]
    case 'notMeasurable':
      return found.reason === 'notSquaredError' ? [] : [{ text, holds: 'unknown', measured: 'no kernel of step 0' }]
    default:
      return found satisfies never
  }
}

function belowStability(state: LabState): Hypothesis {
  const { value, label, spectrum } = stabilityLimit(state.experiment, 'A', state.cursor ?? state.run.step)
  const sample = sampleAt(state.columns.A.hessian, state.cursor)
  const lambda = spectrum === 'plain' ? sample?.lambdaMax : sample?.preconditionedSpectrum?.lambdaMax
  return {
    text: spectrum === 'plain' ? `λmax ≤ ${label}` : `λmax, rescaled, ≤ ${label}`,
    holds: lambda === undefined ? 'unknown' : lambda <= value,
    measured: lambda === undefined ? '' : `${shortNumber(lambda, 2)} and ${shortNumber(value, 2)}`,
  }
}

function spread({ experiment }: LabState): string {
  const { scheme, tau } = experiment.init
  return scheme === 'uniform' ? `drawn from ±${shortNumber(tau)}` : ''
}
