// n = gamma (z - mean) / sqrt(variance + eps) + beta, and its derivatives, through the statistics where they belong to the rows.
//
// Values come in runs, the positions of one channel in one row; runs with common statistics form a group: a channel over all rows
// (batch) or a row over all channels (layer). Frozen statistics are constants: the same code with sums of 0.
// Source: Ioffe and Szegedy 2015; Ba et al. 2016; the R-operator of Pearlmutter 1994 applied to both.
import { channelsOf, outputWidthOf, type NormSpec, type WeightedLayerSpec } from '../../core/networkSpec.ts'
import { addGram } from './gramSums.ts'

/** What the forward pass leaves for the others. */
export interface NormState {
  /** [rows, out] (z - mean) / sqrt(variance + eps). */
  readonly normalised: Float64Array
  /** One a group: 1 / sqrt(variance + eps), mean and biased variance. */
  readonly inverse: Float64Array
  readonly mean: Float64Array
  readonly variance: Float64Array
}

/** The derivative of a state. */
export interface NormTangent {
  readonly normalised: Float64Array
  /** One a group: minus the relative change of `inverse`. */
  readonly shrink: Float64Array
}

/** `affine` is gamma then beta, [channels] each; `delta` is dL/dn. */
export interface NormPasses {
  /** True where the statistics are those of the rows at hand, so that a set must not be cut. */
  readonly couplesRows: boolean
  createState(rows: number): NormState
  createTangent(rows: number): NormTangent
  forward(affine: Float64Array, z: Float64Array, rows: number, state: NormState, n: Float64Array): void
  /** zDelta = dL/dz; perRow deltas for each sample, which must be 1 where rows are coupled. zDelta may be delta itself. */
  backward(affine: Float64Array, state: NormState, delta: Float64Array, rows: number, perRow: number, zDelta: Float64Array): void
  /** into (gamma, beta) += their gradient. */
  gradient(state: NormState, delta: Float64Array, rows: number, into: Float64Array): void
  tangent(
    affine: Float64Array,
    direction: Float64Array,
    state: NormState,
    zTangent: Float64Array,
    rows: number,
    tangent: NormTangent,
    nTangent: Float64Array,
  ): void
  /** zDeltaTangent = derivative of `backward`; zDelta is what `backward` gave. */
  backwardTangent(
    affine: Float64Array,
    direction: Float64Array,
    state: NormState,
    tangent: NormTangent,
    deltas: NormDeltas,
    rows: number,
    zDeltaTangent: Float64Array,
  ): void
  gradientTangent(state: NormState, tangent: NormTangent, deltas: NormDeltas, rows: number, into: Float64Array): void
  /** As `LayerPasses.gram`, for gamma and beta. */
  gram(state: NormState, delta: Float64Array, rows: number, perRow: number, into: Float64Array, pause: () => Promise<void>): Promise<void>
}

/** dL/dn, its derivative, and dL/dz. */
export interface NormDeltas {
  readonly delta: Float64Array
  readonly deltaTangent: Float64Array
  readonly zDelta: Float64Array
}

/** Passes of the norm behind one layer. */
export function normPasses(layer: WeightedLayerSpec, norm: NormSpec): NormPasses {
  const channels = channelsOf(layer)
  const positions = outputWidthOf(layer) / channels
  const overRows = norm.kind === 'batch'
  const { frozen, eps } = norm
  /** None where the statistics are constants. */
  const movingRows = (rows: number) => (overRows && frozen !== null ? 0 : rows)
  const groupsOf = (rows: number) => (overRows ? channels : rows)
  const groupSize = (rows: number) => (overRows ? rows : channels) * positions
  const zeros = (rows: number) => new Float64Array(groupsOf(rows))

  const fillStatistics = (z: Float64Array, rows: number, { inverse, mean, variance }: NormState): void => {
    if (overRows && frozen !== null) {
      mean.set(frozen.mean)
      variance.set(frozen.variance)
    } else {
      const groups = groupsOf(rows)
      mean.fill(0, 0, groups)
      variance.fill(0, 0, groups)
      for (let p = 0, start = 0; p < rows; p++) {
        for (let c = 0; c < channels; c++, start += positions) {
          const g = overRows ? c : p
          let sum = 0
          for (let i = start; i < start + positions; i++) sum += z[i]
          mean[g] += sum
        }
      }
      divide(mean, groups, groupSize(rows))
      for (let p = 0, start = 0; p < rows; p++) {
        for (let c = 0; c < channels; c++, start += positions) {
          const g = overRows ? c : p
          let squares = 0
          for (let i = start; i < start + positions; i++) squares += (z[i] - mean[g]) ** 2
          variance[g] += squares
        }
      }
      divide(variance, groups, groupSize(rows))
    }
    for (let g = 0; g < groupsOf(rows); g++) inverse[g] = 1 / Math.sqrt(variance[g] + eps)
  }

  return {
    couplesRows: overRows && frozen === null,
    createState: (rows) => ({
      normalised: new Float64Array(rows * channels * positions),
      inverse: zeros(rows),
      mean: zeros(rows),
      variance: zeros(rows),
    }),
    createTangent: (rows) => ({ normalised: new Float64Array(rows * channels * positions), shrink: zeros(rows) }),
    forward(affine, z, rows, state, n) {
      fillStatistics(z, rows, state)
      const { normalised, inverse, mean } = state
      for (let p = 0, start = 0; p < rows; p++) {
        for (let c = 0; c < channels; c++, start += positions) {
          const g = overRows ? c : p
          for (let i = start; i < start + positions; i++) {
            normalised[i] = (z[i] - mean[g]) * inverse[g]
            n[i] = affine[c] * normalised[i] + affine[channels + c]
          }
        }
      }
    },
    backward(affine, { normalised, inverse }, delta, rows, perRow, zDelta) {
      const count = rows * perRow
      const sums = zeros(count)
      const along = zeros(count)
      for (let p = 0, start = 0; p < movingRows(count); p++) {
        const shift = (Math.floor(p / perRow) - p) * channels * positions
        for (let c = 0; c < channels; c++, start += positions) {
          const g = overRows ? c : p
          for (let i = start; i < start + positions; i++) {
            const u = affine[c] * delta[i]
            sums[g] += u
            along[g] += u * normalised[i + shift]
          }
        }
      }
      divide(sums, sums.length, groupSize(count))
      divide(along, along.length, groupSize(count))
      for (let p = 0, start = 0; p < count; p++) {
        const sample = Math.floor(p / perRow)
        const shift = (sample - p) * channels * positions
        for (let c = 0; c < channels; c++, start += positions) {
          const g = overRows ? c : p
          const factor = inverse[overRows ? c : sample]
          for (let i = start; i < start + positions; i++) {
            zDelta[i] = factor * (affine[c] * delta[i] - sums[g] - normalised[i + shift] * along[g])
          }
        }
      }
    },
    gradient({ normalised }, delta, rows, into) {
      addAffine(delta, normalised, rows, channels, positions, into)
      addSums(delta, rows, channels, positions, into)
    },
    tangent(affine, direction, { normalised, inverse }, zTangent, rows, tangent, nTangent) {
      const sums = zeros(rows)
      const along = zeros(rows)
      for (let p = 0, start = 0; p < movingRows(rows); p++) {
        for (let c = 0; c < channels; c++, start += positions) {
          const g = overRows ? c : p
          for (let i = start; i < start + positions; i++) {
            sums[g] += zTangent[i]
            along[g] += zTangent[i] * normalised[i]
          }
        }
      }
      divide(sums, sums.length, groupSize(rows))
      divide(along, along.length, groupSize(rows))
      for (let g = 0; g < groupsOf(rows); g++) tangent.shrink[g] = inverse[g] * along[g]
      for (let p = 0, start = 0; p < rows; p++) {
        for (let c = 0; c < channels; c++, start += positions) {
          const g = overRows ? c : p
          for (let i = start; i < start + positions; i++) {
            tangent.normalised[i] = inverse[g] * (zTangent[i] - sums[g]) - tangent.shrink[g] * normalised[i]
            nTangent[i] = affine[c] * tangent.normalised[i] + direction[c] * normalised[i] + direction[channels + c]
          }
        }
      }
    },
    backwardTangent(affine, direction, { normalised, inverse }, tangent, { delta, deltaTangent, zDelta }, rows, zDeltaTangent) {
      // Means over the group of u', u x and (u x)', where u = gamma delta, x is the normalised value and ' the derivative.
      const sums = zeros(rows)
      const along = zeros(rows)
      const alongTangent = zeros(rows)
      for (let p = 0, start = 0; p < movingRows(rows); p++) {
        for (let c = 0; c < channels; c++, start += positions) {
          const g = overRows ? c : p
          for (let i = start; i < start + positions; i++) {
            const u = affine[c] * delta[i]
            const uTangent = affine[c] * deltaTangent[i] + direction[c] * delta[i]
            sums[g] += uTangent
            along[g] += u * normalised[i]
            alongTangent[g] += uTangent * normalised[i] + u * tangent.normalised[i]
          }
        }
      }
      for (const means of [sums, along, alongTangent]) divide(means, means.length, groupSize(rows))
      for (let p = 0, start = 0; p < rows; p++) {
        for (let c = 0; c < channels; c++, start += positions) {
          const g = overRows ? c : p
          for (let i = start; i < start + positions; i++) {
            const uTangent = affine[c] * deltaTangent[i] + direction[c] * delta[i]
            const drift = sums[g] + tangent.normalised[i] * along[g] + normalised[i] * alongTangent[g]
            zDeltaTangent[i] = inverse[g] * (uTangent - drift) - tangent.shrink[g] * zDelta[i]
          }
        }
      }
    },
    gradientTangent({ normalised }, tangent, { delta, deltaTangent }, rows, into) {
      addAffine(deltaTangent, normalised, rows, channels, positions, into)
      addAffine(delta, tangent.normalised, rows, channels, positions, into)
      addSums(deltaTangent, rows, channels, positions, into)
    },
    async gram({ normalised }, delta, rows, perRow, into, pause) {
      const width = channels * positions
      const gradients = new Float64Array(rows * perRow * 2 * channels)
      for (let p = 0; p < rows * perRow; p++) {
        const sample = Math.floor(p / perRow)
        const own = gradients.subarray(p * 2 * channels, (p + 1) * 2 * channels)
        const single = delta.subarray(p * width, (p + 1) * width)
        addAffine(single, normalised.subarray(sample * width, (sample + 1) * width), 1, channels, positions, own)
        addSums(single, 1, channels, positions, own)
      }
      await addGram(gradients, rows * perRow, 2 * channels, into, pause)
    },
  }
}

function divide(values: Float64Array, count: number, by: number): void {
  for (let i = 0; i < count; i++) values[i] /= by
}

/** into[channel] += sum of delta times values over rows and positions: the gradient of gamma. */
function addAffine(delta: Float64Array, values: Float64Array, rows: number, channels: number, positions: number, into: Float64Array): void {
  for (let p = 0, start = 0; p < rows; p++) {
    for (let c = 0; c < channels; c++, start += positions) {
      let sum = 0
      for (let i = start; i < start + positions; i++) sum += delta[i] * values[i]
      into[c] += sum
    }
  }
}

/** into[channels + channel] += sum of delta over rows and positions: the gradient of beta. */
function addSums(delta: Float64Array, rows: number, channels: number, positions: number, into: Float64Array): void {
  for (let p = 0, start = 0; p < rows; p++) {
    for (let c = 0; c < channels; c++, start += positions) {
      let sum = 0
      for (let i = start; i < start + positions; i++) sum += delta[i]
      into[channels + c] += sum
    }
  }
}
