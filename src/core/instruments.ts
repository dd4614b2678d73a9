// Which instruments are there, and what does the page call them?
//
// The page lists this; `diagnostics/catalogue.ts` maps the same names to what computes them.
import type { InstrumentName } from './sample.ts'

export interface Instrument {
  readonly name: InstrumentName
  readonly label: string
  readonly unit: string
  /** everyStep costs nothing extra; the others run on their schedule within the budget. */
  readonly tier: 'everyStep' | 'scheduled' | 'expensive'
}

export const INSTRUMENTS: readonly Instrument[] = [
  { name: 'loss', label: 'Loss', unit: '', tier: 'everyStep' },
  { name: 'evaluation', label: 'Accuracy', unit: '%', tier: 'scheduled' },
  { name: 'gradientNorms', label: 'Gradient norms', unit: 'log10', tier: 'scheduled' },
  { name: 'cosines', label: 'Gradient cosines', unit: 'cosine', tier: 'scheduled' },
  { name: 'hessian', label: 'Hessian spectrum', unit: 'eigenvalue', tier: 'expensive' },
  { name: 'kernel', label: 'Kernel drift', unit: 'relative', tier: 'scheduled' },
]
