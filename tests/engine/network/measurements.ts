// Everything that a probe can be asked for on a few samples, so that two engines can be compared answer by answer.
import type { Probe, SampleSet } from '../../../src/core/probe.ts'
import { normals, samples } from '../reference/problems.ts'

export const COUNT = 12
export const at = (...indices: number[]): SampleSet => ({ indices: Int32Array.from(indices), from: 'train' })
const BATCHES = [at(0, 1, 2), at(3, 4, 5, 6), at(7, 8), at(0, 8, 11)]

export const MEASUREMENTS: Readonly<Record<string, (probe: Probe) => Promise<ArrayLike<number>>>> = {
  weights: (probe) => probe.weights(),
  'losses per sample': async (probe) => (await probe.loss(samples(COUNT))).perSample,
  'the reduced loss': async (probe) => [(await probe.loss(at(2, 5, 7))).loss],
  outputs: async (probe) => (await probe.loss(samples(COUNT, 'test'))).outputs,
  'the accuracy': async (probe) => [(await probe.loss(samples(COUNT))).accuracy ?? -1],
  preactivations: async (probe) => (await probe.preactivations(samples(COUNT))).flatMap((layer) => [...layer]),
  'the gradient': (probe) => probe.gradient(at(1, 4, 9, 4)),
  'gradient norms': async (probe) => {
    const norms = await probe.gradientNorms(samples(COUNT, 'probe'))
    return norms.mantissa.map((mantissa, layer) => mantissa * 2 ** norms.exponent[layer])
  },
  'mean absolute entries': async (probe) => {
    const norms = await probe.gradientNorms(samples(COUNT))
    return norms.meanAbsMantissa.map((mantissa, layer) => mantissa * 2 ** norms.meanAbsExponent[layer])
  },
  'the Gram matrix of samples': (probe) => probe.perSampleGram(samples(COUNT)),
  'the Gram matrix of batches of unequal size': (probe) => probe.batchGram(BATCHES),
  'pairs of batches': (probe) =>
    probe.batchPairs([
      [BATCHES[0], BATCHES[1]],
      [BATCHES[2], BATCHES[3]],
    ]),
  // The second vector is tiny and the third zero: scaling must not show.
  'Hessian-vector products': (probe) => probe.hessianVectors(directions(probe.parameterCount), 3, samples(COUNT)),
  'Hessian-vector products of one output': (probe) =>
    probe.outputHessianVectors(directions(probe.parameterCount), 3, samples(COUNT), { sample: 4, output: 1 }),
  'the output Jacobian': (probe) => probe.outputJacobian(samples(COUNT)),
  'the tangent kernel': (probe) => probe.kernelGram(samples(COUNT)),
  'statistics of norms': async (probe) =>
    ((await probe.normStatistics?.()) ?? []).flatMap((lent) => (lent === null ? [0] : [...lent.mean, ...lent.variance])),
}

function directions(size: number): Float64Array {
  const block = new Float64Array(3 * size)
  block.set(normals(size, 'direction'))
  block.set(normals(size, 'tiny direction', 1e-40), size)
  return block
}
