// Is the network on a plateau, at a saddle, or in a sharp valley?
//
// The whole spectrum where the network is small enough, Lanczos extremes with their residual bounds otherwise; the sample
// says which. Nothing that Lanczos only estimates is passed on as counted: the number of negative eigenvalues is null then.
import type { Probe, SampleSet } from '../core/probe.ts'
import type { HessianSample, PreconditionedSpectrum, UnavailableSample } from '../core/sample.ts'
import { norm } from '../numerics/logMagnitude.ts'
import { spectralDensity, type SpectralDensity } from '../numerics/spectralDensity.ts'
import { namedStream } from '../numerics/streams.ts'
import { effectiveStepRange, effectiveSteps } from './effectiveStep.ts'
import { estimatedBlocks } from './estimatedBlocks.ts'
import { exactHessian } from './exactHessian.ts'
import { probeSamples, probeSetSize, unavailable, type Effort, type Instrument, type InstrumentContext } from './instrument.ts'
import { layerBlocks } from './layerBlocks.ts'
import { NEGATIVE_TOLERANCE, negativeCount } from './negativeCount.ts'
import { preconditionedMatrix, preconditionerOf, scaledColumns, type Preconditioner } from './preconditioner.ts'
import { exactEnds, lanczosEnds } from './spectrumEnds.ts'

/** Largest number of parameters whose Hessian is formed entry by entry. */
export const EXACT_LIMIT: Readonly<Record<Effort, number>> = { live: 400, full: 1500 }
/** The same where the engine knows the whole matrix without products (chains). */
const EXACT_ROUTE_LIMIT: Readonly<Record<Effort, number>> = { live: 1000, full: 2000 }
/** Entries and layer blocks go to the page only while their square is small beside the other messages. */
const ENTRIES_LIMIT: Readonly<Record<Effort, number>> = { live: 128, full: 512 }
const BLOCKS_LIMIT: Readonly<Record<Effort, number>> = { live: 128, full: 512 }
/** Most layers whose blocks are estimated on demand, and draws for each. */
const ESTIMATED_LAYERS = 64
const BLOCK_DRAWS = 4
/** On demand: enough probes for a spread, enough steps for a shape. */
const FULL_PROBES = 8
const FULL_STEPS = 80

/** Spectrum of the Hessian of the reduced loss on the probe set, plain and as the optimizer feels it; focus seed. */
export const measureHessian: Instrument = async (context: InstrumentContext): Promise<HessianSample | UnavailableSample> => {
  const probe = context.probes[0]
  const limit = (probe.exactHessian === undefined ? EXACT_LIMIT : EXACT_ROUTE_LIMIT)[context.effort]
  const set = probeSamples(probeSetSize(context))
  const moments = await probe.secondMoments()
  const preconditioner = preconditionerOf(context.optimizer, moments)
  const exact = probe.parameterCount <= limit ? await exactSpectrum(context, probe, set, preconditioner) : 'givenUp'
  // Whoever presses Run while every column is on its way gets the cheap answer at once.
  const measured = exact === 'givenUp' ? await lanczosSpectrum(context, probe, set, preconditioner) : exact
  if (measured === null) return unavailable(context, 'hessian', 'nonFinite')
  return {
    type: 'hessian',
    arm: context.arm,
    step: context.step,
    parameterCount: probe.parameterCount,
    sampleCount: set.indices.length,
    layerCount: probe.layers.length,
    layerSizes: Int32Array.from(probe.layers, ({ size }) => size),
    effectiveStep: effectiveStepRange(effectiveSteps(context.optimizer, moments, probe.parameterCount)),
    ...measured,
  }
}

type Head = 'type' | 'arm' | 'step' | 'parameterCount' | 'sampleCount' | 'layerCount' | 'layerSizes' | 'effectiveStep'
type Spectrum = Omit<HessianSample, Head>

async function exactSpectrum(
  context: InstrumentContext,
  probe: Probe,
  set: SampleSet,
  preconditioner: Preconditioner | null,
): Promise<Spectrum | null | 'givenUp'> {
  const { effort } = context
  // Live spectra are small: switching their method with the load of the machine would flicker.
  const dense = await exactHessian(probe, set, effort === 'full' ? context : { ...context, isAwaited: undefined })
  if (dense === null) return 'givenUp'
  const { matrix, asymmetry, eigenvalues: known } = dense
  if (!matrix.every(Number.isFinite)) return null
  const n = probe.parameterCount
  const eigenvalues = known ?? (await context.eigenvalues(matrix, n))
  let trace = 0
  for (let i = 0; i < n; i++) trace += matrix[i * n + i]
  const blocks = probe.layers.length <= BLOCKS_LIMIT[effort] ? layerBlocks(matrix, probe.layers) : null
  const preconditioned =
    preconditioner === null
      ? null
      : rescaled(await context.eigenvalues(preconditionedMatrix(matrix, preconditioner.roots), n), preconditioner.factor)
  return {
    method: 'exact',
    // A copy: the engine may keep its own.
    eigenvalues: eigenvalues.slice(),
    nodes: null,
    nodeWeights: null,
    lambdaMin: eigenvalues[0],
    lambdaMax: eigenvalues[n - 1],
    lambdaMinResidual: 0,
    lambdaMaxResidual: 0,
    converged: true,
    numNegative: negativeCount(eigenvalues, NEGATIVE_TOLERANCE[probe.precision]),
    trace,
    traceStderr: null,
    frobenius: norm(matrix),
    frobeniusStderr: null,
    probes: 0,
    lanczosSteps: 0,
    blockMeanAbs: blocks?.meanAbs ?? null,
    blockFrobenius: blocks?.frobenius ?? null,
    entries: n <= ENTRIES_LIMIT[effort] ? matrix.slice() : null,
    asymmetry,
    preconditioned,
    preconditionedSpectrum: preconditioned === null ? null : wholeSpectrum(preconditioned),
    ends: exactEnds(eigenvalues),
  }
}

function wholeSpectrum(eigenvalues: Float64Array): PreconditionedSpectrum {
  return {
    eigenvalues,
    nodes: null,
    nodeWeights: null,
    lambdaMin: eigenvalues[0],
    lambdaMax: eigenvalues[eigenvalues.length - 1],
    lambdaMinResidual: 0,
    lambdaMaxResidual: 0,
    converged: true,
  }
}

async function lanczosSpectrum(
  context: InstrumentContext,
  probe: Probe,
  set: SampleSet,
  preconditioner: Preconditioner | null,
): Promise<Spectrum> {
  const { settings, signal } = context
  // Given up for somebody who waits: then the live numbers.
  const effort = context.isAwaited?.() === true ? 'live' : context.effort
  const n = probe.parameterCount
  const probes = effort === 'full' ? Math.max(FULL_PROBES, settings.lanczosProbes) : settings.lanczosProbes
  const steps = effort === 'full' ? Math.max(FULL_STEPS, settings.lanczosSteps) : settings.lanczosSteps
  let done = 0
  const withBlocks = effort === 'full' && probe.layers.length <= ESTIMATED_LAYERS
  const blockProducts = withBlocks ? BLOCK_DRAWS * Math.ceil(probe.layers.length / 16) : 0
  const total = steps * (preconditioner === null ? 1 : 2) + blockProducts
  const product = async (block: Float64Array, count: number): Promise<Float64Array> => {
    const result = await probe.hessianVectors(block, count, set, signal)
    context.progress(Math.min(++done, total), total, 'Lanczos steps')
    await context.breathe()
    return result
  }
  const stream = namedStream(context.seed, `hessian/lanczos/step ${context.step}`)
  const density = await spectralDensity(product, n, stream, { probes, steps, signal })
  let preconditioned: PreconditionedSpectrum | null = null
  if (preconditioner !== null) {
    const { roots, factor } = preconditioner
    const felt = async (block: Float64Array, count: number) => scaledColumns(await product(scaledColumns(block, roots), count), roots)
    const felts = await spectralDensity(felt, n, namedStream(context.seed, `hessian/preconditioned/step ${context.step}`), {
      probes: 1,
      steps,
      signal,
    })
    preconditioned = estimatedSpectrum(felts, factor)
  }
  const blocks = withBlocks
    ? await estimatedBlocks(product, probe.layers, n, namedStream(context.seed, `hessian/blocks/step ${context.step}`), BLOCK_DRAWS)
    : null
  const { lambdaMin, lambdaMax, trace, frobenius } = density
  return {
    method: 'lanczos',
    eigenvalues: null,
    nodes: density.nodes,
    nodeWeights: density.nodeWeights,
    lambdaMin: lambdaMin.value,
    lambdaMax: lambdaMax.value,
    lambdaMinResidual: lambdaMin.residual,
    lambdaMaxResidual: lambdaMax.residual,
    converged: lambdaMin.converged && lambdaMax.converged,
    numNegative: null,
    trace: trace.value,
    // One probe cannot know its error.
    traceStderr: Number.isNaN(trace.standardError) ? null : trace.standardError,
    frobenius: frobenius.value,
    frobeniusStderr: Number.isNaN(frobenius.standardError) ? null : frobenius.standardError,
    probes,
    lanczosSteps: density.steps,
    blockMeanAbs: null,
    blockFrobenius: blocks?.frobenius ?? null,
    blockFrobeniusStderr: blocks?.stderr ?? null,
    entries: null,
    asymmetry: 0,
    preconditioned: preconditioned === null ? null : Float64Array.of(preconditioned.lambdaMin, preconditioned.lambdaMax),
    preconditionedSpectrum: preconditioned,
    ends: lanczosEnds(density.recursions),
  }
}

/** Nodes and extremes times the factor that scaling had taken out; null where they leave float64. */
function estimatedSpectrum(density: SpectralDensity, factor: number): PreconditionedSpectrum | null {
  const nodes = rescaled(density.nodes, factor)
  if (nodes === null) return null
  const { lambdaMin, lambdaMax } = density
  return {
    eigenvalues: null,
    nodes,
    nodeWeights: density.nodeWeights,
    lambdaMin: lambdaMin.value * factor,
    lambdaMax: lambdaMax.value * factor,
    lambdaMinResidual: lambdaMin.residual * factor,
    lambdaMaxResidual: lambdaMax.residual * factor,
    converged: lambdaMin.converged && lambdaMax.converged,
  }
}

/** Eigenvalues times the factor that scaling had taken out; null where they leave float64. */
function rescaled(eigenvalues: Float64Array, factor: number): Float64Array | null {
  const result = eigenvalues.map((value) => value * factor)
  return result.every(Number.isFinite) ? result : null
}
