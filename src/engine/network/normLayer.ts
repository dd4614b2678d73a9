// What does a norm do in each pass? n = gamma x^ + beta with x^ = (z - mean) / sqrt(variance + eps), statistics included.
//
// In training the derivative runs through mean and variance: dz = r (q - <q> - x^ <q x^>), q = gamma g, r = 1 / sqrt(variance + eps),
// averages over the group. Fixed statistics drop both averages. Two entries differ in one direction, that of x^, of which a norm
// lets eps r^2 through: both differences would be of nearly equal numbers there, and dz = eps r^3 (q - <q>) is taken instead.
// Powers of two do not go through a norm (eps is not homogeneous), so networks with norms keep their activations and scale deltas only.
import { tensor3d, type Tensor, type Tensor3D } from '@tensorflow/tfjs-core'
import { channelsOf, outputWidthOf, type NormSpec, type WeightedLayerSpec } from '../../core/networkSpec.ts'
import { runKernel, type Kernel, type Place } from './kernel.ts'
import type { LayerPlaces, LayerTensors } from './layerTensors.ts'
import { ENTRY, entryOf, normStatistics, normSums, PLACE, SCALE, X_HAT, type NormGeometry } from './normKernels.ts'

/** Gradients or tangents of a norm's own parameters. */
export type NormTensors = Pick<LayerTensors, 'gamma' | 'beta'>

/** What the forward pass leaves for the others. */
export interface NormRecord {
  readonly z: Tensor3D
  /** [1 or lanes, groups, 2]. */
  readonly statistics: Tensor3D
  /** False where the statistics are fixed: nothing flows through them. */
  readonly through: boolean
  /** [1 or lanes] rows of each lane that are no padding. */
  readonly rowCounts: Tensor
}

/** The groups of a layer's norm for rows of a pass. */
export function geometryOf(layer: WeightedLayerSpec, norm: NormSpec, rows: number): NormGeometry {
  const channels = channelsOf(layer)
  return { kind: norm.kind, rows, channels, positions: outputWidthOf(layer) / channels, eps: norm.eps }
}

/** True where a norm takes its statistics from the rows at hand unless told otherwise. */
export function learnsFromRows(layer: { readonly norm?: NormSpec }): boolean {
  return layer.norm?.kind === 'batch' && layer.norm.frozen === null
}

/** The fixed statistics of a spec as a tensor. */
export function frozenTensor({ mean, variance }: NonNullable<NormSpec['frozen']>): Tensor3D {
  return tensor3d(
    Float32Array.from({ length: 2 * mean.length }, (_, i) => (i % 2 === 0 ? mean[i >> 1] : variance[i >> 1])),
    [1, mean.length, 2],
  )
}

/** Statistics of z; the caller disposes. */
export function statisticsOf(layer: WeightedLayerSpec, norm: NormSpec, z: Tensor3D, rowCounts: Tensor): Tensor3D {
  return normStatistics(geometryOf(layer, norm, z.shape[1]), z, rowCounts)
}

const NORMALISE: Kernel<keyof typeof ENTRY | 'gammaLanes'> = {
  name: 'normalise',
  shape: 'elementwise',
  inputs: ['Z', 'T', 'G', 'B'],
  uniforms: { ...ENTRY, gammaLanes: 'i32' },
  declarations: `${PLACE}${X_HAT}${SCALE}`,
  body: `
    let channel = (laneOf(index) % uniforms.gammaLanes) * uniforms.channels + channelOf(index);
    result[index] = scaleOf(index) * normalised(index) + B[channel];`,
}

/** n; z, gamma and beta may have one lane. */
export function normForward(layer: WeightedLayerSpec, norm: NormSpec, tensors: LayerTensors, record: NormRecord): Tensor3D {
  const { z, statistics } = record
  const { gamma, beta } = parametersOf(tensors)
  const geometry = geometryOf(layer, norm, z.shape[1])
  const lanes = Math.max(z.shape[0], gamma.shape[0])
  const uniforms = { ...entryOf(geometry, z, statistics), gammaLanes: gamma.shape[0] }
  return runKernel(NORMALISE, [z, statistics, gamma, beta], [lanes, z.shape[1], z.shape[2]], uniforms) as Tensor3D
}

const SPREAD: Kernel<keyof typeof ENTRY | 'gammaLanes' | 'countLanes' | 'momentLanes' | 'weighted' | 'padded' | 'pairs'> = {
  name: 'normSpread',
  shape: 'elementwise',
  inputs: ['X', 'Z', 'T', 'G', 'M', 'N'],
  uniforms: { ...ENTRY, gammaLanes: 'i32', countLanes: 'i32', momentLanes: 'i32', weighted: 'i32', padded: 'i32', pairs: 'i32' },
  declarations: `${PLACE}${X_HAT}${SCALE}
fn weighted(at : i32) -> f32 { return X[at] * select(1.0, scaleOf(at), uniforms.weighted > 0); }
/** The other entry of a group of two. */
fn partnerOf(at : i32) -> i32 {
  let within = uniforms.layerNorm > 0 || uniforms.positions == 2;
  let step = select(uniforms.channels, 1, within);
  // Rows count from the start of their lane, which may hold padding and be of odd length.
  return at + select(-step, step, select(rowOf(at), at, within) % 2 == 0);
}`,
  body: `
    let q = weighted(index);
    let root = rootOf(index);
    let group = groupOf(index, uniforms.momentLanes);
    var flow = M[2 * group] + normalised(index) * M[2 * group + 1];
    var isPair = uniforms.pairs > 0;
    if (uniforms.padded > 0) {
      let count = i32(N[laneOf(index) % uniforms.countLanes]);
      isPair = count * uniforms.positions == 2;
      // Padding is in no average, and no average flows into it.
      if (rowOf(index) >= count) { flow = 0.0; isPair = false; }
    }
    result[index] = root * (q - flow);
    if (isPair) { result[index] = uniforms.eps * root * root * (root * 0.5 * (q - weighted(partnerOf(index)))); }`,
}

const FIXED_SPREAD: Kernel<keyof typeof ENTRY | 'gammaLanes' | 'weighted'> = {
  name: 'normFixedSpread',
  shape: 'elementwise',
  inputs: ['X', 'T', 'G'],
  uniforms: { ...ENTRY, gammaLanes: 'i32', weighted: 'i32' },
  declarations: `${PLACE}${SCALE}`,
  body: 'result[index] = rootOf(index) * X[index] * select(1.0, scaleOf(index), uniforms.weighted > 0);',
}

/** The Jacobian of x^ applied to x (or gamma x): it is symmetric, so it serves the way there and the way back. */
export function spread(geometry: NormGeometry, record: NormRecord, x: Tensor3D, gamma: Tensor3D, weighted: boolean): Tensor3D {
  const { z, statistics, through, rowCounts } = record
  const entry = { ...entryOf(geometry, z, statistics), gammaLanes: gamma.shape[0], weighted: weighted ? 1 : 0 }
  if (!through) return runKernel(FIXED_SPREAD, [x, statistics, gamma], x.shape, entry) as Tensor3D
  const moments = normSums(geometry, 'group', x, z, statistics, gamma, rowCounts, { mean: true, weighted })
  const uniforms = {
    ...entry,
    countLanes: rowCounts.size,
    momentLanes: moments.shape[0],
    padded: geometry.kind === 'batch' ? 1 : 0,
    pairs: geometry.kind === 'layer' && geometry.channels * geometry.positions === 2 ? 1 : 0,
  }
  const result = runKernel(SPREAD, [x, z, statistics, gamma, moments, rowCounts], x.shape, uniforms)
  moments.dispose()
  return result as Tensor3D
}

/** dLoss/dz of dLoss/dn. */
export function normBackward(
  layer: WeightedLayerSpec,
  norm: NormSpec,
  tensors: LayerTensors,
  record: NormRecord,
  delta: Tensor3D,
): Tensor3D {
  return spread(geometryOf(layer, norm, delta.shape[1]), record, delta, parametersOf(tensors).gamma, true)
}

const PICK: Kernel<'which' | 'to'> = {
  name: 'normPick',
  shape: 'elementwise',
  inputs: ['S'],
  uniforms: { which: 'i32', to: 'i32' },
  body: 'result[uniforms.to + index] = S[2 * index + uniforms.which];',
}

/** dLoss/dgamma and dLoss/dbeta of dLoss/dn, [lanes, 1, channels]; `into` as for `product`. */
export function normGradient(
  layer: WeightedLayerSpec,
  norm: NormSpec,
  tensors: LayerTensors,
  record: NormRecord,
  delta: Tensor3D,
  into?: Pick<LayerPlaces, 'gamma' | 'beta'>,
): NormTensors {
  const { z, statistics, rowCounts } = record
  const geometry = geometryOf(layer, norm, delta.shape[1])
  const { gamma } = parametersOf(tensors)
  const sums = normSums(geometry, 'channel', delta, z, statistics, gamma, rowCounts, { mean: false, weighted: false })
  const shape = [delta.shape[0], 1, geometry.channels]
  const pick = (which: number, place: Place | null) =>
    runKernel(PICK, [sums], shape, { which, to: place?.offset ?? 0 }, place?.tensor) as Tensor3D
  const parts = { gamma: pick(1, into?.gamma ?? null), beta: pick(0, into?.beta ?? null) }
  sums.dispose()
  return parts
}

/** [1, lanes * n, channels * 2] gradients of single rows, (beta, gamma) of each channel next to each other. */
export function normSampleGradients(
  layer: WeightedLayerSpec,
  norm: NormSpec,
  tensors: LayerTensors,
  record: NormRecord,
  delta: Tensor3D,
): Tensor3D {
  const { z, statistics, rowCounts } = record
  const geometry = geometryOf(layer, norm, delta.shape[1])
  const { gamma } = parametersOf(tensors)
  return normSums(geometry, 'cell', delta, z, statistics, gamma, rowCounts, { mean: false, weighted: false })
}

/** gamma and beta, which a layer with a norm has. */
export function parametersOf({ gamma, beta }: LayerTensors): { readonly gamma: Tensor3D; readonly beta: Tensor3D } {
  return { gamma: gamma!, beta: beta! }
}
