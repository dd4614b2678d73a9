// How far apart are the seeds of this run, layer by layer, and at which scale would a typical signal keep its size?
import type { Hypothesis, TheoryCurve } from '../core/theoryCurve.ts'
import { medianStableDeviation } from './chainDistribution.ts'
import { curveThrough, sizesAround } from './curveShape.ts'
import { widthForTail, type GateProbability } from './forwardMoments.ts'
import { atTheStart, hypothesis, shown } from './hypothesis.ts'
import type { RunFacts } from './runFacts.ts'
import { chainLogSquareVariances, followedTail, linearTail, logSquareVariances } from './signalSpread.ts'
import { aliveProbability, medianStableVariance, reluLogNorm } from './typicalForward.ts'

/** Spread of log|h| over seeds, tail of |h|^2 and the scale of typical stability; none for weights that are not independent. */
export function spreadCurves(facts: RunFacts): readonly TheoryCurve[] {
  if (facts.constantWeight !== null || facts.laws.some(({ family }) => family !== 'normal' && family !== 'uniform')) return []
  if (facts.kind === 'chain') return [...chainSpread(facts), ...chainScale(facts)]
  if (facts.kind !== 'mlp' || (facts.activation !== 'identity' && facts.activation !== 'relu')) return []
  const gate = facts.activation === 'relu' ? 0.5 : 1
  return [...spreadOfStack(facts, gate), tailOfStack(facts, gate), ...stackScale(facts, gate)]
}

/** Behind k = 1 .. L layers. */
function depthsOf({ depth }: RunFacts): Float64Array {
  return Float64Array.from({ length: depth }, (_, layer) => layer + 1)
}

const SPREAD = { label: 'predicted', axis: 'depth' } as const
const TAIL = { label: 'predicted (log10)', axis: 'depth' } as const

/** Standard deviation of log10|h| from the variance of ln|h|^2. */
function decades(variance: number): number {
  return Math.sqrt(variance) / (2 * Math.LN10)
}

function chainSpread(facts: RunFacts): readonly TheoryCurve[] {
  const [law] = facts.laws
  const hypotheses = [atTheStart(facts.measured.step)]
  const variances = chainLogSquareVariances(law, facts.depth)
  const units = facts.widths.slice(1)
  const tail = followedTail(facts.laws, units, 1, 1)
  const source = 'Orvieto et al. 2021, Lemma 4'
  return [
    curveThrough({ ...SPREAD, id: 'chain.signalSpread', source, hypotheses }, depthsOf(facts), (_, k) => decades(variances[k])),
    curveThrough(
      { ...TAIL, id: 'chain.signalTail', source: 'Orvieto et al. 2021, Theorem 17', hypotheses },
      depthsOf(facts),
      (_, k) => tail[k],
    ),
  ]
}

function conditions(facts: RunFacts, gate: GateProbability): readonly Hypothesis[] {
  const start = atTheStart(facts.measured.step)
  const hidden = facts.widths.slice(1, -1)
  const alive = hidden.reduce((product, width) => product * aliveProbability(width, 1), 1)
  return [
    start,
    hypothesis('biases still 0', facts.bias ? start.holds === true || undefined : true),
    ...(gate === 1 ? [] : [hypothesis('no layer is dead', alive > 0.99, `alive with probability ${shown(alive)}`)]),
  ]
}

function oneInput({ probeCount }: RunFacts): Hypothesis {
  return hypothesis('the signal of one sample', probeCount === 1, `${probeCount} ${probeCount === 1 ? 'sample' : 'samples'}`)
}

function spreadOfStack(facts: RunFacts, gate: GateProbability): readonly TheoryCurve[] {
  if (facts.laws.some(({ family }) => family !== 'normal')) return []
  const variances = logSquareVariances(facts.widths.slice(1), gate)
  const head = {
    ...SPREAD,
    id: 'mlp.signalSpread',
    source: 'derived from log chi-square moments',
    hypotheses: [...conditions(facts, gate), oneInput(facts)],
  }
  return [curveThrough(head, depthsOf(facts), (_, k) => decades(variances[k]))]
}

/** Exact for any data where the network is linear and Gaussian; else for one sample, whose fourth moment only uniform weights feel. */
function tailOfStack(facts: RunFacts, gate: GateProbability): TheoryCurve {
  const units = facts.widths.slice(1)
  const isGaussian = facts.laws.every(({ family }) => family === 'normal')
  const { data } = facts
  const isExact = gate === 1 && isGaussian && data !== null && data.traceS > 0
  const inputs = facts.widths[0]
  const tail = isExact ? linearTail(units, data) : followedTail(facts.laws, units, gate, 3 / (inputs + 2))
  const direction =
    facts.laws[0].family === 'normal' || inputs === 1 ? [] : [hypothesis('the sample points in no special direction', undefined)]
  const head = {
    ...TAIL,
    id: 'mlp.signalTail',
    source: 'Orvieto et al. 2021, Theorem 17 and equation 6, any widths',
    hypotheses: [...conditions(facts, gate), ...(isExact ? [] : [oneInput(facts), ...direction])],
  }
  return curveThrough(head, depthsOf(facts), (_, k) => tail[k])
}

/** tau = e for uniform weights, 3.27 for normal ones. */
function chainScale(facts: RunFacts): readonly TheoryCurve[] {
  const { family } = facts.laws[0]
  if (family !== 'uniform' && family !== 'normal') return []
  const stable = medianStableDeviation(family) * Math.sqrt(3)
  const head = {
    id: 'chain.stableScale',
    label: 'τ that keeps the median',
    source: 'Orvieto et al. 2021, Proposition 5 (corrected)',
    axis: 'width',
    hypotheses: [],
  } as const
  return [curveThrough(head, [1], () => stable)]
}

/** The variance at which the median stays, by width, where all hidden layers are equally wide; and the width from which on the tail stays below 2. */
function stackScale(facts: RunFacts, gate: GateProbability): readonly TheoryCurve[] {
  if (facts.depth < 2 || facts.laws.some(({ family }) => family !== 'normal')) return []
  const width = facts.widths[1]
  if (facts.widths.slice(1, -1).some((own) => own !== width)) return []
  const stable = (own: number): number => (gate === 1 ? medianStableVariance(own) : Math.exp(-reluLogNorm(1, own, 0.5).mean) / 2)
  const scale = {
    id: 'mlp.stableScale',
    label: 'σ² that keeps the median',
    source: 'derived from log chi-square moments',
    axis: 'width',
    hypotheses: [],
  } as const
  const curves = [curveThrough(scale, sizesAround(width, 1), stable)]
  if (gate !== 1) return curves
  const tail = {
    id: 'mlp.widthForTail',
    label: 'least width for a tail below 2',
    source: 'Orvieto et al. 2021, Theorem 9',
    axis: 'depth',
    hypotheses: [],
  } as const
  return [...curves, curveThrough(tail, sizesAround(facts.depth, 1), (depth) => widthForTail(depth, 1))]
}
