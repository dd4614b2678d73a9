// Which predictions lie over the measurements of a chain?
//
// Median and root mean square are both drawn, because they part exponentially with depth: seeds follow the median,
// and the mean of ten seeds follows neither.
import type { Hypothesis, TheoryCurve } from '../core/theoryCurve.ts'
import { log10Of } from '../numerics/logMagnitude.ts'
import { logWeightMoments, productLogQuantile } from './chainDistribution.ts'
import { gradientDescentEscapeSteps, lossLowerBound, rmspropEscapeSteps } from './chainEscape.ts'
import { gradientLog10Quantile } from './chainGradientQuantiles.ts'
import { diagonalSecondMoment, gradientSecondMoment, offDiagonalSecondMoment } from './chainMoments.ts'
import type { ChainData } from './chainMoments.ts'
import { chainSlopes } from './chainSlopes.ts'
import { curveThrough, layersOf, levelCurve, sizesAround } from './curveShape.ts'
import { atTheStart, hypothesis, shown } from './hypothesis.ts'
import { equivalentTau } from './weightLaw.ts'
import type { RunFacts } from './runFacts.ts'

/** All curves that apply to a chain; none before its data are known, nor for data without inputs or targets. */
export function chainCurves(facts: RunFacts): readonly TheoryCurve[] {
  const { data } = facts
  if (facts.kind !== 'chain' || data === null || !(data.traceS > 0 && data.crossSquare > 0)) return []
  // A sum over n samples multiplies both moments by n.
  const factor = facts.loss.reduction === 'sum' ? facts.probeCount : 1
  const chain: ChainData = { meanSquare: factor * data.traceS, meanProduct: factor * Math.sqrt(data.crossSquare) }
  if (facts.constantWeight !== null) return equalWeightCurves(facts, facts.constantWeight, chain)
  return [...gradientCurves(facts, chain), ...depthCurves(facts, chain), ...signalCurves(facts)]
}

function gradientCurves(facts: RunFacts, chain: ChainData): readonly TheoryCurve[] {
  const law = facts.laws[0]
  const layers = layersOf(facts.depth)
  const start = atTheStart(facts.measured.step)
  const curves = [
    levelCurve(
      {
        id: 'chain.gradientRms',
        label: 'predicted root mean square (log10)',
        source: 'Orvieto et al. 2021, section 2, both terms kept',
        axis: 'layer',
        hypotheses: [start, hypothesis('independent symmetric weights', true, law.family)],
      },
      layers,
      log10Of(gradientSecondMoment(law, facts.depth, chain)) / 2,
    ),
  ]
  if (law.family !== 'uniform') return curves
  const tau = equivalentTau(law, 1)
  const median = levelCurve(
    {
      id: 'chain.gradientMedian',
      label: 'predicted median (log10)',
      source: 'Orvieto et al. 2021, Lemma 4 and Proposition 5 (corrected)',
      axis: 'layer',
      hypotheses: [start, hypothesis('uniform weights', true, `tau ${shown(tau)}`)],
    },
    layers,
    knownQuantile(0.5, facts.depth, tau, chain),
  )
  return [median, ...curves]
}

/** The signal behind layer k over that behind layer 1: a product of k - 1 weights, whatever the data. */
function signalCurves(facts: RunFacts): readonly TheoryCurve[] {
  const law = facts.laws[0]
  const layers = layersOf(facts.depth)
  const start = atTheStart(facts.measured.step)
  const square = curveThrough(
    {
      id: 'chain.forwardSquare',
      label: 'predicted mean square of the signal over that of layer 1 (log10)',
      source: 'Orvieto et al. 2021, Proposition 3',
      axis: 'layer',
      hypotheses: [start],
    },
    layers,
    (layer) => layer * Math.log10(law.variance),
  )
  if (law.family !== 'uniform') return [square]
  const tau = equivalentTau(law, 1)
  const typical = curveThrough(
    {
      id: 'chain.forwardTypical',
      label: 'predicted square of the median signal (log10)',
      source: 'Orvieto et al. 2021, Lemma 4 and Proposition 5 (corrected)',
      axis: 'layer',
      hypotheses: [start, hypothesis('uniform weights', true, `tau ${shown(tau)}`)],
    },
    layers,
    (layer) => (layer === 0 ? 0 : (2 * productLogQuantile(0.5, layer, tau)) / Math.LN10),
  )
  return [square, typical]
}

function depthCurves(facts: RunFacts, chain: ChainData): readonly TheoryCurve[] {
  const law = facts.laws[0]
  const depths = sizesAround(facts.depth, 1)
  const { gradient } = chainSlopes(law)
  const { mean } = logWeightMoments(law)
  const tau = equivalentTau(law, 1)
  const start = atTheStart(facts.measured.step)
  const falls = hypothesis(
    law.family === 'uniform' ? 'tau < e: the signal falls, rate log10(tau/e)' : 'E ln|w| < 0: the signal falls',
    mean < 0,
    `${shown(gradient)} decades per layer`,
  )
  const slope = curveThrough(
    {
      id: 'chain.gradientSlope',
      label: `predicted rate, ${shown(gradient)} decades per layer (log10)`,
      source: 'Orvieto et al. 2021, Theorem 6 (corrected exponents)',
      axis: 'depth',
      hypotheses: [start, falls],
    },
    depths,
    (depth) => Math.log10(mean > 0 ? chain.meanSquare : chain.meanProduct) + (depth - 1) * gradient,
  )
  const rates = [slope, ...hessianRates(facts, chain, depths)]
  if (law.family !== 'uniform') return rates
  const median = curveThrough(
    {
      id: 'chain.gradientMedianByDepth',
      label: 'predicted median (log10)',
      source: 'Orvieto et al. 2021, Lemma 4 and Proposition 5 (corrected)',
      axis: 'depth',
      hypotheses: [start, hypothesis('uniform weights', true, `tau ${shown(tau)}`)],
    },
    depths,
    (depth) => knownQuantile(0.5, depth, tau, chain),
  )
  // The Gamma law as it is drawn over seeds: half of all chains lie between these two.
  const quartile = (probability: number, name: string) =>
    curveThrough(
      {
        id: `chain.gradient${name}QuartileByDepth`,
        label: `predicted ${name.toLowerCase()} quartile (log10)`,
        source: 'Orvieto et al. 2021, Lemma 4 (corrected)',
        axis: 'depth',
        hypotheses: [start, hypothesis('uniform weights', true, `tau ${shown(tau)}`)],
      },
      depths,
      (depth) => knownQuantile(probability, depth, tau, chain),
    )
  return [median, quartile(0.25, 'Lower'), quartile(0.75, 'Upper'), ...rates]
}

/** Asked again with every measurement, for the same few arguments: half a millisecond each. */
const known = new Map<string, number>()
const MOST_KNOWN = 400

function knownQuantile(probability: number, depth: number, tau: number, chain: ChainData): number {
  const key = [probability, depth, tau, chain.meanSquare, chain.meanProduct].join(' ')
  const found = known.get(key)
  if (found !== undefined) return found
  if (known.size >= MOST_KNOWN) known.clear()
  const value = gradientLog10Quantile(probability, depth, tau, chain)
  known.set(key, value)
  return value
}

function hessianRates(facts: RunFacts, chain: ChainData, depths: Float64Array): readonly TheoryCurve[] {
  const { offDiagonal, diagonal } = chainSlopes(facts.laws[0])
  const rises = diagonal > 0
  const head = {
    source: 'Orvieto et al. 2021, Theorem 6 (corrected exponents)',
    axis: 'depth',
    hypotheses: [atTheStart(facts.measured.step)],
  } as const
  const offLabel = `predicted rate off the diagonal, ${shown(offDiagonal)} decades per layer (log10)`
  const diagonalLabel = `predicted rate on the diagonal, ${shown(diagonal)} decades per layer (log10)`
  return [
    curveThrough(
      { ...head, id: 'chain.hessianOffDiagonalSlope', label: offLabel },
      depths.filter((depth) => depth >= 2),
      (depth) =>
        rises ? Math.log10(2 * chain.meanSquare) + (depth - 1) * offDiagonal : Math.log10(chain.meanProduct) + (depth - 2) * offDiagonal,
    ),
    curveThrough(
      { ...head, id: 'chain.hessianDiagonalSlope', label: diagonalLabel },
      depths,
      (depth) => Math.log10(chain.meanSquare) + (depth - 1) * diagonal,
    ),
    curveThrough(
      { ...head, id: 'chain.hessianOffDiagonalRms', label: 'predicted root mean square off the diagonal (log10)' },
      depths.filter((depth) => depth >= 2),
      (depth) => log10Of(offDiagonalSecondMoment(facts.laws[0], depth, chain)) / 2,
    ),
    curveThrough(
      { ...head, id: 'chain.hessianDiagonalRms', label: 'predicted root mean square on the diagonal (log10)' },
      depths,
      (depth) => log10Of(diagonalSecondMoment(facts.laws[0], depth, chain)) / 2,
    ),
  ]
}

function equalWeightCurves(facts: RunFacts, start: number, chain: ChainData): readonly TheoryCurve[] {
  const { depth, optimizer, steps } = facts
  if (!(start > 0 && start < 1) || depth < 3) return []
  const conditions: readonly Hypothesis[] = [
    hypothesis('one sample with x = y = 1', chain.meanSquare === 1 && chain.meanProduct === 1),
    hypothesis('equal weights 0 < w0 < 1', true, `w0 ${shown(start)}`),
  ]
  const source = 'Orvieto et al. 2021, Proposition 7'
  const depths = sizesAround(depth, 3)
  if (optimizer.kind === 'rmsprop') {
    const head = {
      id: 'chain.rmspropEscapeByDepth',
      label: 'most steps of RMSprop to leave',
      source: 'Orvieto et al. 2021, section 3',
      axis: 'depth',
    } as const
    return [
      curveThrough({ ...head, hypotheses: [...conditions, hypothesis('eps far below the gradient', undefined)] }, depths, (l) =>
        rmspropEscapeSteps(start, l, optimizer.lr),
      ),
    ]
  }
  if (optimizer.kind !== 'sgd') return []
  const isDescent = hypothesis('gradient descent without momentum', true, `lr ${shown(optimizer.lr)}`)
  const bound = curveThrough(
    {
      id: 'chain.lossLowerBound',
      label: `loss no lower before step ${shown(gradientDescentEscapeSteps(start, depth, optimizer.lr))}`,
      source,
      axis: 'step',
      hypotheses: [...conditions, isDescent],
    },
    boundSteps(start, depth, optimizer.lr, steps),
    (step) => lossLowerBound(step * optimizer.lr, start, depth),
  )
  const byDepth = curveThrough(
    {
      id: 'chain.escapeByDepth',
      label: 'fewest steps to leave the plateau (log10)',
      source,
      axis: 'depth',
      hypotheses: [...conditions, isDescent],
    },
    depths,
    (l) => Math.log10(gradientDescentEscapeSteps(start, l, optimizer.lr)),
  )
  return [bound, byDepth]
}

/** Even steps over the run, and dense ones before t*, where the bound falls at once. */
function boundSteps(start: number, depth: number, lr: number, steps: number): Float64Array {
  const end = gradientDescentEscapeSteps(start, depth, lr)
  const points = new Set<number>()
  for (let i = 0; i <= 100; i++) points.add((steps * i) / 100)
  for (let i = 0; i <= 60; i++) points.add(end * (1 - 2 ** (-i / 3)))
  points.add(end)
  return Float64Array.from(points)
    .filter((step) => step <= steps)
    .sort()
}
