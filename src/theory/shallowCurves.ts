// Which kernel and which curvature must the network of one hidden layer with fixed output signs have, now and at infinite width?
//
// Exact at every step for the weights of that step: these curves lie on the measurement to rounding, or one of the two is wrong.
import type { Activation } from '../core/experiment.ts'
import type { ShallowNetwork } from '../core/sample.ts'
import type { Hypothesis, TheoryCurve } from '../core/theoryCurve.ts'
import { curveThrough } from './curveShape.ts'
import { hypothesis } from './hypothesis.ts'
import { rankOneNorm } from './rankOneNorm.ts'
import { activationJet, outputKernel, shallowHessianNorm, shallowKernel, type JetActivation } from './shallowKernel.ts'

const JETS: ReadonlySet<Activation> = new Set<JetActivation>(['identity', 'relu', 'tanh', 'tanh3', 'swish'])

function isJet(activation: Activation): activation is JetActivation {
  return JETS.has(activation)
}

/** f(x) = m^-1/2 sum v_i sigma(w_i x). */
function outputAt(x: number, { weights, signs }: ShallowNetwork, activation: JetActivation): number {
  let sum = 0
  for (let i = 0; i < weights.length; i++) sum += signs[i] * activationJet(activation, weights[i] * x).value
  return sum / Math.sqrt(weights.length)
}

/** Nodes of the mean over N(0, 1): even steps of a smooth, fast-falling function converge faster than any power. */
const NODES = 400
const REACH = 9

/**
 * K(x, x) for m to infinity and w ~ N(0, 1): x^2 E sigma'(wx)^2.
 *
 * identity: x^2; relu: x^2/2. Source: Liu et al. 2020, equation 26.
 */
export function wideShallowKernel(x: number, activation: JetActivation): number {
  if (activation === 'relu') return (x * x) / 2
  let [sum, mass] = [0, 0]
  for (let k = 0; k <= NODES; k++) {
    const w = REACH * ((2 * k) / NODES - 1)
    const density = Math.exp(-(w * w) / 2)
    sum += density * activationJet(activation, w * x).slope ** 2
    mass += density
  }
  return (x * x * sum) / mass
}

/**
 * K(x, x) and K(x, x*) over x for the weights of a sample, and what K(x, x) is at infinite width; none for activations without a closed form.
 *
 * x* is the input of largest size. Source: Liu et al. 2020, equations 26 and 35.
 *
 * @param isStart weights as drawn.
 */
export function shallowCurves(
  network: ShallowNetwork,
  activation: Activation,
  outputActivation: Activation,
  isStart: boolean,
): readonly TheoryCurve[] {
  if (!isJet(activation) || !isJet(outputActivation)) return []
  const { inputs, weights } = network
  const x = evenInputs(inputs)
  const far = farthestInput(inputs)
  const between = (a: number, b: number): number =>
    outputActivation === 'identity'
      ? shallowKernel(a, b, weights, activation)
      : outputKernel(
          shallowKernel(a, b, weights, activation),
          outputActivation,
          outputAt(a, network, activation),
          outputAt(b, network, activation),
        )
  const exact: readonly Hypothesis[] = [hypothesis('one hidden layer, output signs fixed', true, `width ${weights.length}`)]
  const source = 'Liu et al. 2020, equations 26 and 35'
  const head = { source, axis: 'input', hypotheses: exact } as const
  const curves = [
    curveThrough({ ...head, id: 'kernel.shallowDiagonal', label: 'x² mean σ′²' }, x, (own) => between(own, own)),
    curveThrough({ ...head, id: 'kernel.shallowRow', label: 'x x* mean σ′σ′*' }, x, (own) => between(own, far)),
  ]
  if (outputActivation !== 'identity') return curves
  const limit = {
    ...head,
    id: 'kernel.shallowLimit',
    label: 'infinite width',
    hypotheses: [...exact, hypothesis('weights as drawn, N(0, 1)', isStart)],
  }
  return [...curves, curveThrough(limit, x, (own) => wideShallowKernel(own, activation))]
}

/**
 * Largest |H| of the output over the inputs: max x^2 m^-1/2 max |v sigma''|, behind an output activation |phi'' g g^T + phi' H|; null without a closed form.
 *
 * The second does not fall with width: g g^T has norm K(x, x). Source: Liu et al. 2020, equations 25 and 39 to 41 (corrected).
 */
export function shallowCurvature(network: ShallowNetwork, activation: Activation, outputActivation: Activation): number | null {
  if (!isJet(activation) || !isJet(outputActivation)) return null
  const { inputs, weights } = network
  if (outputActivation === 'identity')
    return inputs.reduce((largest, x) => Math.max(largest, shallowHessianNorm(x, weights, activation)), 0)
  return inputs.reduce((largest, x) => Math.max(largest, bentNorm(x, network, activation, outputActivation)), 0)
}

/** |phi'' g g^T + phi' H|_2 at x: H is diagonal. */
function bentNorm(x: number, network: ShallowNetwork, activation: JetActivation, outputActivation: JetActivation): number {
  const { weights, signs } = network
  const root = Math.sqrt(weights.length)
  const bent = activationJet(outputActivation, outputAt(x, network, activation))
  const gradient = new Float64Array(weights.length)
  const diagonal = new Float64Array(weights.length)
  for (let i = 0; i < weights.length; i++) {
    const { slope, curvature } = activationJet(activation, weights[i] * x)
    gradient[i] = (signs[i] * x * slope) / root
    diagonal[i] = (bent.slope * signs[i] * x * x * curvature) / root
  }
  return rankOneNorm(diagonal, gradient, bent.curvature)
}

/**
 * The same for all weights there are: x^2 m^-1/2 sup |sigma''|, sup 4/(3 sqrt 3) for tanh and 1/2 for swish; null where nothing bounds it.
 *
 * Source: Liu et al. 2020, equation 25.
 */
export function shallowCurvatureCeiling(x: number, width: number, activation: Activation): number | null {
  const ceiling = CURVATURE_CEILING[activation]
  return ceiling === undefined ? null : (x * x * ceiling) / Math.sqrt(width)
}

/** sup |sigma''|; relu has a kink instead. */
const CURVATURE_CEILING: Readonly<Partial<Record<Activation, number>>> = {
  tanh: 4 / (3 * Math.sqrt(3)),
  tanh3: 4 / Math.sqrt(3),
  swish: 0.5,
}

/** The input of largest size, the first of equal ones; 0 where there is none. */
export function farthestInput(inputs: Float64Array): number {
  return inputs.reduce((far, x) => (Math.abs(x) > Math.abs(far) ? x : far), 0)
}

function evenInputs(inputs: Float64Array): Float64Array {
  const low = Math.min(0, ...inputs)
  const high = Math.max(0, ...inputs)
  return Float64Array.from({ length: 81 }, (_, k) => low + ((high - low) * k) / 80)
}
