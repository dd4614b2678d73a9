// n = gamma (z - mean) / sqrt(variance + eps) + beta, and its derivatives, through the statistics where they belong to the rows.
//
// Values form groups with common statistics: a channel over all rows (batch) or a row over all channels (layer). A group is a
// sequence of runs, the positions of one channel in one row. Frozen statistics are constants: the same code with means of 0.
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
  const groupsOf = (rows: number) => (overRows ? channels : rows)
  const runsOf = (rows: number) => (overRows ? rows : channels)
  /** Runs whose statistics move with their values. */
  const movingRunsOf = (rows: number) => (overRows && frozen !== null ? 0 : runsOf(rows))
  /** Start of run k of group g. */
  const startOf = (g: number, k: number) => (overRows ? k * channels + g : g * channels + k) * positions
  const channelOf = (g: number, k: number) => (overRows ? g : k)

  return {
    couplesRows: overRows && frozen === null,
    createState: (rows) => ({
      normalised: new Float64Array(rows * channels * positions),
      inverse: new Float64Array(groupsOf(rows)),
      mean: new Float64Array(groupsOf(rows)),
      variance: new Float64Array(groupsOf(rows)),
    }),
    createTangent: (rows) => ({
      normalised: new Float64Array(rows * channels * positions),
      shrink: new Float64Array(groupsOf(rows)),
    }),
    forward(affine, z, rows, { normalised, inverse, mean, variance }, n) {
      const runs = runsOf(rows)
      const count = runs * positions
      for (let g = 0; g < groupsOf(rows); g++) {
        if (overRows && frozen !== null) {
          mean[g] = frozen.mean[g]
          variance[g] = frozen.variance[g]
        } else {
          let sum = 0
          for (let k = 0; k < runs; k++) {
            const start = startOf(g, k)
            for (let i = start; i < start + positions; i++) sum += z[i]
          }
          const centre = sum / count
          let squares = 0
          for (let k = 0; k < runs; k++) {
            const start = startOf(g, k)
            for (let i = start; i < start + positions; i++) squares += (z[i] - centre) ** 2
          }
          mean[g] = centre
          variance[g] = squares / count
        }
        inverse[g] = 1 / Math.sqrt(variance[g] + eps)
        for (let k = 0; k < runs; k++) {
          const start = startOf(g, k)
          const gamma = affine[channelOf(g, k)]
          const beta = affine[channels + channelOf(g, k)]
          for (let i = start; i < start + positions; i++) {
            normalised[i] = (z[i] - mean[g]) * inverse[g]
            n[i] = gamma * normalised[i] + beta
          }
        }
      }
    },
    backward(affine, { normalised, inverse }, delta, rows, perRow, zDelta) {
      const runs = runsOf(rows * perRow)
      const count = runs * positions
      for (let g = 0; g < groupsOf(rows * perRow); g++) {
        const own = overRows ? g : Math.floor(g / perRow)
        let sum = 0
        let along = 0
        for (let k = 0; k < movingRunsOf(rows * perRow); k++) {
          const start = startOf(g, k)
          const shift = startOf(own, overRows ? Math.floor(k / perRow) : k) - start
          const gamma = affine[channelOf(g, k)]
          for (let i = start; i < start + positions; i++) {
            sum += gamma * delta[i]
            along += gamma * delta[i] * normalised[i + shift]
          }
        }
        const meanDelta = sum / count
        const meanAlong = along / count
        for (let k = 0; k < runs; k++) {
          const start = startOf(g, k)
          const shift = startOf(own, overRows ? Math.floor(k / perRow) : k) - start
          const gamma = affine[channelOf(g, k)]
          for (let i = start; i < start + positions; i++) {
            zDelta[i] = inverse[own] * (gamma * delta[i] - meanDelta - normalised[i + shift] * meanAlong)
          }
        }
      }
    },
    gradient({ normalised }, delta, rows, into) {
      addAffine(delta, normalised, rows, channels, positions, into)
      addSums(delta, rows, channels, positions, into)
    },
    tangent(affine, direction, { normalised, inverse }, zTangent, rows, tangent, nTangent) {
      const runs = runsOf(rows)
      const count = runs * positions
      for (let g = 0; g < groupsOf(rows); g++) {
        let sum = 0
        let along = 0
        for (let k = 0; k < movingRunsOf(rows); k++) {
          const start = startOf(g, k)
          for (let i = start; i < start + positions; i++) {
            sum += zTangent[i]
            along += zTangent[i] * normalised[i]
          }
        }
        const meanTangent = sum / count
        const shrink = (inverse[g] * along) / count
        tangent.shrink[g] = shrink
        for (let k = 0; k < runs; k++) {
          const start = startOf(g, k)
          const c = channelOf(g, k)
          for (let i = start; i < start + positions; i++) {
            tangent.normalised[i] = inverse[g] * (zTangent[i] - meanTangent) - shrink * normalised[i]
            nTangent[i] = affine[c] * tangent.normalised[i] + direction[c] * normalised[i] + direction[channels + c]
          }
        }
      }
    },
    backwardTangent(affine, direction, { normalised, inverse }, tangent, { delta, deltaTangent, zDelta }, rows, zDeltaTangent) {
      const runs = runsOf(rows)
      const count = runs * positions
      for (let g = 0; g < groupsOf(rows); g++) {
        // Means over the group of u, u x, and their derivatives, where u = gamma delta and x is the normalised value.
        let sum = 0
        let along = 0
        let alongTangent = 0
        for (let k = 0; k < movingRunsOf(rows); k++) {
          const start = startOf(g, k)
          const c = channelOf(g, k)
          for (let i = start; i < start + positions; i++) {
            const u = affine[c] * delta[i]
            const uTangent = affine[c] * deltaTangent[i] + direction[c] * delta[i]
            sum += uTangent
            along += u * normalised[i]
            alongTangent += uTangent * normalised[i] + u * tangent.normalised[i]
          }
        }
        for (let k = 0; k < runs; k++) {
          const start = startOf(g, k)
          const c = channelOf(g, k)
          for (let i = start; i < start + positions; i++) {
            const uTangent = affine[c] * deltaTangent[i] + direction[c] * delta[i]
            const centred = uTangent - (sum + tangent.normalised[i] * along + normalised[i] * alongTangent) / count
            zDeltaTangent[i] = inverse[g] * centred - tangent.shrink[g] * zDelta[i]
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

/** into[channel] += sum of delta times values over rows and positions: the gradient of gamma. */
function addAffine(delta: Float64Array, values: Float64Array, rows: number, channels: number, positions: number, into: Float64Array): void {
  for (let run = 0; run < rows * channels; run++) {
    let sum = 0
    for (let i = run * positions; i < (run + 1) * positions; i++) sum += delta[i] * values[i]
    into[run % channels] += sum
  }
}

/** into[channels + channel] += sum of delta over rows and positions: the gradient of beta. */
function addSums(delta: Float64Array, rows: number, channels: number, positions: number, into: Float64Array): void {
  for (let run = 0; run < rows * channels; run++) {
    let sum = 0
    for (let i = run * positions; i < (run + 1) * positions; i++) sum += delta[i]
    into[channels + (run % channels)] += sum
  }
}
