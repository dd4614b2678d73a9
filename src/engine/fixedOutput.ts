// How does a network look whose last layer never trains? To training as a whole, to everybody who measures as its first layers alone.
//
// Engines keep the constants at the end of their flat vectors, leave them still, and leave them out of Gram matrices; here the end
// is cut off every vector that leaves, and vectors that enter are filled up with zeros.
import type { LayerNorms, Probe } from '../core/probe.ts'
import type { Trainer } from './trainer.ts'

/** The trainer as others see it; checkpoints hold the whole vector, constants included. */
export function withFixedOutput(trainer: Trainer): Trainer {
  const layers = trainer.layers.slice(0, -1)
  const probes: Probe[] = []
  return {
    description: trainer.description,
    layers,
    parameterCount: layers.reduce((sum, { size }) => sum + size, 0),
    seedCount: trainer.seedCount,
    get step() {
      return trainer.step
    },
    get suggestedChunk() {
      return trainer.suggestedChunk
    },
    async train(batches, wishes) {
      const report = await trainer.train(batches, wishes)
      return report.layerNorms === undefined ? report : { ...report, layerNorms: report.layerNorms.map(withoutLast) }
    },
    setOptimizer: (optimizer) => trainer.setOptimizer(optimizer),
    probe(seedIndex) {
      probes[seedIndex] ??= trainedProbe(trainer.probe(seedIndex))
      return probes[seedIndex]
    },
    checkpoint: () => trainer.checkpoint(),
    restore: (checkpoint) => trainer.restore(checkpoint),
    dispose: () => trainer.dispose(),
  }
}

/** The probe of an engine that knows the last layer as constants, in the parameters of the function alone. */
function trainedProbe(probe: Probe): Probe {
  const layers = probe.layers.slice(0, -1)
  const parameterCount = layers.reduce((sum, { size }) => sum + size, 0)
  const { normStatistics, scaledPerSampleGram, scaledBatchGram } = probe
  const cut = (full: Float64Array): Float64Array => {
    const rows = full.length / probe.parameterCount
    const part = new Float64Array(rows * parameterCount)
    for (let row = 0; row < rows; row++) {
      const start = row * probe.parameterCount
      part.set(full.subarray(start, start + parameterCount), row * parameterCount)
    }
    return part
  }
  const filled = (part: Float64Array, rows: number): Float64Array => {
    const full = new Float64Array(rows * probe.parameterCount)
    for (let row = 0; row < rows; row++) {
      full.set(part.subarray(row * parameterCount, (row + 1) * parameterCount), row * probe.parameterCount)
    }
    return full
  }
  return {
    layers,
    parameterCount,
    outputCount: probe.outputCount,
    precision: probe.precision,
    loss: (set, signal) => probe.loss(set, signal),
    gradientNorms: async (set, signal) => withoutLast(await probe.gradientNorms(set, signal)),
    perSampleGram: (set, signal) => probe.perSampleGram(set, signal),
    batchGram: (batches, signal) => probe.batchGram(batches, signal),
    batchPairs: (pairs, signal) => probe.batchPairs(pairs, signal),
    gradient: async (set, signal) => cut(await probe.gradient(set, signal)),
    hessianVectors: async (block, count, set, signal) => cut(await probe.hessianVectors(filled(block, count), count, set, signal)),
    outputHessianVectors: async (block, count, set, output, signal) =>
      cut(await probe.outputHessianVectors(filled(block, count), count, set, output, signal)),
    outputJacobian: async (set, signal) => cut(await probe.outputJacobian(set, signal)),
    kernelGram: (set, signal) => probe.kernelGram(set, signal),
    async secondMoments() {
      const moments = await probe.secondMoments()
      return moments === null ? null : cut(moments)
    },
    weights: async () => cut(await probe.weights()),
    constants: async () => (await probe.weights()).slice(parameterCount),
    ...(scaledPerSampleGram === undefined ? {} : { scaledPerSampleGram: (set, signal) => scaledPerSampleGram.call(probe, set, signal) }),
    ...(scaledBatchGram === undefined ? {} : { scaledBatchGram: (batches, signal) => scaledBatchGram.call(probe, batches, signal) }),
    ...(normStatistics === undefined ? {} : { normStatistics: () => normStatistics.call(probe) }),
    preactivations: async (set) => (await probe.preactivations(set)).slice(0, -1),
  }
}

function withoutLast(norms: LayerNorms): LayerNorms {
  return {
    mantissa: norms.mantissa.slice(0, -1),
    exponent: norms.exponent.slice(0, -1),
    meanAbsMantissa: norms.meanAbsMantissa.slice(0, -1),
    meanAbsExponent: norms.meanAbsExponent.slice(0, -1),
    underflow: norms.underflow.slice(0, -1),
  }
}
