// What does a network look like when some of its layers never train? The same function of fewer weights.
//
// Engines train all layers; here the blocks of the others are cut out of every vector, so that norms, curvature and kernels are
// those of the trainable weights. Gram matrices come from explicit gradients: slow, and only problem files ask for it.
import type { LayerInfo, Probe, SampleSet } from '../../core/probe.ts'

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
  const gradients = async (sets: readonly SampleSet[], signal?: AbortSignal): Promise<Float64Array[]> => {
    const found: Float64Array[] = []
    for (const set of sets) found.push(await gradient(set, signal))
    return found
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
    // One sample is its own mean and its own sum.
    perSampleGram: async ({ indices, from }, signal) =>
      gramOf(
        await gradients(
          Array.from(indices, (index) => ({ indices: Int32Array.of(index), from })),
          signal,
        ),
      ),
    batchGram: async (batches, signal) => gramOf(await gradients(batches, signal)),
    async batchPairs(pairs, signal) {
      const products: number[] = []
      for (const [first, second] of pairs) {
        const [a, b] = await gradients([first, second], signal)
        products.push(dot(a, b), dot(a, a), dot(b, b))
      }
      return Float64Array.from(products)
    },
    gradient,
    hessianVectors: async (block, count, set, signal) => cut(await probe.hessianVectors(padded(block, count), count, set, signal)),
    outputHessianVectors: async (block, count, set, output, signal) =>
      cut(await probe.outputHessianVectors(padded(block, count), count, set, output, signal)),
    outputJacobian: jacobian,
    async kernelGram(set, signal) {
      const rows = await jacobian(set, signal)
      const count = set.indices.length * probe.outputCount
      return gramOf(Array.from({ length: count }, (_, row) => rows.subarray(row * parameterCount, (row + 1) * parameterCount)))
    },
    async secondMoments() {
      const moments = await probe.secondMoments()
      return moments === null ? null : cut(moments)
    },
    weights: async () => cut(await probe.weights()),
    preactivations: (set) => probe.preactivations(set),
  }
}

/** [k, k] inner products. */
function gramOf(rows: readonly Float64Array[]): Float64Array {
  return Float64Array.from(rows.flatMap((a) => rows.map((b) => dot(a, b))))
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}
