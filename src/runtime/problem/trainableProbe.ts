// What does a network look like when some of its layers never train? The same function of fewer weights.
//
// Engines train all layers; here the blocks of the others are cut out of every vector, so that norms, curvature and kernels are
// those of the trainable weights. Gram matrices come from explicit gradients: slow, and only problem files ask for it.
import type { LayerInfo, Probe, SampleSet, ScaledGram } from '../../core/probe.ts'
import { singlesOf } from '../../engine/sampleRows.ts'
import { plainGram, scaledGramOfRows } from '../../numerics/scaledGram.ts'

/** A probe whose P counts the trainable layers only; the probe itself where all are. */
export function trainableProbe(probe: Probe, trainable: readonly boolean[]): Probe {
  if (trainable.every(Boolean)) return probe
  const kept = probe.layers.filter((_, layer) => trainable[layer])
  const parameterCount = kept.reduce((sum, { size }) => sum + size, 0)
  const layers: LayerInfo[] = []
  for (const layer of kept) {
    const before = layers.at(-1)
    layers.push({ ...layer, offset: before === undefined ? 0 : before.offset + before.size })
  }
  const cut = (full: Float64Array): Float64Array => {
    const rows = full.length / probe.parameterCount
    const part = new Float64Array(rows * parameterCount)
    for (let row = 0; row < rows; row++)
      for (const [i, { offset, size }] of kept.entries()) {
        const start = row * probe.parameterCount + offset
        part.set(full.subarray(start, start + size), row * parameterCount + layers[i].offset)
      }
    return part
  }
  const padded = (part: Float64Array, rows: number): Float64Array => {
    const full = new Float64Array(rows * probe.parameterCount)
    for (let row = 0; row < rows; row++)
      for (const [i, { offset, size }] of kept.entries()) {
        const start = row * parameterCount + layers[i].offset
        full.set(part.subarray(start, start + size), row * probe.parameterCount + offset)
      }
    return full
  }
  const pick = <Values extends Float64Array | Int32Array | Uint8Array>(values: Values): Values =>
    values.filter((_, layer) => trainable[layer]) as Values
  const gradient: Probe['gradient'] = async (set, signal) => cut(await probe.gradient(set, signal))
  const gramOfSets = async (sets: readonly SampleSet[], signal?: AbortSignal): Promise<ScaledGram> => {
    const found: Float64Array[] = []
    for (const set of sets) found.push(await gradient(set, signal))
    return scaledGramOfRows(found)
  }
  const jacobian: Probe['outputJacobian'] = async (set, signal) => cut(await probe.outputJacobian(set, signal))
  return {
    layers,
    parameterCount,
    outputCount: probe.outputCount,
    precision: probe.precision,
    loss: (set, signal) => probe.loss(set, signal),
    async gradientNorms(set, signal) {
      const norms = await probe.gradientNorms(set, signal)
      return {
        mantissa: pick(norms.mantissa),
        exponent: pick(norms.exponent),
        meanAbsMantissa: pick(norms.meanAbsMantissa),
        meanAbsExponent: pick(norms.meanAbsExponent),
        underflow: pick(norms.underflow),
      }
    },
    perSampleGram: async (set, signal) => plainGram(await gramOfSets(singlesOf(set), signal)),
    scaledPerSampleGram: (set, signal) => gramOfSets(singlesOf(set), signal),
    batchGram: async (batches, signal) => plainGram(await gramOfSets(batches, signal)),
    scaledBatchGram: (batches, signal) => gramOfSets(batches, signal),
    async batchPairs(pairs, signal) {
      const found: number[] = []
      for (const pair of pairs) {
        const { products } = await gramOfSets(pair, signal)
        found.push(products[1], products[0], products[3])
      }
      return Float64Array.from(found)
    },
    gradient,
    hessianVectors: async (block, count, set, signal) => cut(await probe.hessianVectors(padded(block, count), count, set, signal)),
    outputHessianVectors: async (block, count, set, output, signal) =>
      cut(await probe.outputHessianVectors(padded(block, count), count, set, output, signal)),
    outputJacobian: jacobian,
    async kernelGram(set, signal) {
      const rows = await jacobian(set, signal)
      const count = set.indices.length * probe.outputCount
      return plainGram(
        scaledGramOfRows(Array.from({ length: count }, (_, row) => rows.subarray(row * parameterCount, (row + 1) * parameterCount))),
      )
    },
    async secondMoments() {
      const moments = await probe.secondMoments()
      return moments === null ? null : cut(moments)
    },
    weights: async () => cut(await probe.weights()),
    preactivations: (set) => probe.preactivations(set),
  }
}
