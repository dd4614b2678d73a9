// How does a norm move along a direction, and how do its gradients? The tangent and the R-operator of normLayer.ts.
//
// With J the Jacobian of x^ and q = gamma g: dz = J q, and its change is J q' - r (<z' x^> dz + <q x^> x^' + <q x^'> x^), averages over
// the group, a prime for the change along the direction. Fixed statistics leave J q' alone.
import { dispose, type Tensor3D } from '@tensorflow/tfjs-core'
import type { NormSpec, WeightedLayerSpec } from '../../core/networkSpec.ts'
import { runKernel, type Kernel } from './kernel.ts'
import type { LayerTensors } from './layerTensors.ts'
import { ENTRY, entryOf, normCurvatureMeans, PLACE, SCALE, X_HAT } from './normKernels.ts'
import { geometryOf, normGradient, parametersOf, spread, type NormRecord, type NormTensors } from './normLayer.ts'
import { combined, replaced } from './tensorSums.ts'

const MOVED: Kernel<keyof typeof ENTRY | 'gammaLanes' | 'directionLanes'> = {
  name: 'normMoved',
  shape: 'elementwise',
  inputs: ['Xt', 'Z', 'T', 'G', 'Gt', 'Bt'],
  uniforms: { ...ENTRY, gammaLanes: 'i32', directionLanes: 'i32' },
  declarations: `${PLACE}${X_HAT}${SCALE}`,
  body: `
    let channel = (laneOf(index) % uniforms.directionLanes) * uniforms.channels + channelOf(index);
    result[index] = Gt[channel] * normalised(index) + scaleOf(index) * Xt[index] + Bt[channel];`,
}

/** Changes of x^ and of n along a direction; both are the caller's. */
export function normTangent(
  layer: WeightedLayerSpec,
  norm: NormSpec,
  tensors: LayerTensors,
  direction: LayerTensors,
  record: NormRecord,
  zTangent: Tensor3D,
): { readonly normalised: Tensor3D; readonly output: Tensor3D } {
  const { z, statistics } = record
  const { gamma } = parametersOf(tensors)
  const moving = parametersOf(direction)
  const geometry = geometryOf(layer, norm, z.shape[1])
  const normalised = spread(geometry, record, zTangent, gamma, false)
  const uniforms = { ...entryOf(geometry, z, statistics), gammaLanes: gamma.shape[0], directionLanes: moving.gamma.shape[0] }
  const output = runKernel(MOVED, [normalised, z, statistics, gamma, moving.gamma, moving.beta], zTangent.shape, uniforms)
  return { normalised, output: output as Tensor3D }
}

const SCALED_TANGENT: Kernel<'channels' | 'positions' | 'laneSize' | 'xSize' | 'gammaLanes' | 'directionLanes'> = {
  name: 'normScaledTangent',
  shape: 'elementwise',
  inputs: ['X', 'Xt', 'G', 'Gt'],
  uniforms: { channels: 'i32', positions: 'i32', laneSize: 'i32', xSize: 'i32', gammaLanes: 'i32', directionLanes: 'i32' },
  body: `
    let lane = index / uniforms.laneSize;
    let channel = (index / uniforms.positions) % uniforms.channels;
    let gamma = G[(lane % uniforms.gammaLanes) * uniforms.channels + channel];
    let moving = Gt[(lane % uniforms.directionLanes) * uniforms.channels + channel];
    result[index] = moving * X[index % uniforms.xSize] + gamma * Xt[index];`,
}

const CORRECTED: Kernel<keyof typeof ENTRY | 'deltaSize'> = {
  name: 'normCorrected',
  shape: 'elementwise',
  inputs: ['Base', 'Dz', 'Xt', 'Z', 'T', 'M'],
  uniforms: { ...ENTRY, deltaSize: 'i32' },
  declarations: PLACE + X_HAT,
  body: `
    let group = 3 * groupOf(index, uniforms.size / (uniforms.rows * uniforms.channels * uniforms.positions));
    let flow = M[group + 1] * Dz[index % uniforms.deltaSize] + Xt[index] * M[group] + normalised(index) * M[group + 2];
    result[index] = Base[index] - rootOf(index) * flow;`,
}

/** R-operator of `normBackward`; delta = dLoss/dn and inputDelta = dLoss/dz have one lane, the tangents many. No row is padding. */
export function normBackwardTangent(
  layer: WeightedLayerSpec,
  norm: NormSpec,
  tensors: LayerTensors,
  direction: LayerTensors,
  record: NormRecord,
  moved: { readonly z: Tensor3D; readonly normalised: Tensor3D },
  delta: Tensor3D,
  inputDelta: Tensor3D,
  deltaTangent: Tensor3D,
): Tensor3D {
  const { z, statistics, rowCounts } = record
  const geometry = geometryOf(layer, norm, z.shape[1])
  const { channels, positions, rows } = geometry
  const { gamma } = parametersOf(tensors)
  const moving = parametersOf(direction).gamma
  const q = runKernel(SCALED_TANGENT, [delta, deltaTangent, gamma, moving], deltaTangent.shape, {
    channels,
    positions,
    laneSize: rows * channels * positions,
    xSize: delta.size,
    gammaLanes: gamma.shape[0],
    directionLanes: moving.shape[0],
  }) as Tensor3D
  const carried = replaced(q, spread(geometry, record, q, gamma, false))
  if (!record.through) return carried
  const means = normCurvatureMeans(geometry, delta, moved.z, moved.normalised, z, statistics, gamma, rowCounts)
  const inputs = [carried, inputDelta, moved.normalised, z, statistics, means]
  const uniforms = { ...entryOf(geometry, z, statistics), deltaSize: inputDelta.size }
  const corrected = runKernel(CORRECTED, inputs, carried.shape, uniforms) as Tensor3D
  dispose([carried, means])
  return corrected
}

const CROSS_SUMS: Kernel<'channels' | 'positions' | 'rows' | 'xSize'> = {
  name: 'normCrossSums',
  shape: 'elementwise',
  inputs: ['X', 'Y'],
  uniforms: { channels: 'i32', positions: 'i32', rows: 'i32', xSize: 'i32' },
  body: `
    let lane = index / uniforms.channels;
    var sum = 0.0;
    for (var row = 0; row < uniforms.rows; row = row + 1) {
      var part = 0.0;
      let base = ((lane * uniforms.rows + row) * uniforms.channels + index % uniforms.channels) * uniforms.positions;
      for (var i = base; i < base + uniforms.positions; i = i + 1) { part = part + X[i % uniforms.xSize] * Y[i]; }
      sum = sum + part;
    }
    result[index] = sum;`,
}

/** R-operator of `normGradient`. */
export function normGradientTangent(
  layer: WeightedLayerSpec,
  norm: NormSpec,
  tensors: LayerTensors,
  record: NormRecord,
  normalisedTangent: Tensor3D,
  delta: Tensor3D,
  deltaTangent: Tensor3D,
): NormTensors {
  const { channels, positions, rows } = geometryOf(layer, norm, delta.shape[1])
  const carried = normGradient(layer, norm, tensors, record, deltaTangent)
  const uniforms = { channels, positions, rows, xSize: delta.size }
  const cross = runKernel(CROSS_SUMS, [delta, normalisedTangent], carried.gamma!.shape, uniforms) as Tensor3D
  const gamma = combined(carried.gamma!, cross)
  dispose([carried.gamma!, cross])
  return { gamma, beta: carried.beta }
}
