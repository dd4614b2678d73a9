// Made-up samples of every instrument, for tests of plots: smooth, deterministic, with known ends.
import type { ArmName } from '../../src/core/experiment.ts'
import type { CosineSample, CosineStatistics, GradientNormSample, HessianSample, KernelSample } from '../../src/core/sample.ts'
import { cosineDensity } from '../../src/numerics/kde.ts'
import type { CosinePlotData } from '../../src/plots/cosineData.ts'
import type { GradientNormPlotData } from '../../src/plots/gradientData.ts'
import type { HessianPlotData, HessianView } from '../../src/plots/hessianData.ts'
import type { KernelPlotData } from '../../src/plots/kernelData.ts'
import type { LossArm, LossPlotData } from '../../src/plots/lossData.ts'
import type { PlotBox } from '../../src/plots/plotKind.ts'
import { LIGHT_THEME } from '../../src/plots/theme.ts'

export const MAIN_BOX: PlotBox = { width: 806, height: 356, theme: LIGHT_THEME, variant: 'main', text: 1, line: 1, hoverLayer: null }
export const SMALL_BOX: PlotBox = { width: 170, height: 212, theme: LIGHT_THEME, variant: 'small', text: 1, line: 1, hoverLayer: null }

/** Losses of `seedCount` seeds that fall from 0.5, each a decade in `pace` steps. */
export function lossArm(arm: ArmName, label: string, seedCount: number, rows: number, pace: number): LossArm {
  const steps = Float64Array.from({ length: rows }, (_, row) => row)
  const values = new Float64Array(rows * seedCount)
  for (let row = 0; row < rows; row++) {
    for (let seed = 0; seed < seedCount; seed++) values[row * seedCount + seed] = 0.5 * 10 ** -((row * (1 + seed / seedCount)) / pace)
  }
  return { arm, label, steps, values, count: rows, seedCount }
}

export function lossData(rows = 400): LossPlotData {
  return {
    arms: [lossArm('A', 'SGD 0.1', 32, rows, 1e9), lossArm('B', 'RMSprop 0.002', 32, rows, 60)],
    evaluations: [],
    ghosts: [{ label: 'depth 12', arm: 'A', steps: Float64Array.of(0, 200, 400), median: Float64Array.of(0.5, 0.1, 0.01) }],
    theory: [
      {
        id: 't',
        label: 'predicted escape',
        source: 'a paper, Eq. 1',
        x: Float64Array.of(0, 300),
        y: Float64Array.of(0.5, 1e-4),
        axis: 'step',
        hypotheses: [],
      },
    ],
    changes: [{ step: 100, arm: 'A', label: 'SGD 0.5' }],
    levels: [{ value: 0.25, label: 'escaped: loss < 0.25' }],
    prediction: { label: 'your sketch', steps: Float64Array.of(0, 200), values: Float64Array.of(0.5, 1e-3) },
    totalSteps: 400,
  }
}

/** One seed with evaluations: what an image run gives. */
export function imageLossData(): LossPlotData {
  const steps = Float64Array.from({ length: 21 }, (_, k) => 10 * k)
  const fall = (from: number, to: number) => steps.map((step) => to + (from - to) * Math.exp(-step / 50))
  return {
    ...lossData(),
    arms: [lossArm('A', 'SGD 0.1', 1, 201, 300)],
    evaluations: [
      {
        arm: 'A',
        steps,
        trainLoss: fall(2.3, 0.3),
        testLoss: fall(2.3, 0.4),
        trainAccuracy: fall(0.1, 0.9),
        testAccuracy: fall(0.1, 0.85),
      },
    ],
    ghosts: [],
    theory: [],
    changes: [],
    levels: [],
    prediction: null,
    totalSteps: 200,
  }
}

export function gradientSample(arm: ArmName, step: number, layerCount = 24, seedCount = 8, slope = -0.3): GradientNormSample {
  const log10 = new Float64Array(seedCount * layerCount)
  for (let seed = 0; seed < seedCount; seed++) {
    for (let layer = 0; layer < layerCount; layer++)
      log10[seed * layerCount + layer] = slope * (layerCount - 1 - layer) - 0.1 * (seed - (seedCount - 1) / 2) - step / 1000
  }
  const globalLog10 = Float64Array.from({ length: seedCount }, (_, seed) => log10[seed * layerCount + layerCount - 1])
  return {
    type: 'gradientNorms',
    arm,
    step,
    seedCount,
    layerCount,
    log10,
    meanAbsLog10: log10.map((value) => value - 1),
    globalLog10,
    underflow: new Uint8Array(seedCount * layerCount),
  }
}

export function gradientData(): GradientNormPlotData {
  const samples = (arm: ArmName, slope: number) => [0, 50, 100, 150].map((step) => gradientSample(arm, step, 24, 8, slope))
  const a = samples('A', -0.3)
  const b = samples('B', -0.05)
  return {
    arms: [
      { arm: 'A', label: 'SGD 0.1', current: a[3], samples: a },
      { arm: 'B', label: 'RMSprop 0.002', current: b[3], samples: b },
    ],
    theory: [
      {
        id: 'g',
        label: 'predicted log10 median',
        source: 'a paper, Eq. 2',
        x: Float64Array.of(0, 23),
        y: Float64Array.of(-7, 0),
        axis: 'layer',
        hypotheses: [{ text: 'wide', holds: false, measured: '' }],
      },
    ],
    quantity: 'norm',
    totalSteps: 400,
  }
}

/** The signal of both arms: a tenth of a decade less per layer, of the first two seeds only. */
export function signalData(): GradientNormPlotData {
  const data = gradientData()
  const arms = data.arms.map((arm) => {
    const samples = arm.samples.map((sample) => ({
      ...sample,
      forwardLog10: sample.log10.map((_, at) => (at < 2 * sample.layerCount ? 5 - 0.1 * (at % sample.layerCount) : NaN)),
    }))
    return { ...arm, samples, current: samples[3] }
  })
  return { ...data, arms, theory: [], quantity: 'forward' }
}

export function cosineStatistics(cosines: Float64Array): CosineStatistics {
  const { mean, standardDeviation, grid, density, bandwidth, count } = cosineDensity(cosines)
  return {
    cosines,
    excluded: 0,
    min: Math.min(...cosines),
    mean,
    standardDeviation,
    fractionNegative: cosines.filter((cosine) => cosine < 0).length / cosines.length,
    curve: { grid, density, bandwidth, count },
  }
}

export function cosineSample(arm: ArmName, pairs: Float64Array): CosineSample {
  return {
    type: 'cosines',
    arm,
    step: 40,
    pairs: cosineStatistics(pairs),
    pairBatch: 128,
    perSample: cosineStatistics(Float64Array.from({ length: 300 }, (_, k) => Math.sin(k) * 0.6)),
    sampleCount: 25,
    eta: 0.31,
    etaNormalised: 0.4,
    etaAverage: 0.02,
    diversity: 0.05,
    batchSizeBound: 500,
    gradientVariance: 1,
    parameterCount: 50_890,
  }
}

/** Evenly spread cosines between two values. */
export function evenCosines(from: number, to: number, count = 100): Float64Array {
  return Float64Array.from({ length: count }, (_, k) => from + ((to - from) * k) / (count - 1))
}

export function cosineData(): CosinePlotData {
  return {
    arms: [
      { arm: 'A', label: 'SGD 0.1', current: cosineSample('A', evenCosines(0.3, 0.8)), unavailable: null },
      { arm: 'B', label: 'RMSprop 0.002', current: cosineSample('B', evenCosines(-0.2, 0.5)), unavailable: null },
    ],
    theory: [
      {
        id: 'n',
        label: 'random directions',
        source: '',
        x: Float64Array.of(-0.1, 0, 0.1),
        y: Float64Array.of(0, 90, 0),
        axis: 'cosine',
        hypotheses: [],
      },
    ],
  }
}

export function hessianSample(arm: ArmName, eigenvalues: Float64Array, step = 40): HessianSample {
  const last = eigenvalues.length - 1
  return {
    type: 'hessian',
    arm,
    step,
    method: 'exact',
    parameterCount: eigenvalues.length,
    sampleCount: 1,
    eigenvalues,
    nodes: null,
    nodeWeights: null,
    lambdaMax: eigenvalues[last],
    lambdaMin: eigenvalues[0],
    lambdaMaxResidual: 0,
    lambdaMinResidual: 0,
    converged: true,
    numNegative: eigenvalues.filter((value) => value < 0).length,
    trace: 0,
    traceStderr: null,
    frobenius: 0,
    frobeniusStderr: null,
    probes: 0,
    lanczosSteps: 0,
    blockMeanAbs: null,
    blockFrobenius: null,
    layerCount: 1,
    entries: null,
    asymmetry: 0,
    preconditioned: null,
    effectiveStep: null,
  }
}

/** One negative and 23 positive eigenvalues within two decades: a chain. */
export const CHAIN_EIGENVALUES = Float64Array.from([-4e-4, ...Array.from({ length: 23 }, (_, k) => 1e-5 * 1.2 ** k)])

export function hessianData(): HessianPlotData {
  const samples = (arm: ArmName) => [0, 20, 40].map((step) => hessianSample(arm, CHAIN_EIGENVALUES, step))
  const a = samples('A')
  const b = samples('B')
  return {
    arms: [
      { arm: 'A', label: 'SGD 0.1', current: a[2], unavailable: null, stability: { value: 20, label: '2/lr' }, samples: a },
      { arm: 'B', label: 'RMSprop 0.002', current: b[2], unavailable: null, stability: { value: 2e-3, label: '2/lr' }, samples: b },
    ],
    theory: [],
    totalSteps: 400,
  }
}

/** A hollow matrix of three layers of 2, 3 and 1 weights: 1e-6 on the diagonal, 1e-3 beside it with alternating signs, one exact zero. */
export function hollowSample(arm: ArmName, step = 40, scale = 1): HessianSample {
  const n = 6
  const entries = Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n]
    if (i + j === 5 && (i === 0 || j === 0)) return 0
    return scale * (i === j ? 1e-6 : (i + j) % 2 === 0 ? -1e-3 : 1e-3)
  })
  const values = Float64Array.of(-4, -3, -2, 1, 2, 5).map((value) => scale * value * 1e-3)
  return {
    ...hessianSample(arm, values, step),
    layerCount: 3,
    layerSizes: Int32Array.of(2, 3, 1),
    entries,
    blockMeanAbs: Float64Array.of(5e-4, 1e-3, 5e-4, 1e-3, 7e-4, 1e-3, 5e-4, 1e-3, 1e-6).map((value) => scale * value),
    blockFrobenius: Float64Array.of(1e-3, 2e-3, 1e-3, 2e-3, 3e-3, 2e-3, 1e-3, 2e-3, 1e-6).map((value) => scale * value),
    ends: {
      largest: values.slice(-3).reverse(),
      largestResiduals: new Float64Array(3),
      smallest: values.slice(0, 3),
      smallestResiduals: new Float64Array(3),
    },
    preconditionedSpectrum: {
      eigenvalues: values.map((value) => 1000 * value),
      nodes: null,
      nodeWeights: null,
      lambdaMax: 5 * scale,
      lambdaMin: -4 * scale,
      lambdaMaxResidual: 0,
      lambdaMinResidual: 0,
      converged: true,
    },
    effectiveStep: { min: 0.01, median: 0.1, max: 10 },
  }
}

/** Both arms of a small network in one view of its Hessian. */
export function hessianViewData(view: HessianView, arms: 1 | 2 = 2): HessianPlotData {
  const samples = (arm: ArmName, scale: number) => [0, 20, 40].map((step) => hollowSample(arm, step, scale * (1 + step)))
  const a = samples('A', 1)
  const b = samples('B', 30)
  const limit = { value: 4, label: '2/lr' }
  const both: HessianPlotData['arms'] = [
    { arm: 'A', label: 'SGD 0.1', current: a[2], unavailable: null, stability: limit, feltStability: limit, samples: a },
    { arm: 'B', label: 'RMSprop 0.002', current: b[2], unavailable: null, stability: null, feltStability: limit, samples: b },
  ]
  return { arms: both.slice(0, arms), theory: [], totalSteps: 60, view }
}

/** Layer blocks of networks too large for entries: norms with standard errors, no mean entries. */
export function estimatedBlockData(arms: 1 | 2): HessianPlotData {
  const data = hessianViewData('layers', arms)
  return {
    ...data,
    arms: data.arms.map((arm) => {
      const estimate = (sample: HessianSample): HessianSample => ({
        ...sample,
        entries: null,
        blockMeanAbs: null,
        blockFrobeniusStderr: sample.blockFrobenius!.map((value) => value / 10),
      })
      return { ...arm, samples: arm.samples.map(estimate), current: arm.current === null ? null : estimate(arm.current) }
    }),
  }
}

export function lanczosData(): HessianPlotData {
  const nodes = Float64Array.of(-0.2, -1e-3, 1e-3, 0.1, 2, 40)
  const nodeWeights = Float64Array.of(0.01, 0.4, 0.5, 0.0899, 1e-4, 2e-5)
  const exact = hessianSample('A', nodes)
  const current: HessianSample = {
    ...exact,
    method: 'lanczos',
    eigenvalues: null,
    nodes,
    nodeWeights,
    numNegative: null,
    parameterCount: 50_890,
    probes: 1,
    lanczosSteps: 6,
    lambdaMaxResidual: 0.1,
    converged: false,
  }
  return {
    arms: [{ arm: 'A', label: 'SGD 0.1', current, unavailable: null, stability: { value: 20, label: '2/lr' }, samples: [current] }],
    theory: [],
    totalSteps: 400,
  }
}

export function kernelSample(arm: ArmName, step: number, drift: number, sampleCount = 6): KernelSample {
  const traceKernel = Float64Array.from(
    { length: sampleCount * sampleCount },
    (_, k) => 1 / (1 + Math.abs(Math.floor(k / sampleCount) - (k % sampleCount))),
  )
  const eigenvalues = Float64Array.from({ length: sampleCount }, (_, k) => 10 ** (k - 3))
  return {
    type: 'kernel',
    arm,
    step,
    sampleCount,
    outputCount: 1,
    drift,
    lambdaMin: eigenvalues[0],
    lambdaMax: eigenvalues[sampleCount - 1],
    condition: eigenvalues[sampleCount - 1] / eigenvalues[0],
    plRatio: 2,
    plLower: eigenvalues[0],
    plUpper: eigenvalues[sampleCount - 1],
    weightDistance: 0.1,
    traceKernel,
    eigenvalues,
  }
}

/** A network and its tangent: distances, a ball that holds, and a gap that opens. */
export function ballData(): KernelPlotData {
  const { arms, ...rest } = kernelData()
  const samples = (index: number) =>
    arms[index].samples.map((sample, k) => ({
      ...sample,
      loss: 0.5,
      weightDistance: 0.3 * k * (index + 1),
      ...(index === 1 ? { tangentGap: { rms: 1e-4 * k ** 2, moved: 0.1 * k } } : {}),
    }))
  return {
    ...rest,
    arms: arms.map((arm, index) => ({
      ...arm,
      label: index === 0 ? 'SGD 0.1' : 'its tangent',
      samples: samples(index),
      current: samples(index)[3],
    })),
    view: 'ball',
    loss: { kind: 'squaredError', reduction: 'mean' },
  }
}

export function kernelData(): KernelPlotData {
  const samples = (arm: ArmName, scale: number) => [0, 20, 40, 60].map((step) => kernelSample(arm, step, (scale * step) / 60))
  const a = samples('A', 0.02)
  const b = samples('B', 0.8)
  return {
    arms: [
      { arm: 'A', label: 'SGD 0.1', current: a[3], unavailable: null, samples: a },
      { arm: 'B', label: 'RMSprop 0.002', current: b[3], unavailable: null, samples: b },
    ],
    theory: [],
    classes: Int32Array.of(1, 0, 1, 0, 2, 2),
    totalSteps: 100,
  }
}
