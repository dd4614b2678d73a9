// Which kernels do norms consist of? Statistics, sums over groups, and what is done to every entry.
//
// A group is what shares a mean and a variance: a channel over the rows of a lane (batch norm), or a row (layer norm). Rows beyond
// the count of their lane are padding: they are in no sum, and nothing flows from them into the statistics. Statistics are
// (mean, variance) per group; x^ = (z - mean) / sqrt(variance + eps).
import type { Tensor, Tensor3D } from '@tensorflow/tfjs-core'
import { firstThreadSum, runKernel, type Kernel } from './kernel.ts'

/** How rows of [lanes, rows, channels * positions] fall into groups. */
export interface NormGeometry {
  readonly kind: 'batch' | 'layer'
  readonly rows: number
  readonly channels: number
  readonly positions: number
  readonly eps: number
}

/** Over what a sum runs: the group of the norm, a channel of a lane, or one channel of one row. */
export type SumOver = 'group' | 'channel' | 'cell'

const REDUCED = { rows: 'i32', groups: 'i32', groupStride: 'i32', inner: 'i32', fixed: 'i32', width: 'i32', positions: 'i32' } as const

/** Number of terms of the sum `entry`, and the address of its term i within the lane's part of an array. */
const TERMS = `
fn termCount(lane : i32) -> i32 {
  if (uniforms.fixed > 0) { return uniforms.fixed; }
  return i32(N[lane % uniforms.countLanes]) * uniforms.positions;
}
fn term(group : i32, i : i32) -> i32 {
  return group * uniforms.groupStride + (i / uniforms.inner) * uniforms.width + i % uniforms.inner;
}`

function termsOf(geometry: NormGeometry, over: SumOver) {
  const { rows, channels, positions } = geometry
  const width = channels * positions
  const common = { rows, width, positions }
  if (over === 'cell') return { ...common, groups: rows * channels, groupStride: positions, inner: positions, fixed: positions }
  if (over === 'group' && geometry.kind === 'layer') return { ...common, groups: rows, groupStride: width, inner: width, fixed: width }
  return { ...common, groups: channels, groupStride: positions, inner: positions, fixed: 0 }
}

const suffix = (alone: boolean) => (alone ? '_alone' : '')
const shapeOf = (alone: boolean) => (alone ? 'blocks' : 'reduction')
const eachTerm = (alone: boolean) =>
  alone ? 'for (var i = 0; i < terms; i = i + 1)' : 'for (var i = i32(localId.x); i < terms; i = i + 64)'
const whoWrites = (alone: boolean) => (alone ? 'if (inside)' : 'if (localId.x == 0u && inside)')
/** Lane, group and number of terms of result `entry`, of which there are `perGroup` numbers. */
const groupOfEntry = (perGroup: number, alone: boolean) => `
    ${alone ? 'let entry = index;' : ''}
    let lane = entry / uniforms.groups;
    let group = entry % uniforms.groups;
    let base = lane * uniforms.rows * uniforms.width;
    let inside = ${perGroup} * entry < uniforms.size;
    var terms = 0;
    if (inside) { terms = termCount(lane); }`
const sumOf = (name: string, alone: boolean) => (alone ? `fn ${name}(mine : f32) -> f32 { return mine; }\n` : firstThreadSum(name))

/** Uniforms of kernels that work on entries, as `entryOf` gives them. */
export const ENTRY = {
  rows: 'i32',
  channels: 'i32',
  positions: 'i32',
  layerNorm: 'i32',
  zSize: 'i32',
  statisticsLanes: 'i32',
  eps: 'f32',
} as const

/** Where entry `at` of an array of many lanes stands, and the scale of its group. */
export const PLACE = `
fn laneOf(at : i32) -> i32 { return at / (uniforms.rows * uniforms.channels * uniforms.positions); }
fn rowOf(at : i32) -> i32 { return (at / (uniforms.channels * uniforms.positions)) % uniforms.rows; }
fn channelOf(at : i32) -> i32 { return (at / uniforms.positions) % uniforms.channels; }
fn groupOf(at : i32, lanes : i32) -> i32 {
  let lane = laneOf(at) % lanes;
  if (uniforms.layerNorm > 0) { return lane * uniforms.rows + rowOf(at); }
  return lane * uniforms.channels + channelOf(at);
}
fn rootOf(at : i32) -> f32 { return 1.0 / sqrt(T[2 * groupOf(at, uniforms.statisticsLanes) + 1] + uniforms.eps); }`

/** x^ of an entry. */
export const X_HAT = `
fn normalised(at : i32) -> f32 { return (Z[at % uniforms.zSize] - T[2 * groupOf(at, uniforms.statisticsLanes)]) * rootOf(at); }`

/** gamma of an entry. */
export const SCALE = 'fn scaleOf(at : i32) -> f32 { return G[(laneOf(at) % uniforms.gammaLanes) * uniforms.channels + channelOf(at)]; }'

export function entryOf(geometry: NormGeometry, z: Tensor, statistics: Tensor3D) {
  const { rows, channels, positions, eps, kind } = geometry
  const layerNorm = kind === 'layer' ? 1 : 0
  return { rows, channels, positions, layerNorm, zSize: z.size, statisticsLanes: statistics.shape[0], eps }
}

const statisticsKernel = (alone: boolean): Kernel<keyof typeof REDUCED | 'countLanes'> => ({
  name: `normStatistics${suffix(alone)}`,
  shape: shapeOf(alone),
  inputs: ['Z', 'N'],
  uniforms: { ...REDUCED, countLanes: 'i32' },
  declarations: `${TERMS}${sumOf('total', alone)}${sumOf('spread', alone)}${alone ? '' : 'var<workgroup> sharedMean : f32;'}`,
  body: `
    ${groupOfEntry(2, alone)}
    var mine = 0.0;
    ${eachTerm(alone)} { mine = mine + Z[base + term(group, i)]; }
    let sum = total(mine);
    var mean = sum / f32(max(terms, 1));
    ${alone ? '' : 'if (localId.x == 0u) { sharedMean = mean; } workgroupBarrier(); mean = sharedMean;'}
    mine = 0.0;
    ${eachTerm(alone)} {
      let d = Z[base + term(group, i)] - mean;
      mine = mine + d * d;
    }
    let squares = spread(mine);
    ${whoWrites(alone)} {
      result[2 * entry] = mean;
      result[2 * entry + 1] = squares / f32(max(terms, 1));
    }`,
})

/** [lanes, groups, 2] mean and biased variance of every group of z. */
export function normStatistics(geometry: NormGeometry, z: Tensor3D, rowCounts: Tensor): Tensor3D {
  const terms = termsOf(geometry, 'group')
  const uniforms = { ...terms, countLanes: rowCounts.size }
  return reduced(statisticsKernel, terms, [z, rowCounts], [z.shape[0], terms.groups, 2], uniforms)
}

const groupSumsKernel = (
  alone: boolean,
): Kernel<keyof typeof REDUCED | keyof typeof ENTRY | 'countLanes' | 'gammaLanes' | 'mean' | 'weighted'> => ({
  name: `normGroupSums${suffix(alone)}`,
  shape: shapeOf(alone),
  inputs: ['X', 'Z', 'T', 'G', 'N'],
  uniforms: { ...ENTRY, ...REDUCED, countLanes: 'i32', gammaLanes: 'i32', mean: 'i32', weighted: 'i32' },
  declarations: `${TERMS}${PLACE}${X_HAT}${SCALE}${sumOf('total', alone)}${sumOf('against', alone)}`,
  body: `
    ${groupOfEntry(2, alone)}
    var plain = 0.0;
    var product = 0.0;
    ${eachTerm(alone)} {
      let at = base + term(group, i);
      let x = X[at] * select(1.0, scaleOf(at), uniforms.weighted > 0);
      plain = plain + x;
      product = product + x * normalised(at);
    }
    let sum = total(plain);
    let products = against(product);
    ${whoWrites(alone)} {
      let share = select(1.0, 1.0 / f32(max(terms, 1)), uniforms.mean > 0);
      result[2 * entry] = share * sum;
      result[2 * entry + 1] = share * products;
    }`,
})

/**
 * [lanes, groups, 2] sums of x and of x x^, or their means over the group.
 *
 * @param gamma factor of every entry where `weighted`; it must be there in any case.
 */
export function normSums(
  geometry: NormGeometry,
  over: SumOver,
  x: Tensor3D,
  z: Tensor3D,
  statistics: Tensor3D,
  gamma: Tensor3D,
  rowCounts: Tensor,
  options: { readonly mean: boolean; readonly weighted: boolean },
): Tensor3D {
  const terms = termsOf(geometry, over)
  return reduced(groupSumsKernel, terms, [x, z, statistics, gamma, rowCounts], [x.shape[0], terms.groups, 2], {
    ...entryOf(geometry, z, statistics),
    ...terms,
    countLanes: rowCounts.size,
    gammaLanes: gamma.shape[0],
    mean: options.mean ? 1 : 0,
    weighted: options.weighted ? 1 : 0,
  })
}

const curvatureMeansKernel = (
  alone: boolean,
): Kernel<keyof typeof REDUCED | keyof typeof ENTRY | 'countLanes' | 'gammaLanes' | 'xSize'> => ({
  name: `normCurvatureMeans${suffix(alone)}`,
  shape: shapeOf(alone),
  inputs: ['X', 'Zt', 'Xt', 'Z', 'T', 'G', 'N'],
  uniforms: { ...ENTRY, ...REDUCED, countLanes: 'i32', gammaLanes: 'i32', xSize: 'i32' },
  declarations: `${TERMS}${PLACE}${X_HAT}${SCALE}${sumOf('first', alone)}${sumOf('second', alone)}${sumOf('third', alone)}`,
  body: `
    ${groupOfEntry(3, alone)}
    var a = 0.0;
    var b = 0.0;
    var c = 0.0;
    ${eachTerm(alone)} {
      let at = base + term(group, i);
      let q = X[at % uniforms.xSize] * scaleOf(at);
      let own = normalised(at);
      a = a + q * own;
      b = b + Zt[at] * own;
      c = c + q * Xt[at];
    }
    let sumA = first(a);
    let sumB = second(b);
    let sumC = third(c);
    ${whoWrites(alone)} {
      let share = 1.0 / f32(max(terms, 1));
      result[3 * entry] = share * sumA;
      result[3 * entry + 1] = share * sumB;
      result[3 * entry + 2] = share * sumC;
    }`,
})

/** [lanes, groups, 3] means of q x^, of z' x^ and of q x^', where q = gamma x and ' is the change along a direction. */
export function normCurvatureMeans(
  geometry: NormGeometry,
  x: Tensor3D,
  zTangent: Tensor3D,
  normalisedTangent: Tensor3D,
  z: Tensor3D,
  statistics: Tensor3D,
  gamma: Tensor3D,
  rowCounts: Tensor,
): Tensor3D {
  const terms = termsOf(geometry, 'group')
  const inputs = [x, zTangent, normalisedTangent, z, statistics, gamma, rowCounts]
  return reduced(curvatureMeansKernel, terms, inputs, [zTangent.shape[0], terms.groups, 3], {
    ...entryOf(geometry, z, statistics),
    ...terms,
    countLanes: rowCounts.size,
    gammaLanes: gamma.shape[0],
    xSize: x.size,
  })
}

/** Terms that one thread adds by itself: a barrier costs a software adapter more, and small groups are many. */
const ALONE_TERMS = 256

/** Sums for every group: by a workgroup, or by a thread alone where terms are few. */
function reduced<Uniform extends string>(
  kernelOf: (alone: boolean) => Kernel<Uniform>,
  { rows, positions, fixed }: { readonly rows: number; readonly positions: number; readonly fixed: number },
  inputs: readonly Tensor[],
  shape: readonly [number, number, number],
  uniforms: Readonly<Record<Uniform, number>>,
): Tensor3D {
  const alone = (fixed > 0 ? fixed : rows * positions) <= ALONE_TERMS
  return runKernel(kernelOf(alone), inputs, shape, uniforms, undefined, shape[0] * shape[1]) as Tensor3D
}
