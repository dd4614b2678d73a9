// How large should preactivations be, layer by layer: on average, and typically?
//
// Relative to the input, in decades of the squared norm, so no data are needed. Shapes may differ from layer to layer here:
// the mean square and the mean logarithm only ever see the number of outputs of each layer.
import type { TheoryCurve } from '../core/theoryCurve.ts'
import { digamma } from '../numerics/specialFunctions.ts'
import { curveThrough, layersOf } from './curveShape.ts'
import { paddingLimit } from './convolutionPadding.ts'
import { forwardSquares } from './forwardSquares.ts'
import { atTheStart, hypothesis, shown } from './hypothesis.ts'
import type { RunFacts } from './runFacts.ts'
import { aliveProbability, reluLogNorm } from './typicalForward.ts'

/** Mean and, for normal weights, typical log10 |h_k|^2 / |x|^2; only identity and relu have closed forms. */
export function forwardCurves(facts: RunFacts): readonly TheoryCurve[] {
  if (facts.kind !== 'mlp' || (facts.activation !== 'identity' && facts.activation !== 'relu') || facts.constantWeight !== null) return []
  const relu = facts.activation === 'relu'
  const start = atTheStart(facts.measured.step)
  const noBias = hypothesis('biases still 0', facts.bias ? start.holds === true || undefined : true)
  const mean: number[] = []
  const typical: number[] = []
  let alive = 1
  facts.laws.forEach(({ variance }, k) => {
    const units = facts.widths[k + 1]
    const passed = k === 0 ? 1 : relu ? 0.5 : 1
    mean.push((mean[k - 1] ?? 0) + Math.log10(passed * units * variance))
    // From preactivation to activation a relu keeps k of its units: psi over those instead of psi over all.
    const lost = k > 0 && relu ? reluLogNorm(1, facts.widths[k], 1).mean - chiSquareLog(facts.widths[k]) : 0
    typical.push((typical[k - 1] ?? 0) + (lost + chiSquareLog(units) + Math.log(variance)) / Math.LN10)
    if (k > 0 && relu) alive *= aliveProbability(facts.widths[k], 1)
  })
  const living = relu ? [hypothesis('no layer is dead', alive > 0.99, `alive with probability ${shown(alive)}`)] : []
  const layers = layersOf(facts.depth)
  const square = curveThrough(
    {
      id: 'mlp.forwardSquare',
      label: 'predicted mean square of preactivations over that of inputs (log10)',
      source: 'Orvieto et al. 2021, Proposition 8',
      axis: 'layer',
      hypotheses: [start, noBias],
    },
    layers,
    (layer) => mean[layer],
  )
  if (facts.laws.some((law) => law.family !== 'normal')) return [square]
  const head = {
    id: 'mlp.forwardTypical',
    label: 'predicted typical square (log10)',
    source: 'derived from log chi-square moments',
    axis: 'layer',
  } as const
  return [square, curveThrough({ ...head, hypotheses: [start, noBias, ...living] }, layers, (layer) => typical[layer])]
}

/**
 * Preactivations of networks with convolutions or skips against those of the first layer, as far as there is a closed form.
 *
 * Padding: 9 c p s2 times a factor below 1 per layer. Skips alone: doubles per block of linear branches.
 */
export function signalCurves(facts: RunFacts): readonly TheoryCurve[] {
  const { layers, activation } = facts
  if (facts.plainDense || facts.kind === 'chain' || facts.constantWeight !== null) return []
  if (activation !== 'identity' && activation !== 'relu') return []
  const squares = forwardSquares(layers, facts.laws, activation === 'relu' ? 0.5 : 1)
  if (squares.length < 2) return []
  const reached = layers.slice(0, squares.length)
  const skips = reached.some(({ skip }) => skip !== null)
  const convolutional = reached.some(({ kind }) => kind === 'conv')
  const padded = reached.some(({ zeroPadded }) => zeroPadded === true)
  const start = atTheStart(facts.measured.step)
  const last = reached.findLast(({ kind }) => kind === 'conv')
  const head = {
    id: skips ? 'skip.forwardSquare' : 'cnn.forwardSquare',
    label: `predicted mean square of preactivations over that of layer 1 (log10)`,
    source: skips ? 'Orvieto et al. 2021, section 4 (skips alone explode)' : 'Orvieto et al. 2021, appendix D; derived',
    axis: 'layer',
    hypotheses: [
      start,
      hypothesis('biases still 0', facts.bias ? start.holds === true || undefined : true),
      ...(skips ? [hypothesis('linear branches', activation === 'identity', activation)] : []),
      ...(convolutional ? [hypothesis('inputs spread evenly over the image', undefined)] : []),
      ...(padded && last !== undefined && last.kernel === 3
        ? [
            hypothesis(
              'zeros at the border',
              true,
              `factor per layer tends to ${shown(Math.sqrt(paddingLimit(last.image[0]) * paddingLimit(last.image[1])))} on ${last.image[0]} x ${last.image[1]}`,
            ),
          ]
        : []),
    ],
  } as const
  return [curveThrough(head, layersOf(squares.length), (layer) => squares[layer])]
}

/** E ln of a chi-square variable. */
function chiSquareLog(degrees: number): number {
  return digamma(degrees / 2) + Math.LN2
}
