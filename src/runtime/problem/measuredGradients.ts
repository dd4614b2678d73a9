// What do the gradients of a problem say? The fields gradNorm, perSample, batchGradients and kde of a snapshot.
import type { Probe, SampleSet, ScaledGram } from '../../core/probe.ts'
import { jsonMatrix, jsonNumber, jsonRow, type JsonNumber, type Matrix, type Measured } from '../../core/snapshot.ts'
import { batchSizeBound } from '../../diagnostics/batchSizeBound.ts'
import { gradientConfusion } from '../../diagnostics/gradientConfusion.ts'
import { batchGramOf, perSampleGramOf } from '../../diagnostics/extendedGram.ts'
import { cosineMatrix, cosinesOfPairs, exportedCosine } from '../../diagnostics/gradientCosines.ts'
import { gradientDiversity } from '../../diagnostics/gradientDiversity.ts'
import { log10Norms } from '../../diagnostics/logNorms.ts'
import { cosineDensity } from '../../numerics/kde.ts'
import { combinedNorm, scaledToNumber } from '../../numerics/logMagnitude.ts'
import { commonGram, plainGram } from '../../numerics/scaledGram.ts'

function keyed(values: ArrayLike<number>, positions: readonly number[]): Readonly<Record<string, number | 'inf' | '-inf' | 'nan'>> {
  return Object.fromEntries(jsonRow(values).map((value, layer) => [String(positions[layer]), value]))
}

/**
 * Frobenius norm and mean absolute entry per layer.
 *
 * @param positions of the probe's layers in `weights`, which are the keys.
 */
export async function measuredGradNorm(
  probe: Probe,
  set: SampleSet,
  positions: readonly number[],
  signal?: AbortSignal,
): Promise<NonNullable<Measured['gradNorm']>> {
  const norms = await probe.gradientNorms(set, signal)
  const parts = Array.from(norms.mantissa, (mantissa, layer) => ({ mantissa, exponent: norms.exponent[layer] }))
  const meanAbs = Array.from(norms.meanAbsMantissa, (mantissa, layer) =>
    scaledToNumber({ mantissa, exponent: norms.meanAbsExponent[layer] }),
  )
  return {
    global: jsonNumber(scaledToNumber(combinedNorm(parts))),
    perLayer: keyed(parts.map(scaledToNumber), positions),
    perLayerMeanAbs: keyed(meanAbs, positions),
    log10PerLayer: keyed(log10Norms(norms.mantissa, norms.exponent), positions),
  }
}

/** Gram matrix of per-sample gradients and what follows from it; with one sample there is no pair. */
export async function measuredPerSample(probe: Probe, set: SampleSet, signal?: AbortSignal): Promise<NonNullable<Measured['perSample']>> {
  const n = set.indices.length
  const scaled = await perSampleGramOf(probe, set, signal)
  const gram = plainGram(scaled)
  const diversity = gradientDiversity(commonGram(scaled).gram, n)
  const undefinedDiversity = Number.isNaN(diversity)
  const eta = gradientConfusion(gram, n)
  return {
    gram: jsonMatrix(gram, n),
    ...directionsOf(scaled),
    ...(eta === null ? {} : { eta: jsonNumber(eta) }),
    diversity: undefinedDiversity ? null : jsonNumber(diversity),
    batchSizeBound: undefinedDiversity ? null : jsonNumber(batchSizeBound(diversity, n)),
  }
}

/** Cosines of the reduced gradients of the given batches, all pairs, and of the given pairs. */
export async function measuredBatchGradients(
  probe: Probe,
  batches: readonly SampleSet[],
  pairs: readonly (readonly [SampleSet, SampleSet])[],
  signal?: AbortSignal,
): Promise<NonNullable<Measured['batchGradients']>> {
  const gram =
    batches.length === 0 ? { products: new Float64Array(0), exponents: new Int32Array(0) } : await batchGramOf(probe, batches, signal)
  return {
    ...directionsOf(gram),
    pairCosines: jsonRow(await pairCosines(probe, pairs, signal)),
  }
}

/** Kernel density of the pairs' cosines; a pair with a zero gradient has none and is left out. */
export async function measuredKde(
  probe: Probe,
  pairs: readonly (readonly [SampleSet, SampleSet])[],
  signal?: AbortSignal,
): Promise<NonNullable<Measured['kde']>> {
  const products = await probe.batchPairs(pairs, signal)
  const density = cosineDensity(cosinesOfPairs(products).cosines)
  return {
    samples: jsonRow(density.samples),
    bandwidth: jsonNumber(density.bandwidth),
    grid: jsonRow(density.grid),
    density: jsonRow(density.density),
    boundary: 'reflection at -1 and 1',
  }
}

/** As exported: a cosine with a zero gradient is 0. */
async function pairCosines(
  probe: Probe,
  pairs: readonly (readonly [SampleSet, SampleSet])[],
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  if (pairs.length === 0) return new Float64Array(0)
  const products = await probe.batchPairs(pairs, signal)
  return Float64Array.from({ length: pairs.length }, (_, p) => exportedCosine(products[3 * p], products[3 * p + 1], products[3 * p + 2]))
}

/** [n, n] cosines as exported, and the least of two gradients that are not zero; none where there is no such pair. */
function directionsOf({ products, exponents }: ScaledGram): { readonly cosine: Matrix; readonly minCosine?: JsonNumber } {
  const n = exponents.length
  const cosines = cosineMatrix(products, n)
  let least = Infinity
  for (let i = 0; i < n; i++)
    for (let j = i + 1; j < n; j++) if (products[i * n + i] !== 0 && products[j * n + j] !== 0) least = Math.min(least, cosines[i * n + j])
  return { cosine: jsonMatrix(cosines, n), ...(least === Infinity ? {} : { minCosine: jsonNumber(least) }) }
}
