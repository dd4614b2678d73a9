// What can a diagnostic ask of one chain? Everything, exactly: each answer is a closed form in running products.
//
// All gradients of a chain point along grad P, so every Gram matrix here has rank one.
import type { Dataset } from '../../core/dataset.ts'
import type { LossSettings } from '../../core/experiment.ts'
import { DomainFault, ShapeFault } from '../../core/faults.ts'
import type { LayerInfo, LayerNorms, Probe, SampleSet, ScaledGram } from '../../core/probe.ts'
import { combinedNorm, normalised, timesPowerOfTwo, type ScaledNumber } from '../../numerics/logMagnitude.ts'
import { singlesOf, splitOf } from '../sampleRows.ts'
import { fillChainGradient } from './chainGradient.ts'
import { chainHessian, chainHessianVector } from './chainHessian.ts'
import { chainSpectrum } from './chainSpectrum.ts'
import { fillRunningProducts, runningProducts, type Scaled } from './runningProducts.ts'
import { fillResidual, lossAt, sampleMoments } from './sampleMoments.ts'
import { plainArray, scaledArray, type ScaledArray } from './scaledArray.ts'

const LARGEST_JACOBIAN = 4e6
/** Squares of norms within 2^+-900 are given as they are. */
const PLAIN_EXPONENT = 450
const ONE: Scaled = { mantissa: 1, exponent: 0 }

export interface ChainProbeSource {
  readonly layers: readonly LayerInfo[]
  readonly dataset: Dataset
  readonly probeCount: number
  readonly reduction: LossSettings['reduction']
  /** [L], written by training between calls. */
  readonly weights: Float64Array
  secondMoments(): Float64Array | null
}

/** The probe of one chain; every method works on the weights of the moment and is exact to float64 rounding. */
export function createChainProbe(source: ChainProbeSource): Probe {
  const { layers, dataset, weights } = source
  const depth = weights.length
  const products = runningProducts(depth)
  const productGradient = scaledArray(depth)

  const refresh = (signal: AbortSignal | undefined): void => {
    signal?.throwIfAborted()
    fillRunningProducts(weights, products)
    fillChainGradient(products, ONE, productGradient)
  }
  const rowsOf = (set: SampleSet) => splitOf(dataset, source.probeCount, set)
  const momentsOf = (set: SampleSet) => sampleMoments(rowsOf(set), set.indices, source.reduction)
  /** xx (count P - best). */
  const residualOf = (set: SampleSet, count: 1 | 2): Scaled => {
    const residual = { mantissa: 0, exponent: 0 }
    fillResidual(momentsOf(set), products.product, count, residual)
    return residual
  }
  const gradientOf = (set: SampleSet): ScaledArray => {
    const gradient = scaledArray(depth)
    fillChainGradient(products, residualOf(set, 1), gradient)
    return gradient
  }
  /** Signed length of the reduced gradient of each set along grad P. */
  const signedLengths = (sets: readonly SampleSet[], reduction: LossSettings['reduction']): ScaledNumber[] => {
    const length = lengthOf(productGradient)
    const residual = { mantissa: 0, exponent: 0 }
    return sets.map((set) => {
      fillResidual(sampleMoments(rowsOf(set), set.indices, reduction), products.product, 1, residual)
      return normalised(residual.mantissa * length.mantissa, residual.exponent + length.exponent)
    })
  }

  return {
    layers,
    parameterCount: depth,
    outputCount: 1,
    precision: 'float64',
    async loss(set, signal) {
      refresh(signal)
      const split = rowsOf(set)
      const product = plainProduct(products.product)
      const outputs = Float64Array.from(set.indices, (i) => split.inputs[i] * product)
      const perSample = outputs.map((output, row) => 0.5 * (output - split.targets[set.indices[row]]) ** 2)
      return { loss: lossAt(momentsOf(set), product), perSample, outputs, accuracy: null }
    },
    async gradientNorms(set, signal) {
      refresh(signal)
      return normsOf(gradientOf(set))
    },
    async gradient(set, signal) {
      refresh(signal)
      return plainArray(gradientOf(set))
    },
    async perSampleGram(set, signal) {
      refresh(signal)
      return rankOne(signedLengths(singlesOf(set), 'sum'))
    },
    async scaledPerSampleGram(set, signal) {
      refresh(signal)
      return scaledRankOne(signedLengths(singlesOf(set), 'sum'))
    },
    async batchGram(batches, signal) {
      refresh(signal)
      return rankOne(signedLengths(batches, source.reduction))
    },
    async scaledBatchGram(batches, signal) {
      refresh(signal)
      return scaledRankOne(signedLengths(batches, source.reduction))
    },
    async batchPairs(pairs, signal) {
      refresh(signal)
      const rows = new Float64Array(pairs.length * 3)
      for (const [p, pair] of pairs.entries()) rows.set(pairRow(...signedPair(signedLengths(pair, source.reduction))), 3 * p)
      return rows
    },
    async hessianVectors(block, count, set, signal) {
      checkBlock(block, count, depth)
      refresh(signal)
      const { xx } = momentsOf(set)
      return blockProduct(block, count, depth, (vector, into) =>
        chainHessianVector(weights, products, productGradient, residualOf(set, 1), xx, vector, into),
      )
    },
    async outputHessianVectors(block, count, set, output, signal) {
      checkBlock(block, count, depth)
      refresh(signal)
      const split = rowsOf(set)
      if (!(output.sample in set.indices) || output.output !== 0) {
        throw new DomainFault(
          `outputHessianVectors: no such output, got ${output.sample}, ${output.output}, expected a sample of the set and output 0`,
        )
      }
      const slope = { mantissa: split.inputs[set.indices[output.sample]], exponent: 0 }
      return blockProduct(block, count, depth, (vector, into) =>
        chainHessianVector(weights, products, productGradient, slope, 0, vector, into),
      )
    },
    async outputJacobian(set, signal) {
      refresh(signal)
      const split = rowsOf(set)
      if (set.indices.length * depth > LARGEST_JACOBIAN) {
        throw new DomainFault(`outputJacobian: too many entries, got ${set.indices.length * depth}, expected at most ${LARGEST_JACOBIAN}`)
      }
      const jacobian = new Float64Array(set.indices.length * depth)
      const gradient = plainArray(productGradient)
      for (const [row, index] of set.indices.entries()) {
        for (let k = 0; k < depth; k++) jacobian[row * depth + k] = split.inputs[index] * gradient[k]
      }
      return jacobian
    },
    async kernelGram(set, signal) {
      refresh(signal)
      const split = rowsOf(set)
      const length = lengthOf(productGradient)
      return rankOne(Array.from(set.indices, (index) => normalised(split.inputs[index] * length.mantissa, length.exponent)))
    },
    async exactHessian(set, signal) {
      refresh(signal)
      const offDiagonal = residualOf(set, 2)
      const matrix = chainHessian(weights, products, productGradient, offDiagonal, momentsOf(set).xx)
      return { matrix, eigenvalues: chainSpectrum(weights, matrix, productGradient, residualOf(set, 1), offDiagonal) }
    },
    async secondMoments() {
      return source.secondMoments()
    },
    async weights() {
      return weights.slice()
    },
    async preactivations(set) {
      refresh(undefined)
      const split = rowsOf(set)
      return layers.map((_, layer) => {
        const upTo = timesPowerOfTwo(products.before[layer] * weights[layer], products.beforeExponent[layer])
        return Float32Array.from(set.indices, (index) => split.inputs[index] * upTo)
      })
    },
  }
}

function plainProduct(product: Scaled): number {
  return timesPowerOfTwo(product.mantissa, product.exponent)
}

function lengthOf(array: ScaledArray): ScaledNumber {
  return combinedNorm(Array.from(array.mantissa, (mantissa, k) => normalised(mantissa, array.exponent[k])))
}

/** A layer of a chain has one entry: its norm is its mean absolute entry. */
function normsOf(gradient: ScaledArray): LayerNorms {
  const depth = gradient.mantissa.length
  const mantissa = new Float64Array(depth)
  const exponent = new Int32Array(depth)
  for (let k = 0; k < depth; k++) {
    const value = normalised(Math.abs(gradient.mantissa[k]), gradient.exponent[k])
    mantissa[k] = value.mantissa
    exponent[k] = value.exponent
  }
  return { mantissa, exponent, meanAbsMantissa: mantissa.slice(), meanAbsExponent: exponent.slice(), underflow: new Uint8Array(depth) }
}

/** [n, n] products of signed lengths, each of which keeps its exponent. */
function scaledRankOne(lengths: readonly ScaledNumber[]): ScaledGram {
  return {
    products: Float64Array.from(lengths.flatMap((a) => lengths.map((b) => a.mantissa * b.mantissa))),
    exponents: Int32Array.from(lengths, ({ exponent }) => exponent),
  }
}

/** [n, n] products of signed lengths; below 1e-308 they are 0. */
function rankOne(lengths: readonly ScaledNumber[]): Float64Array {
  const n = lengths.length
  const gram = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) gram[i * n + j] = productOf(lengths[i], lengths[j])
  }
  return gram
}

function productOf(a: ScaledNumber, b: ScaledNumber): number {
  return timesPowerOfTwo(a.mantissa * b.mantissa, a.exponent + b.exponent)
}

function signedPair(lengths: readonly ScaledNumber[]): [ScaledNumber, ScaledNumber] {
  return [lengths[0], lengths[1]]
}

/** <a,b>, |a|^2, |b|^2; where the squares would leave float64, both over powers of two of their own, as the contract allows. */
function pairRow(a: ScaledNumber, b: ScaledNumber): [number, number, number] {
  const isPlain = [a, b].every(({ exponent }) => Math.abs(exponent) < PLAIN_EXPONENT)
  const [p, q] = isPlain ? [a, b] : [a, b].map(({ mantissa }): ScaledNumber => ({ mantissa, exponent: 0 }))
  return [productOf(p, q), productOf(p, p), productOf(q, q)]
}

function checkBlock(block: Float64Array, count: number, depth: number): void {
  if (block.length !== count * depth)
    throw new ShapeFault(`hessianVectors: block holds ${block.length} entries, expected ${count} x ${depth}`)
}

function blockProduct(
  block: Float64Array,
  count: number,
  depth: number,
  multiply: (vector: Float64Array, into: Float64Array) => void,
): Float64Array {
  const result = new Float64Array(count * depth)
  for (let row = 0; row < count; row++) {
    multiply(block.subarray(row * depth, (row + 1) * depth), result.subarray(row * depth, (row + 1) * depth))
  }
  return result
}
