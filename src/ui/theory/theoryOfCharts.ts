// Which formula belongs to a view over depth, width or batch size, and do its conditions hold?
//
// Conditions come from the curves that the view draws, each said once; those that belong to one sample are few and said here,
// so that the page need not load the closed forms before it draws one.
import type { Hypothesis } from '../../core/theoryCurve.ts'
import type { LabState } from '../../store/labState.ts'
import type { PanelName } from '../../store/viewOptions.ts'
import { hypothesesOf } from './drawnHypotheses.ts'
import { CHARTED, hasCharts, hasSeedCharts, OVER_SEEDS, PREDICTIONS } from './hasCharts.ts'
import { bracket, formula, i, n, o, over, root, row, size, sub, sup, tallBracket, words } from './mathml.tsx'
import { drawnCurves } from './panelCurves.ts'
import type { PanelTheory } from './theoryOfPanel.ts'

export interface ChartTheory extends Omit<PanelTheory, 'curve'> {
  readonly hypotheses: readonly Hypothesis[]
}

/** Over seeds: the spread and the tail of the signal. */
function theoryOfSeeds(state: LabState): ChartTheory {
  const { title, formula: said, text, source } = state.experiment.model.kind === 'chain' ? CHAIN_SEEDS : NETWORK_SEEDS
  return { title, formula: said, text, source, hypotheses: hypothesesOf(drawnCurves('gradientNorms', state)) }
}

/** Null where the panel shows its own picture, or where its own formula is also that of the view. */
export function theoryOfCharts(panel: PanelName, state: LabState): ChartTheory | null {
  if (panel === 'gradientNorms' && state.panelViews[panel] === OVER_SEEDS && hasSeedCharts(state)) return theoryOfSeeds(state)
  if (state.panelViews[panel] !== PREDICTIONS || !hasCharts(panel, state)) return null
  const curves = state.theory.filter(({ id }) => CHARTED[panel].test(id))
  const ofCurves = hypothesesOf(curves)
  const sources = [...new Set(curves.map(({ source }) => source))]
  if (panel === 'cosines') {
    const text = curves.some(({ id }) => id.endsWith('orthogonalCosine')) ? `${ORTHOGONAL} ${BATCHES.text}` : BATCHES.text
    return { ...BATCHES, text, hypotheses: [apart(state), ...ofCurves], source: [BATCHES.source, ...sources].join('; ') }
  }
  if (panel !== 'kernel') return null
  const { samples } = state.columns.A.kernel
  const isShallow = samples.at(-1)?.shallow !== undefined
  const words1 = isShallow ? SHALLOW : BY_WIDTH
  const start: Hypothesis = { text: 'infinite width: weights as drawn', holds: (state.cursor ?? state.run.step) === 0, measured: '' }
  return { ...words1, hypotheses: [...(isShallow ? [start] : []), ...ofCurves] }
}

function apart({ experiment: { model } }: LabState): Hypothesis {
  return { text: 'samples do not share a batch norm', holds: model.kind === 'chain' || model.norm !== 'batch', measured: '' }
}

type Said = Omit<PanelTheory, 'curve'>
const B = i('B')

const BATCHES: Said = {
  title: 'Diversity decides how large a batch pays',
  formula: formula(
    'the expected square of the sum of a batch is B M squared times one plus B minus one over n Delta',
    i('E'),
    sup(size(sub(o('∑'), B), i('g')), n('2')),
    o('='),
    B,
    sup(i('M'), n('2')),
    tallBracket(n('1'), o('+'), over(row(B, o('−'), n('1')), row(i('n'), i('Δ')))),
  ),
  text: 'Drawn over B M², what unrelated gradients would give. Below n Δ the line is flat and a larger batch is as good as more steps; above it rises, and samples only repeat each other. Without replacement the last batch is the whole set.',
  source: 'Yin et al. 2018, section 3; Chen et al. 2018, Lemma 1',
}

const ORTHOGONAL =
  'Orthogonal linear layers keep every angle: two gradients meet at the cosine of their errors times that of their inputs, whatever the depth.'

const CHAIN_SEEDS: Said = {
  title: 'Seeds part like the root of the depth',
  formula: formula(
    'the standard deviation of the natural logarithm of the product of L weights is root L',
    words('sd\u2009'),
    words('ln\u2009'),
    size(row(o('∏'), sub(i('w'), i('k')))),
    o('='),
    root(i('L')),
  ),
  text: 'Each weight adds one independent step of size 1 to the logarithm. So the mean of squares is carried by ever fewer seeds: their ratio of moments should grow like (9/5)ᴸ, but S seeds can never show more than S.',
  source: 'Orvieto et al. 2021, Lemma 4 and Theorem 17',
}

const NETWORK_SEEDS: Said = {
  title: 'Width keeps the seeds together',
  formula: formula(
    'the expected fourth power of h over the square of its expected square is d plus 2 over d, to the L',
    over(row(i('E'), sup(size(i('h')), n('4'))), sup(bracket(i('E'), sup(size(i('h')), n('2'))), n('2'))),
    o('='),
    sup(tallBracket(over(row(i('d'), o('+'), n('2')), i('d'))), i('L')),
  ),
  text: 'For linear layers of width d and normal weights, one sample followed; ReLU and uniform weights carry the matrix Q of Theorem 17. About e² at d = L, so a network needs width of the order of its depth. Logarithms spread by ψ′(d/2) a layer. S seeds can never show a ratio above S.',
  source: 'Orvieto et al. 2021, equation 6 and Theorem 17',
}

const SHALLOW: Said = {
  title: 'A kernel that is a mean over units',
  formula: formula(
    'K of x and x prime is x x prime times the mean over units of sigma prime of w x times sigma prime of w x prime',
    i('K'),
    bracket(i('x'), o(','), i('x′')),
    o('='),
    over(row(i('x'), i('x′')), i('m')),
    o('∑'),
    i('σ′'),
    bracket(i('w'), i('x')),
    i('σ′'),
    bracket(i('w'), i('x′')),
  ),
  text: 'With output weights ±1/√m that never train this is exact at every step, and so is |H| = x² max|σ″| / √m. A mean over more units moves less: that is why wide networks freeze.',
  source: 'Liu et al. 2020, equations 25, 26 and 35',
}

const BY_WIDTH: Said = {
  title: 'Wide networks are nearly linear',
  formula: formula('the norm of H is of order one over root m', size(i('H')), o('∼'), over(n('1'), sup(i('m'), words('½')))),
  text: 'The curves go through what was measured at this width: their slope is the prediction. A linear output bends like 1/√m and its kernel drifts no faster; an output such as tanh keeps both at order one.',
  source: 'Liu et al. 2020, equation 25 and Theorem 5.1',
}
