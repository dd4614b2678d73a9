// Which predictions lie over the measurements of a multilayer perceptron?
//
// Exact second moments where the network is linear and Gaussian, exact equality where it is linear and orthogonal; for
// relu only the rate with depth is known in closed form, and it is drawn as a rate.
import type { Hypothesis, TheoryCurve } from '../core/theoryCurve.ts'
import { log10Of } from '../numerics/logMagnitude.ts'
import { curveThrough, layersOf, levelCurve, sizesAround } from './curveShape.ts'
import {
  batchSizeLowerBound,
  expectedBatchSizeBound,
  offeredTeacher,
  sameTeacher,
  widthForBudget,
  type TeacherMoments,
} from './diversityExpectation.ts'
import type { GateProbability } from './forwardMoments.ts'
import { atMost, atTheStart, hypothesis, shown } from './hypothesis.ts'
import { linearGradientSquares } from './linearGradientMoments.ts'
import type { RunFacts } from './runFacts.ts'
import { layerGain, linearDiagonalSlope, wideSlopes } from './secondOrderScaling.ts'
import { aliveProbability } from './typicalForward.ts'

/** All curves over gradients and diversity that apply to an MLP. */
export function networkCurves(facts: RunFacts): readonly TheoryCurve[] {
  if (facts.kind !== 'mlp') return []
  return [
    ...exactGradient(facts),
    ...orthogonalGradient(facts),
    ...orthogonalCosines(facts),
    ...gradientRate(facts),
    ...deadCurve(facts),
    ...budgetCurve(facts),
    ...diversityCurves(facts),
  ]
}

function isLinear(facts: RunFacts): boolean {
  return facts.outputActivation === 'identity' && (facts.depth === 1 || facts.activation === 'identity')
}

function exactGradient(facts: RunFacts): readonly TheoryCurve[] {
  const { data, widths, laws } = facts
  if (data === null || !isLinear(facts) || facts.loss.kind !== 'squaredError' || laws.some((law) => law.family !== 'normal')) return []
  const layers = laws.map((law, k) => ({
    fanIn: widths[k],
    fanOut: widths[k + 1],
    variance: law.variance,
    gradientScale: facts.gradientScales[k],
    bias: facts.bias,
  }))
  // Summing instead of averaging multiplies the gradient by n.
  const shift = facts.loss.reduction === 'sum' ? Math.log10(facts.probeCount) : 0
  const squares = linearGradientSquares(layers, data)
  const head = {
    id: 'mlp.gradientRms',
    label: 'predicted root mean square (log10)',
    source: 'derived; Orvieto et al. 2021, Propositions 20 to 23 (corrected) for square layers',
    axis: 'layer',
    hypotheses: [atTheStart(facts.measured.step), hypothesis('linear network, normal weights', true, `depth ${facts.depth}`)],
  } as const
  return [curveThrough(head, layersOf(facts.depth), (layer) => log10Of(squares[layer]) / 2 + shift)]
}

function orthogonalGradient(facts: RunFacts): readonly TheoryCurve[] {
  const { residualInputNorm } = facts.measured
  if (
    residualInputNorm === undefined ||
    !isLinear(facts) ||
    facts.loss.kind !== 'squaredError' ||
    facts.laws.some((law) => law.family !== 'orthogonal')
  )
    return []
  const head = {
    id: 'mlp.orthogonalGradient',
    label: 'predicted, equal in all layers (log10)',
    source: 'Orvieto et al. 2021, figure 14; Sankararaman et al. 2020, Theorem 6.1',
    axis: 'layer',
    hypotheses: orthogonalConditions(facts),
  } as const
  const shift = facts.loss.reduction === 'sum' ? Math.log10(facts.probeCount) : 0
  return [levelCurve(head, layersOf(facts.depth), Math.log10(residualInputNorm) + shift)]
}

/** Where the cosines of single gradients lie against the product of those of errors and inputs: on the diagonal, at every depth. */
function orthogonalCosines(facts: RunFacts): readonly TheoryCurve[] {
  if (facts.depth < 2 || !isLinear(facts) || facts.loss.kind !== 'squaredError') return []
  if (facts.laws.some((law) => law.family !== 'orthogonal')) return []
  const head = {
    id: 'mlp.orthogonalCosine',
    label: 'predicted at every depth',
    source: 'Sankararaman et al. 2020, Theorem 6.1, as an equality',
    axis: 'cosine',
    hypotheses: orthogonalConditions(facts),
  } as const
  return [curveThrough(head, [-1, 1], (cosine) => cosine)]
}

/** Orthogonal weights keep all lengths and angles only where nothing has to be left out. */
function orthogonalConditions(facts: RunFacts): readonly Hypothesis[] {
  const hidden = facts.widths.slice(1, -1)
  return [
    atTheStart(facts.measured.step),
    hypothesis('no biases', !facts.bias),
    atMost('inputs and outputs fit into the width', Math.max(facts.widths[0], facts.widths[facts.depth]), Math.min(...hidden)),
  ]
}

/** 1 for identity, 1/2 for relu, null for activations without this closed form. */
function gateOf(facts: RunFacts): GateProbability | null {
  if (facts.activation === 'identity') return 1
  return facts.activation === 'relu' ? 0.5 : null
}

function gradientRate(facts: RunFacts): readonly TheoryCurve[] {
  const gate = gateOf(facts)
  if (gate === null || facts.depth < 3) return []
  const width = facts.widths[1]
  const gain = layerGain(gate, width, facts.laws[1].variance)
  const { gradient, diagonalBlocks, offDiagonalBlocks } = wideSlopes(gain)
  const conditions: Hypothesis[] = [
    atTheStart(facts.measured.step),
    atMost('p d sigma^2 <= 1: signals do not grow', Number(gain.toPrecision(12)), 1),
    atMost('width >= depth: the mean is typical', facts.depth, width),
  ]
  if (gate === 0.5) {
    const alive = aliveProbability(width, facts.depth - 1)
    conditions.push(hypothesis('no layer is dead', alive > 0.99, `alive with probability ${shown(alive)}`))
  }
  const head = {
    id: 'mlp.gradientRate',
    label: `predicted rate, ${shown(gradient)} decades per layer (log10, from 0)`,
    source: 'Orvieto et al. 2021, Theorem 10 and Proposition 24 (corrected exponents)',
    axis: 'depth',
    hypotheses: conditions,
  } as const
  const depths = sizesAround(facts.depth, 2)
  const isGaussian = isLinear(facts) && facts.laws[1].family === 'normal'
  const diagonal = isGaussian ? linearDiagonalSlope(width, facts.laws[1].variance) : diagonalBlocks
  const off = {
    ...head,
    id: 'mlp.hessianOffDiagonalRate',
    label: `predicted rate beside the diagonal, ${shown(offDiagonalBlocks)} decades per layer (log10, from 0)`,
  }
  const on = {
    ...head,
    id: 'mlp.hessianDiagonalRate',
    label: `predicted rate on the diagonal, ${shown(diagonal)} decades per layer (log10, from 0)`,
  }
  return [
    curveThrough(head, depths, (depth) => (depth - 1) * gradient),
    curveThrough(off, depths, (depth) => (depth - 1) * offDiagonalBlocks),
    curveThrough(on, depths, (depth) => (depth - 1) * diagonal),
  ]
}

/** How often one input finds a relu layer wholly closed: an upper bound of how often a network is dead. */
function deadCurve(facts: RunFacts): readonly TheoryCurve[] {
  if (facts.activation !== 'relu' || facts.depth < 2) return []
  const width = facts.widths[1]
  const head = {
    id: 'relu.deadByDepth',
    label: 'predicted share of networks dead for one input',
    source: 'Orvieto et al. 2021, section 4; 1 - (1 - 2^-d)^H',
    axis: 'depth',
    hypotheses: [
      atTheStart(facts.measured.step),
      hypothesis('symmetric weights, no biases yet', facts.constantWeight === null),
      hypothesis(
        'all hidden layers equally wide',
        facts.widths.slice(1, -1).every((own) => own === width),
        `width ${width}`,
      ),
    ],
  } as const
  return [curveThrough(head, sizesAround(facts.depth, 2), (depth) => 1 - aliveProbability(width, depth - 1))]
}

/** Which width has as many parameters at another depth. */
function budgetCurve(facts: RunFacts): readonly TheoryCurve[] {
  const outputs = facts.widths[facts.depth]
  if (facts.depth < 2) return []
  const head = {
    id: 'budget.widthByDepth',
    label: `width with ${facts.parameterCount} weights`,
    source: 'Chen et al. 2018, section 5',
    axis: 'depth',
    hypotheses: [
      hypothesis('no biases', !facts.bias),
      hypothesis(
        'all hidden layers equally wide',
        facts.widths.slice(2, -1).every((own) => own === facts.widths[1]),
      ),
    ],
  } as const
  return [
    curveThrough(head, sizesAround(facts.depth, 2), (depth) => widthForBudget(facts.parameterCount, facts.widths[0], outputs, depth - 1)),
  ]
}

function diversityCurves(facts: RunFacts): readonly TheoryCurve[] {
  const inputs = facts.widths[0]
  const hidden = facts.widths.slice(1, -1)
  if (!isLinear(facts) || facts.loss.kind !== 'squaredError' || facts.probeCount < 2) return []
  // Entries of orthogonal matrices are not independent: another form, another chart.
  if (facts.laws.some((law) => law.family === 'orthogonal')) return []
  const conditions: readonly Hypothesis[] = [
    atTheStart(facts.measured.step),
    hypothesis(
      'weights N(0, 1)',
      facts.laws.every((law) => law.family === 'normal' && law.variance === 1),
    ),
    hypothesis('no biases', !facts.bias),
    hypothesis('one output', facts.widths[facts.depth] === 1),
    hypothesis('inputs N(0, 1)', isGaussianData(facts.dataKind), facts.dataKind),
    hypothesis('at most four layers: ratio of means near mean of ratios', facts.depth <= 4, `depth ${facts.depth}`),
  ]
  const source = 'Chen et al. 2018, Theorems 3, 6 and 8 (corrected)'
  const n = facts.probeCount
  const teacher = (own: readonly number[]) => teacherOf(facts, own)
  const level = levelCurve(
    { id: 'diversity.batchSizeBound', label: 'predicted n Delta at the start', source, axis: 'step', hypotheses: conditions },
    [0, facts.steps],
    expectedBatchSizeBound(n, inputs, hidden, teacher(hidden)),
  )
  if (hidden.length === 0) return [level]
  const widths = sizesAround(hidden[0], 2)
  const all = (width: number): number[] => hidden.map(() => width)
  const curves = [
    level,
    curveThrough({ id: 'diversity.byWidth', label: 'predicted n Delta', source, axis: 'width', hypotheses: conditions }, widths, (width) =>
      expectedBatchSizeBound(n, inputs, all(width), teacher(all(width))),
    ),
  ]
  // One unit has no D of its own: the bound would divide by zero.
  if (inputs < 2 || hidden.some((width) => width < 2)) return curves
  const large = hypothesis(
    'many samples: n far above n Delta',
    n > 10 * expectedBatchSizeBound(n, inputs, hidden, teacher(hidden)),
    `n ${n}`,
  )
  // The theorem bounds the paper's own teacher; those of this page have other moments.
  const own = hypothesis(
    'a teacher of the same shape with N(0, 1) weights',
    isGaussianData(facts.dataKind) ? false : undefined,
    facts.dataKind,
  )
  const head = {
    id: 'diversity.lowerBoundByWidth',
    label: 'lower bound of n Delta',
    source,
    axis: 'width',
    hypotheses: [...conditions, own, large],
  } as const
  return [...curves, curveThrough(head, widths, (width) => batchSizeLowerBound(inputs, all(width)))]
}

/** Synthetic data whose inputs are N(0, I). */
function isGaussianData(kind: RunFacts['dataKind']): kind is 'teacher' | 'linearTeacher' | 'gaussian' {
  return kind === 'teacher' || kind === 'linearTeacher' || kind === 'gaussian'
}

function teacherOf({ dataKind, noise, widths }: RunFacts, hidden: readonly number[]): TeacherMoments {
  return isGaussianData(dataKind) ? offeredTeacher(dataKind, widths[0], noise) : sameTeacher(hidden)
}
