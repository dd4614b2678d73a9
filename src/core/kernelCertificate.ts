// Does the theory of the tangent kernel still vouch for this run?
//
// A pure function of the kernel samples that a page has kept, not of a running memory in the Worker: so it survives every
// restart and can be asked for any step. The step-size hypothesis is not judged here: it needs the Hessian, not the kernel.
import type { LossSettings } from './experiment.ts'
import type { KernelSample } from './sample.ts'
import type { Step } from './units.ts'

export type KernelCertificate =
  | { readonly type: 'holds'; readonly mu: number; readonly radius: number; readonly distance: number }
  /** lambdaMin: the kernel became singular. ball: the weights left the ball of radius R. */
  | {
      readonly type: 'broken'
      readonly step: Step
      readonly by: 'lambdaMin' | 'ball'
      readonly mu: number
      readonly radius: number
      readonly distance: number
    }
  | { readonly type: 'notMeasurable'; readonly reason: 'noSamples' | 'noStart' | 'notSquaredError' }

/**
 * The certificate after the last of these samples: mu the smallest lambda_min so far, R = 2 L_F |F_0 - y| / mu with L_F the
 * largest sqrt(lambda_max) so far.
 *
 * At the start it holds whenever lambda_min > 0. R does not depend on the reduction of the loss: K and F - y carry none.
 * Source: Liu, Zhu, Belkin 2020, Theorem 4.1 (ball) and 4.2.
 *
 * @param samples of one arm, ascending in step; the first must be step 0, or |F_0 - y| is unknown.
 */
export function kernelCertificate(samples: readonly KernelSample[], loss: LossSettings): KernelCertificate {
  if (loss.kind !== 'squaredError') return { type: 'notMeasurable', reason: 'notSquaredError' }
  if (samples.length === 0) return { type: 'notMeasurable', reason: 'noSamples' }
  const [first] = samples
  if (first.step !== 0 || first.loss === undefined) return { type: 'notMeasurable', reason: 'noStart' }
  const residual = Math.sqrt(2 * first.loss * (loss.reduction === 'mean' ? first.sampleCount : 1))
  let mu = Infinity
  let lipschitz = 0
  let radius = Infinity
  for (const sample of samples) {
    mu = Math.min(mu, sample.lambdaMin)
    lipschitz = Math.max(lipschitz, Math.sqrt(sample.lambdaMax))
    radius = mu > 0 ? (2 * lipschitz * residual) / mu : Infinity
    const distance = sample.weightDistance
    if (!(mu > 0)) return { type: 'broken', step: sample.step, by: 'lambdaMin', mu, radius, distance }
    if (distance > radius) return { type: 'broken', step: sample.step, by: 'ball', mu, radius, distance }
  }
  return { type: 'holds', mu, radius, distance: samples[samples.length - 1].weightDistance }
}

/** L_F after each sample: the largest sqrt(lambda_max) so far, a lower bound of the Lipschitz constant of the outputs on the ball. */
export function lipschitzEstimates(samples: readonly Pick<KernelSample, 'lambdaMax'>[]): Float64Array {
  let lipschitz = 0
  return Float64Array.from(samples, ({ lambdaMax }) => (lipschitz = Math.max(lipschitz, Math.sqrt(lambdaMax))))
}

/** One sentence: holds, or broken at which step and by what, or not measurable and why. */
export function certificateWords(certificate: KernelCertificate, number: (value: number) => string): string {
  switch (certificate.type) {
    case 'holds':
      return `certificate holds: λmin ≥ ${number(certificate.mu)}, moved ${number(certificate.distance)} of R ${number(certificate.radius)}`
    case 'broken':
      return `certificate broken at step ${certificate.step}: ${
        certificate.by === 'lambdaMin' ? 'λmin is 0' : `moved ${number(certificate.distance)}, beyond R ${number(certificate.radius)}`
      }`
    case 'notMeasurable':
      return `certificate not measurable: ${WHY_NOT[certificate.reason]}`
    default:
      return certificate satisfies never
  }
}

const WHY_NOT: Readonly<Record<Extract<KernelCertificate, { type: 'notMeasurable' }>['reason'], string>> = {
  noSamples: 'no kernel yet',
  noStart: 'no kernel of step 0',
  notSquaredError: 'the loss is not half a squared error',
}

/**
 * R after each sample, as `kernelCertificate` would state it there; Infinity from where the kernel is singular, null where R has no meaning.
 *
 * Never falls: mu is a running minimum and L_F a running maximum.
 */
export function certificateRadii(samples: readonly KernelSample[], loss: LossSettings): Float64Array | null {
  const [first] = samples
  if (loss.kind !== 'squaredError' || first === undefined || first.step !== 0 || first.loss === undefined) return null
  const residual = Math.sqrt(2 * first.loss * (loss.reduction === 'mean' ? first.sampleCount : 1))
  let mu = Infinity
  let lipschitz = 0
  return Float64Array.from(samples, ({ lambdaMin, lambdaMax }) => {
    mu = Math.min(mu, lambdaMin)
    lipschitz = Math.max(lipschitz, Math.sqrt(lambdaMax))
    return mu > 0 ? (2 * lipschitz * residual) / mu : Infinity
  })
}
