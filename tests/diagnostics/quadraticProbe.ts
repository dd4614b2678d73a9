// A network whose every answer is known: f_i(w) = 1/2 w^T H w + slope_i^T w + offset_i, with one Hessian for all samples.
//
// All methods are plain loops over the definition, so that a diagnostic is tested against the definition and not against an engine.
import { DEFAULT_DIAGNOSTICS, DEFAULT_OPTIMIZER } from '../../src/core/defaults.ts'
import type { LayerInfo, Probe, SampleSet } from '../../src/core/probe.ts'
import type { InstrumentContext } from '../../src/diagnostics/instrument.ts'
import { normalised } from '../../src/numerics/logMagnitude.ts'
import { symmetricEigenvalues } from '../../src/numerics/symmetricEigenvalues.ts'

export interface Quadratic {
  /** [P][P]; need not be symmetric, as an engine's rounding is not. */
  readonly hessian: readonly (readonly number[])[]
  /** [n][P] gradient of each sample at w = 0. */
  readonly slopes: readonly (readonly number[])[]
  readonly weights: readonly number[]
  readonly offsets?: readonly number[]
  /** [n*c][P]; one output with Jacobian = slopes when absent. */
  readonly jacobian?: readonly (readonly number[])[]
  readonly outputCount?: number
  readonly layerSizes?: readonly number[]
  readonly secondMoments?: readonly number[]
  readonly precision?: Probe['precision']
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0)
const flat = (rows: readonly (readonly number[])[]) => Float64Array.from(rows.flat())
const gram = (rows: readonly (readonly number[])[]) => flat(rows.map((a) => rows.map((b) => dot(a, b))))

export function quadraticProbe(quadratic: Quadratic): Probe {
  const { hessian, slopes, weights } = quadratic
  const dimension = weights.length
  const layers = layersOf(quadratic.layerSizes ?? [dimension])
  const curved = hessian.map((row) => dot(row, weights))
  const gradientOf = (i: number) => slopes[i].map((slope, k) => slope + curved[k])
  const reduced = (set: SampleSet) =>
    curved.map((_, k) => Array.from(set.indices, (i) => gradientOf(i)[k]).reduce((sum, value) => sum + value, 0) / set.indices.length)
  const lossOf = (i: number) => 0.5 * dot(weights, curved) + dot(slopes[i], weights) + (quadratic.offsets?.[i] ?? 0)
  const outputCount = quadratic.outputCount ?? 1
  const jacobianOf = (set: SampleSet) => {
    const rows = quadratic.jacobian ?? slopes
    return Array.from(set.indices).flatMap((i) => rows.slice(i * outputCount, (i + 1) * outputCount))
  }
  const unsupported = () => Promise.reject(new Error('the quadratic has no such thing'))
  return {
    layers,
    parameterCount: dimension,
    outputCount,
    precision: quadratic.precision ?? 'float64',
    async loss(set) {
      const perSample = Float64Array.from(set.indices, lossOf)
      return {
        loss: perSample.reduce((sum, loss) => sum + loss, 0) / perSample.length,
        perSample,
        outputs: new Float64Array(perSample.length),
        accuracy: null,
      }
    },
    async gradientNorms(set) {
      const gradient = reduced(set)
      const blocks = layers.map(({ offset, size }) => gradient.slice(offset, offset + size))
      const norms = blocks.map((block) => normalised(Math.hypot(...block)))
      const means = blocks.map((block) => normalised(block.reduce((sum, entry) => sum + Math.abs(entry), 0) / block.length))
      return {
        mantissa: Float64Array.from(norms, ({ mantissa }) => mantissa),
        exponent: Int32Array.from(norms, ({ exponent }) => exponent),
        meanAbsMantissa: Float64Array.from(means, ({ mantissa }) => mantissa),
        meanAbsExponent: Int32Array.from(means, ({ exponent }) => exponent),
        underflow: new Uint8Array(layers.length),
      }
    },
    perSampleGram: async (set) => gram(Array.from(set.indices, gradientOf)),
    batchGram: async (batches) => gram(batches.map(reduced)),
    async batchPairs(pairs) {
      return flat(
        pairs.map(([first, second]) => {
          const [a, b] = [reduced(first), reduced(second)]
          return [dot(a, b), dot(a, a), dot(b, b)]
        }),
      )
    },
    gradient: async (set) => Float64Array.from(reduced(set)),
    async hessianVectors(block, count) {
      const vectors = Array.from({ length: count }, (_, k) => Array.from(block.subarray(k * dimension, (k + 1) * dimension)))
      return flat(vectors.map((vector) => hessian.map((row) => dot(row, vector))))
    },
    outputHessianVectors: unsupported,
    outputJacobian: async (set) => flat(jacobianOf(set)),
    kernelGram: async (set) => gram(jacobianOf(set)),
    secondMoments: async () => (quadratic.secondMoments === undefined ? null : Float64Array.from(quadratic.secondMoments)),
    weights: async () => Float64Array.from(weights),
    preactivations: async (set) => layers.map(() => new Float32Array(set.indices.length).fill(1)),
  }
}

function layersOf(sizes: readonly number[]): LayerInfo[] {
  let offset = 0
  return sizes.map((size, layer) => {
    const info: LayerInfo = { name: `layer ${layer + 1}`, kind: 'dense', offset, size }
    offset += size
    return info
  })
}

/** The context of a run that stands at step 0 of an experiment with these probes. */
export function contextOf(probes: readonly Probe[], sampleCount: number, change: Partial<InstrumentContext> = {}): InstrumentContext {
  return {
    arm: 'A',
    step: 0,
    seed: 7,
    settings: DEFAULT_DIAGNOSTICS,
    loss: { kind: 'squaredError', reduction: 'mean' },
    optimizer: { ...DEFAULT_OPTIMIZER, eps: 1e-16 },
    trainCount: sampleCount,
    testCount: 0,
    probes,
    effort: 'live',
    atStart: (use) => use(probes[0]),
    eigenvalues: async (matrix, n) => symmetricEigenvalues(matrix, n),
    breathe: async () => undefined,
    progress: () => undefined,
    ...change,
  }
}

/** A sample of the wanted type, or an error that shows what came instead. */
export function expectType<Type extends string, Sample extends { readonly type: string }>(
  sample: Sample,
  type: Type,
): Extract<Sample, { type: Type }> {
  if (sample.type !== type) throw new Error(`expected a ${type} sample, got ${JSON.stringify(sample)}`)
  return sample as Extract<Sample, { type: Type }>
}
