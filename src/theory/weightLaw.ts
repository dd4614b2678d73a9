// From which law does an initialiser draw, in the terms of the theory: variance, kurtosis, and the equivalent tau?
//
// tau is defined by U[-tau/sqrt(fanIn), tau/sqrt(fanIn)]; for any other law the equivalent tau agrees in variance only.
// "LeCun uniform" is that of the vanishing-curvature paper, variance 1/(3 fanIn), three times below that of Keras.
import type { InitSettings } from '../core/experiment.ts'

/** The law of the independent entries of one weight matrix, symmetric about 0 unless `constant`. */
export interface WeightLaw {
  /** Orthogonal entries are dependent; constant ones are all equal to sqrt(variance). */
  readonly family: 'uniform' | 'normal' | 'orthogonal' | 'constant'
  /** E w^2. */
  readonly variance: number
  /** E w^4 / (E w^2)^2: 9/5 uniform, 3 normal, 1 constant. */
  readonly kurtosis: number
}

export const UNIFORM_KURTOSIS = 9 / 5
export const NORMAL_KURTOSIS = 3

/** U[-tau/sqrt(fanIn), tau/sqrt(fanIn)]: variance tau^2 / (3 fanIn). */
export function uniformLaw(tau: number, fanIn = 1): WeightLaw {
  return { family: 'uniform', variance: (tau * tau) / (3 * fanIn), kurtosis: UNIFORM_KURTOSIS }
}

/** N(0, variance). */
export function normalLaw(variance: number): WeightLaw {
  return { family: 'normal', variance, kurtosis: NORMAL_KURTOSIS }
}

/** Entries of `gain` times a random (semi-)orthogonal matrix whose longer side is `side`: variance gain^2/side, kurtosis 3 side/(side + 2). */
export function orthogonalLaw(side: number, gain = 1): WeightLaw {
  return { family: 'orthogonal', variance: (gain * gain) / side, kurtosis: (3 * side) / (side + 2) }
}

/**
 * The law that a scheme draws from for a layer of this shape.
 *
 * Orthogonal matrices keep the variance 1 / max(fanIn, fanOut) of their entries; their kurtosis is that of Haar measure.
 * Source: Sankararaman et al. 2020, section 7 (normal schemes); Orvieto et al. 2021, section 2 (uniform schemes).
 */
export function weightLaw(init: InitSettings, fanIn: number, fanOut: number, isFirst = false): WeightLaw {
  switch (init.scheme) {
    case 'uniform':
      return uniformLaw(init.tau, fanIn)
    case 'lecunUniform':
      return uniformLaw(1, fanIn)
    case 'glorotUniform':
      return uniformLaw(Math.sqrt((6 * fanIn) / (fanIn + fanOut)), fanIn)
    case 'heUniform':
      return uniformLaw(Math.sqrt(6), fanIn)
    case 'lecunNormal':
      return normalLaw(1 / fanIn)
    case 'glorotNormal':
      return normalLaw(2 / (fanIn + fanOut))
    case 'heNormal':
      return normalLaw(2 / fanIn)
    case 'unitNormal':
      return normalLaw(1)
    case 'kappaNormal':
      return normalLaw(1 / ((isFirst ? 1 : init.gain) * fanIn))
    case 'orthogonal':
      return orthogonalLaw(Math.max(fanIn, fanOut), init.gain)
    case 'constant':
      return { family: 'constant', variance: init.tau * init.tau, kurtosis: 1 }
    default:
      return init.scheme satisfies never
  }
}

/** tau = sqrt(3 fanIn variance): equal in variance only, exact for uniform weights. */
export function equivalentTau(law: WeightLaw, fanIn: number): number {
  return Math.sqrt(3 * fanIn * law.variance)
}
