// What does an instrument get, and what does it give back?
//
// One function from a context to one sample. Everything that may change between two calls (weights, step, optimizer)
// comes in through the context, so that the value at step t does not depend on which earlier steps were measured.
import type { SplitArrays } from '../core/dataset.ts'
import type { ArmName, DiagnosticsSettings, LossSettings, OptimizerSettings } from '../core/experiment.ts'
import type { NetworkSpec } from '../core/networkSpec.ts'
import type { LayerNorms, Probe, SampleSet } from '../core/probe.ts'
import type { InstrumentName, Sample, UnavailableReason, UnavailableSample } from '../core/sample.ts'
import type { Step } from '../core/units.ts'

/** `live` keeps an instrument cheap enough for a schedule; `full` is what a person asked for once. */
export type Effort = 'live' | 'full'

export interface InstrumentContext {
  readonly arm: ArmName
  readonly step: Step
  /** Of the experiment; instruments draw from streams named after themselves and the step. */
  readonly seed: number
  readonly settings: DiagnosticsSettings
  readonly loss: LossSettings
  /** As used at this step, `eps` resolved to a number. */
  readonly optimizer: OptimizerSettings & { readonly eps: number }
  readonly trainCount: number
  readonly testCount: number
  /** One per seed; the first is the focus seed, which spectra, kernels and cosines follow. */
  readonly probes: readonly Probe[]
  readonly effort: Effort
  /** The function that is trained, and on what; absent where a probe stands for itself. */
  readonly spec?: NetworkSpec
  readonly train?: SplitArrays
  /** Of gradient norms that belong to the batch which trains this step on: its training indices. Absent: the probe set. */
  readonly batch?: Int32Array
  /** [seeds] where the step has told them already, which by now is done: norms of that batch, NaN for diverged seeds. */
  readonly stepNorms?: readonly LayerNorms[]
  /** Of a linearised arm: the network, trained beside it, that it was the tangent of. */
  readonly network?: Probe
  /** Lends the focus seed's network at step 0; the probe is valid only inside `use`. */
  atStart<Result>(use: (probe: Probe) => Promise<Result>): Promise<Result>
  /** Ascending eigenvalues of a symmetric [n, n] matrix, perhaps on another thread; the matrix stays as it is. */
  eigenvalues(matrix: Float64Array, n: number): Promise<Float64Array>
  /** Lets commands in and shows that the run lives; long instruments call it between blocks. @throws when the run is closed. */
  breathe(): Promise<void>
  /** True once the run is being waited for: a live instrument that draws at random then answers with what it has. Absent: nobody waits. */
  isAwaited?(): boolean
  /** Tells how far a long measurement is. */
  progress(done: number, total: number, label: string): void
  readonly signal?: AbortSignal
}

/** Measures once; an instrument that has nothing to measure answers with an `unavailable` sample. */
export type Instrument = (context: InstrumentContext) => Promise<Sample>

/** The answer of an instrument that has nothing to measure here. */
export function unavailable(
  context: Pick<InstrumentContext, 'arm' | 'step'>,
  instrument: InstrumentName,
  reason: UnavailableReason,
): UnavailableSample {
  return { type: 'unavailable', arm: context.arm, step: context.step, instrument, reason }
}

/** The first `count` samples of the probe set. */
export function probeSamples(count: number): SampleSet {
  return { indices: Int32Array.from({ length: count }, (_, i) => i), from: 'probe' }
}

/** Size of the probe set: what was asked for, as far as there is training data. */
export function probeSetSize(context: Pick<InstrumentContext, 'settings' | 'trainCount'>): number {
  return Math.min(context.settings.probeCount, context.trainCount)
}

/** True where a row costs a pass over images: instruments then ask for fewer rows. */
export function hasConvolutions({ layers }: Pick<Probe, 'layers'>): boolean {
  return layers.some(({ kind }) => kind === 'conv')
}
