// Do the gradients of two samples meet at the angle that their inputs and their errors give?
//
// In a linear network with orthogonal weights they must, at every depth, so the three cosines of a pair are told together. Asked
// of linear networks with squared error only: elsewhere nothing is claimed.
import { isDenseNetwork, networkWidths } from '../core/networkSpec.ts'
import type { PairAngles } from '../core/sample.ts'
import { probeSamples, type InstrumentContext } from './instrument.ts'

/** Samples of which every pair is told: 120 pairs are enough to see a line, and few enough to keep with every sample. */
const MOST_SAMPLES = 16

/**
 * Cosines between gradients, between residuals f - y and between inputs, for all pairs of the first samples; null where nothing is claimed.
 *
 * NaN where one of the two vectors is zero.
 *
 * @param gram [n, n] inner products of per-sample gradients on the probe set.
 */
export async function pairAngles(
  { train, spec, loss, probes, signal }: Pick<InstrumentContext, 'train' | 'spec' | 'loss' | 'probes' | 'signal'>,
  gram: Float64Array,
  sampleCount: number,
): Promise<PairAngles | null> {
  if (train === undefined || spec === undefined || loss.kind !== 'squaredError' || !isDenseNetwork(spec)) return null
  const isPlain = spec.layers.every(({ activation, norm, skip }) => activation === 'identity' && norm === undefined && skip === undefined)
  if (!isPlain || spec.layers.length < 2) return null
  const { inputWidth, outputWidth } = networkWidths(spec)
  const count = Math.min(MOST_SAMPLES, sampleCount)
  const { outputs } = await probes[0].loss(probeSamples(count), signal)
  const residuals = Float64Array.from({ length: count * outputWidth }, (_, k) => outputs[k] - train.targets[k])
  const pairs = (count * (count - 1)) / 2
  const angles = { gradients: new Float64Array(pairs), residuals: new Float64Array(pairs), inputs: new Float64Array(pairs) }
  let at = 0
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < i; j++) {
      angles.gradients[at] = gram[i * sampleCount + j] / Math.sqrt(gram[i * sampleCount + i] * gram[j * sampleCount + j])
      angles.residuals[at] = cosine(residuals, outputWidth, i, j)
      angles.inputs[at] = cosine(train.inputs, inputWidth, i, j)
      at++
    }
  }
  return angles
}

function cosine(rows: ArrayLike<number>, width: number, i: number, j: number): number {
  let [product, squareI, squareJ] = [0, 0, 0]
  for (let k = 0; k < width; k++) {
    const [a, b] = [rows[i * width + k], rows[j * width + k]]
    product += a * b
    squareI += a * a
    squareJ += b * b
  }
  return product / Math.sqrt(squareI * squareJ)
}
