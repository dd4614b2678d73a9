// Which function answers to which instrument's name?
//
// To add an instrument: one file beside this one, one line here, one in `core/instruments.ts`. `create` is called once
// per arm and run, because an instrument may remember the start of its run.
import type { Instrument as InstrumentEntry } from '../core/instruments.ts'
import type { InstrumentName } from '../core/sample.ts'
import { measureCosines } from './cosines.ts'
import { measureEvaluation } from './evaluation.ts'
import { measureGradientNorms } from './gradientNorms.ts'
import { measureHessian } from './hessianSpectrum.ts'
import type { Instrument } from './instrument.ts'
import { createTangentKernel } from './tangentKernel.ts'

/** Everything that is measured on a schedule; losses come from training itself. */
export type MeasuredInstrument = Exclude<InstrumentName, 'loss'>

export interface CatalogueEntry {
  readonly tier: Exclude<InstrumentEntry['tier'], 'everyStep'>
  /** A fresh instrument for one arm of one run. */
  create(): Instrument
}

/** From the cheapest to the most expensive. */
export const CATALOGUE: Readonly<Record<MeasuredInstrument, CatalogueEntry>> = {
  gradientNorms: { tier: 'scheduled', create: () => measureGradientNorms },
  evaluation: { tier: 'scheduled', create: () => measureEvaluation },
  cosines: { tier: 'scheduled', create: () => measureCosines },
  kernel: { tier: 'scheduled', create: createTangentKernel },
  hessian: { tier: 'expensive', create: () => measureHessian },
}

/** Names in the order of the catalogue. */
export const MEASURED_INSTRUMENTS = Object.keys(CATALOGUE) as readonly MeasuredInstrument[]
