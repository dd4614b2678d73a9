// Which formula belongs to which plot? One per plot and model; hypotheses and source come from the curve that is drawn.
import type { ReactNode } from 'react'
import type { TheoryCurve } from '../../core/theoryCurve.ts'
import type { PanelName } from '../../store/viewOptions.ts'
import { bracket, formula, i, n, norm, o, over, root, row, size, sub, subsup, sup, tallBracket, words } from './mathml.tsx'

export interface PanelTheory {
  readonly title: string
  readonly formula: ReactNode
  /** One or two sentences: what the formula means for the picture. */
  readonly text: string
  /** Where no curve is drawn the formula names its own source. */
  readonly source: string
  readonly curve: TheoryCurve | null
}

/** The theory shown beside a panel. */
export function theoryOfPanel(panel: PanelName, curves: readonly TheoryCurve[], chain: boolean): PanelTheory {
  const special = SPECIAL[panel]?.find(({ speaksOf }) => curves.some(({ id }) => id === speaksOf))
  const { speaksOf, ...said } = special ?? (chain ? CHAIN[panel] : NETWORK[panel])
  const curve = curves.find((candidate) => candidate.id === speaksOf) ?? null
  return { ...said, curve }
}

/** `speaksOf`: id of the curve whose hypotheses are those of the formula. */
type Words = Omit<PanelTheory, 'curve'> & { readonly speaksOf: string | null }

const L = i('L')
const weight = (index: ReactNode) => sub(i('w'), index)

const ESCAPE: Words = {
  title: 'Gradient flow needs exponential time',
  formula: formula(
    't star = w 0 to the 2 minus L, minus 1, over L minus 2',
    sup(i('t'), o('*')),
    o('='),
    over(row(subsup(i('w'), n('0'), row(n('2'), o('−'), L)), o('−'), n('1')), row(L, o('−'), n('2'))),
  ),
  text: 'From equal weights below 1, gradient descent cannot be near the solution before t*/η steps; RMSprop moves a fixed distance each step, whatever the depth.',
  source: 'Orvieto et al. 2021, Prop. 7',
  speaksOf: 'chain.lossLowerBound',
}

const CHAIN_GRADIENT: Words = {
  title: 'The median falls by τ/e a layer',
  formula: formula(
    'median of the product of L weights is about tau over e to the L',
    words('med\u2009'),
    size(row(o('∏'), weight(i('k')))),
    o('≈'),
    sup(tallBracket(over(i('τ'), i('e'))), L),
  ),
  text: '−ln of the product follows a Gamma law, so a typical gradient shrinks for τ < e although its variance is kept at τ = √3.',
  source: 'Orvieto et al. 2021, Prop. 5',
  speaksOf: 'chain.gradientMedian',
}

const COSINES: Words = {
  title: 'Random directions are nearly orthogonal',
  formula: formula(
    'the standard deviation of the cosine is one over root P',
    words('sd'),
    words('\u2009cos\u2009'),
    bracket(sub(i('g'), i('i')), o(','), sub(i('g'), i('j'))),
    o('='),
    over(n('1'), root(i('P'))),
  ),
  text: 'Gradients that knew nothing of each other would gather in this width around 0, P the number of weights. A wider density means that samples share a direction, or fight.',
  source: 'Sankararaman et al. 2020, Lemma B.1',
  speaksOf: 'cosine.null',
}

const CHAIN_HESSIAN: Words = {
  title: 'A strict saddle at every depth',
  formula: formula(
    'H k l equals P k l times 2 P minus 1',
    sub(i('H'), row(i('k'), i('l'))),
    o('='),
    over(i('P'), row(weight(i('k')), weight(i('l')))),
    bracket(n('2'), i('P'), o('−'), n('1')),
  ),
  text: 'With P the product of all weights and x = y = 1: the diagonal is of order P², the rest of order P. L\u202f−\u202f1 eigenvalues share a sign, one has the other.',
  source: 'Orvieto et al. 2021, Thm 6',
  speaksOf: null,
}

const KERNEL: Words = {
  title: 'The kernel brackets the gradient',
  formula: formula(
    'lambda min of K is at most the squared gradient over twice the loss, which is at most lambda max of K',
    sub(i('λ'), i('min')),
    bracket(i('K')),
    o('≤'),
    over(row(sup(norm(row(o('∇'), i('L'))), n('2'))), row(n('2'), i('L'))),
    o('≤'),
    sub(i('λ'), i('max')),
    bracket(i('K')),
  ),
  text: 'While λmin stays away from zero and K stands still, gradient descent must converge. Drift falls with width if the output is linear.',
  source: 'Liu, Zhu, Belkin 2020, Thm 4.1',
  speaksOf: 'kernel.plLower',
}

const CHAIN: Readonly<Record<PanelName, Words>> = {
  loss: ESCAPE,
  gradientNorms: CHAIN_GRADIENT,
  cosines: COSINES,
  hessian: CHAIN_HESSIAN,
  kernel: KERNEL,
}

const NETWORK: Readonly<Record<PanelName, Words>> = {
  loss: {
    title: 'A kernel that stands still forces descent',
    formula: formula(
      'the loss after t steps is at most 1 minus eta mu to the t times the first loss',
      sub(i('L'), i('t')),
      o('≤'),
      sup(bracket(n('1'), o('−'), i('η'), i('μ')), i('t')),
      sub(i('L'), n('0')),
    ),
    text: 'μ is the smallest eigenvalue of the tangent kernel along the path. It holds for full batches, squared error and a small enough rate.',
    source: 'Liu, Zhu, Belkin 2020, Thm 4.2',
    speaksOf: 'kernel.lossUpperBound',
  },
  gradientNorms: {
    title: 'Depth multiplies, width steadies',
    formula: formula(
      'the root mean square of the gradient of layer k grows like p d sigma squared to the L minus 1 over 2',
      i('rms'),
      norm(sub(o('∇'), i('k'))),
      o('∼'),
      sup(bracket(i('p'), i('d'), sup(i('σ'), n('2'))), over(row(L, o('−'), n('1')), n('2'))),
    ),
    text: 'p is ½ for ReLU and 1 for linear layers, d the width, σ² the weight variance. At He scale p d σ² = 1: the mean is kept, the median still falls unless d grows with L.',
    source: 'Orvieto et al. 2021, Thm 9 and 10',
    speaksOf: 'mlp.gradientRate',
  },
  cosines: COSINES,
  hessian: {
    title: 'The largest step that a valley allows',
    formula: formula('lambda max is below 2 over eta', sub(i('λ'), i('max')), o('<'), over(n('2'), i('η'))),
    text: 'Above this line plain gradient descent grows along the sharpest direction. Negative eigenvalues mean a saddle; adaptive optimizers feel the preconditioned spectrum instead.',
    source: 'stability of x ← x − ηλx',
    speaksOf: 'hessian.stabilityLine',
  },
  kernel: KERNEL,
}

/** Formulas that take the place of the usual one where their curve is there. */
const SPECIAL: Readonly<Partial<Record<PanelName, readonly Words[]>>> = {
  loss: [
    {
      title: 'Confusion sets a floor',
      formula: formula(
        'the expected loss after T steps less its minimum is at most rho to the T times the first, plus alpha eta over one minus rho',
        sub(i('F'), i('T')),
        o('−'),
        sup(i('F'), o('*')),
        o('≤'),
        sup(i('ρ'), i('T')),
        bracket(sub(i('F'), n('0')), o('−'), sup(i('F'), o('*'))),
        o('+'),
        over(row(i('α'), i('η')), row(n('1'), o('−'), i('ρ'))),
      ),
      text: 'Here α is the rate and η the confusion: how far any two samples pull against each other. Small steps do not lower the floor N η / 2μ.',
      source: 'Sankararaman et al. 2020, Thm 3.1',
      speaksOf: 'sgd.confusionBound',
    },
  ],
  gradientNorms: [
    {
      title: 'Skips alone make the signal explode',
      formula: formula(
        'the expected square of h grows like one plus b squared d sigma squared, to the number of blocks',
        i('E'),
        sup(size(sub(i('h'), i('k'))), n('2')),
        o('='),
        sup(bracket(n('1'), o('+'), sup(i('b'), n('2')), i('d'), sup(i('σ'), n('2'))), i('k')),
      ),
      text: 'At unit gain every block doubles the square of the signal; a branch scale b of one over the root of the number of blocks keeps it below e. Choose Signal above to see it.',
      source: 'Orvieto et al. 2021, section 4',
      speaksOf: 'skip.forwardSquare',
    },
    {
      title: 'Zeros at the border cost signal in every layer',
      formula: formula(
        'each layer multiplies the expected square by nine c p sigma squared times a factor below one',
        n('9'),
        i('c'),
        i('p'),
        sup(i('σ'), n('2')),
        o('·'),
        sup(tallBracket(over(row(n('1'), o('+'), n('2'), words('cos'), over(i('π'), row(i('r'), o('+'), n('1')))), n('3'))), n('2')),
      ),
      text: 'A 3 × 3 filter at the border of an r × r image sees zeros: 10 % less a layer at 7 × 7, half a per cent at 32 × 32, nothing with a circular border. Choose Signal above to see it.',
      source: 'Orvieto et al. 2021, appendix D',
      speaksOf: 'cnn.forwardSquare',
    },
  ],
}
