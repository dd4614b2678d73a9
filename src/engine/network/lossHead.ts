// What does the loss do with the outputs: values, gradient, and the gradient's derivative?
//
// Each row has a weight (1/n for a mean, 1 for a sum, 0 for padding), so lanes of unequal length share one pass.
// Softmax is written by the largest output and the rest, relative to that output before any scale is undone: logits beyond
// float32 still give probabilities, and a well learned sample keeps its gradient, which p - 1 would cancel away. Where even
// exp(-margin) leaves float32, the exponent of the deltas goes into the exponential.
import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import type { LossSettings } from '../../core/experiment.ts'
import { LOG_ONE_PLUS_WGSL } from '../logOnePlusWgsl.ts'
import { EXPONENTIAL, TAILS } from './exponential.ts'
import { runKernel, workgroupReduce, type Kernel } from './kernel.ts'
import { powerOfTwo } from './rangePlan.ts'

type LossKind = LossSettings['kind']

/** Per row: where the largest output stands, and the sum over the others of exp(f - largest) 2^exponent; F is [rows, width]. */
const ROW_SOFTMAX = `${TAILS}
fn rowTop(base : i32) -> i32 {
  var top = base;
  for (var k = base + 1; k < base + uniforms.width; k = k + 1) { if (F[k] > F[top]) { top = k; } }
  return top;
}
fn rowRest(base : i32, top : i32, unit : f32, exponent : i32) -> f32 {
  var rest = 0.0;
  for (var k = base; k < base + uniforms.width; k = k + 1) {
    if (k != top) { rest = rest + expScaled((F[k] - F[top]) * unit, exponent); }
  }
  return rest;
}`

const MARGIN_LOSS = `${EXPONENTIAL}${LOG_ONE_PLUS_WGSL}
fn marginLoss(margin : f32) -> f32 { return max(-margin, 0.0) + logOnePlus(expOf(-abs(margin))); }`

const SIGMOID = `${EXPONENTIAL}
fn sigmoid(z : f32) -> f32 {
  let e = expOf(-abs(z));
  return select(1.0, e, z < 0.0) / (1.0 + e);
}`

const ROW_LOSS: Readonly<Record<LossKind, string>> = {
  squaredError: `
fn rowLoss(base : i32, targetBase : i32) -> f32 {
  var sum = 0.0;
  for (var k = 0; k < uniforms.width; k = k + 1) {
    let r = F[base + k] - Y[targetBase + k];
    sum = sum + r * r;
  }
  return 0.5 * sum;
}`,
  softmaxCrossEntropy: `${ROW_SOFTMAX}${LOG_ONE_PLUS_WGSL}
fn rowLoss(base : i32, targetBase : i32) -> f32 {
  let top = rowTop(base);
  let tail = logOnePlus(rowRest(base, top, 1.0, 0));
  var sum = 0.0;
  for (var k = 0; k < uniforms.width; k = k + 1) { sum = sum + Y[targetBase + k] * ((F[top] - F[base + k]) + tail); }
  return sum;
}`,
  logistic: `${MARGIN_LOSS}
fn rowLoss(base : i32, targetBase : i32) -> f32 {
  var sum = 0.0;
  for (var k = 0; k < uniforms.width; k = k + 1) { sum = sum + marginLoss(Y[targetBase + k] * F[base + k]); }
  return sum;
}`,
}

/** [lanes, n] loss of every sample, without reduction; targets may have one lane. */
export function sampleLosses(kind: LossKind, outputs: Tensor3D, targets: Tensor): Tensor2D {
  const [lanes, rows, width] = outputs.shape
  const kernel: Kernel<'width' | 'targetSize'> = {
    name: `sampleLoss_${kind}`,
    shape: 'elementwise',
    inputs: ['F', 'Y'],
    uniforms: { width: 'i32', targetSize: 'i32' },
    declarations: ROW_LOSS[kind],
    body: 'result[index] = rowLoss(index * uniforms.width, (index * uniforms.width) % uniforms.targetSize);',
  }
  return runKernel(kernel, [outputs, targets], [lanes, rows], { width, targetSize: targets.size }) as Tensor2D
}

/** [lanes] sums of the sample losses of each lane. */
export function lossSums(kind: LossKind, outputs: Tensor3D, targets: Tensor): Tensor1D {
  const [lanes, rows, width] = outputs.shape
  const kernel: Kernel<'rows' | 'width' | 'targetSize'> = {
    name: `lossSum_${kind}`,
    shape: 'reduction',
    inputs: ['F', 'Y'],
    uniforms: { rows: 'i32', width: 'i32', targetSize: 'i32' },
    declarations: ROW_LOSS[kind] + workgroupReduce('total', (a, b) => `${a} + ${b}`),
    body: `
      var mine = 0.0;
      if (entry < uniforms.size) {
        for (var row = i32(localId.x); row < uniforms.rows; row = row + 64) {
          let base = (entry * uniforms.rows + row) * uniforms.width;
          mine = mine + rowLoss(base, base % uniforms.targetSize);
        }
      }
      let sum = total(mine);
      if (localId.x == 0u && entry < uniforms.size) { result[entry] = sum; }`,
  }
  return runKernel(kernel, [outputs, targets], [lanes], { rows, width, targetSize: targets.size }) as Tensor1D
}

const GRADIENT: Readonly<Record<LossKind, string>> = {
  squaredError: 'result[index] = weight * (F[index] * uniforms.outputScale - y * uniforms.targetScale);',
  // p_j (mass - y_j) - y_j (1 - p_j): one of the two is 0 where the target is one class.
  softmaxCrossEntropy: `
    let base = (index / uniforms.width) * uniforms.width;
    let targetBase = base % uniforms.targetSize;
    var mass = 0.0;
    for (var k = 0; k < uniforms.width; k = k + 1) { mass = mass + Y[targetBase + k]; }
    let top = rowTop(base);
    let total = 1.0 + rowRest(base, top, uniforms.outputScale, 0);
    let down = (F[index] - F[top]) * uniforms.outputScale;
    let p = expScaled(down, uniforms.exponent) / total;
    let all = (1.0 - expOf(down) / total) * uniforms.targetScale;
    let others = select(all, rowRest(base, top, uniforms.outputScale, uniforms.exponent) / total, index == top);
    result[index] = weight * (p * (mass - y) - others * y);`,
  logistic: `
    let margin = y * F[index] * uniforms.outputScale;
    let tail = select(uniforms.targetScale, expScaled(-abs(margin), uniforms.exponent), margin > 0.0);
    result[index] = -weight * y * tail / (1.0 + expOf(-abs(margin)));`,
}

const GRADIENT_DECLARATIONS: Readonly<Record<LossKind, string>> = { squaredError: '', softmaxCrossEntropy: ROW_SOFTMAX, logistic: TAILS }

/**
 * dLoss/df, [lanes, n, c], stored with exponent `exponent`; the outputs are stored with `outputExponent`. A delta that
 * shrinks with its margin is right down to exp(-354).
 *
 * @param rowWeights [lanes * n], or fewer lanes, which then repeat.
 */
export function lossGradient(
  kind: LossKind,
  outputs: Tensor3D,
  targets: Tensor,
  rowWeights: Tensor,
  outputExponent = 0,
  exponent = 0,
): Tensor3D {
  const kernel: Kernel<'width' | 'targetSize' | 'rowCount' | 'exponent' | 'outputScale' | 'targetScale'> = {
    name: `lossGradient_${kind}`,
    shape: 'elementwise',
    inputs: ['F', 'Y', 'R'],
    uniforms: { width: 'i32', targetSize: 'i32', rowCount: 'i32', exponent: 'i32', outputScale: 'f32', targetScale: 'f32' },
    declarations: GRADIENT_DECLARATIONS[kind],
    body: `
      let weight = R[(index / uniforms.width) % uniforms.rowCount];
      let y = Y[index % uniforms.targetSize];
      ${GRADIENT[kind]}`,
  }
  return runKernel(kernel, [outputs, targets, rowWeights], outputs.shape, {
    width: outputs.shape[2],
    targetSize: targets.size,
    rowCount: rowWeights.size,
    exponent,
    outputScale: powerOfTwo(kind === 'squaredError' ? exponent - outputExponent : -outputExponent),
    targetScale: powerOfTwo(exponent),
  }) as Tensor3D
}

/** Derivative of `lossGradient` when the outputs move along `outputTangent` [lanes, n, c]; outputs and targets have one lane. */
export function lossGradientTangent(
  kind: LossKind,
  outputs: Tensor3D,
  targets: Tensor,
  rowWeights: Tensor,
  outputTangent: Tensor3D,
): Tensor3D {
  const width = outputs.shape[2]
  if (kind === 'squaredError') {
    const uniforms = { width, rowCount: rowWeights.size }
    return runKernel(SQUARED_TANGENT, [outputTangent, rowWeights], outputTangent.shape, uniforms) as Tensor3D
  }
  const kernel = kind === 'logistic' ? LOGISTIC_TANGENT : SOFTMAX_TANGENT
  return runKernel(kernel, [outputs, targets, outputTangent, rowWeights], outputTangent.shape, {
    width,
    rowCount: rowWeights.size,
    outputSize: outputs.size,
    targetSize: targets.size,
  }) as Tensor3D
}

const SQUARED_TANGENT: Kernel<'width' | 'rowCount'> = {
  name: 'lossGradientTangent_squaredError',
  shape: 'elementwise',
  inputs: ['T', 'R'],
  uniforms: { width: 'i32', rowCount: 'i32' },
  body: 'result[index] = R[(index / uniforms.width) % uniforms.rowCount] * T[index];',
}

const LOGISTIC_TANGENT: Kernel<'width' | 'rowCount' | 'outputSize' | 'targetSize'> = {
  name: 'lossGradientTangent_logistic',
  shape: 'elementwise',
  inputs: ['F', 'Y', 'T', 'R'],
  uniforms: { width: 'i32', rowCount: 'i32', outputSize: 'i32', targetSize: 'i32' },
  declarations: SIGMOID,
  body: `
    let y = Y[index % uniforms.targetSize];
    let margin = y * F[index % uniforms.outputSize];
    result[index] = R[(index / uniforms.width) % uniforms.rowCount] * y * y * sigmoid(margin) * sigmoid(-margin) * T[index];`,
}

const SOFTMAX_TANGENT: Kernel<'width' | 'rowCount' | 'outputSize' | 'targetSize'> = {
  name: 'lossGradientTangent_softmaxCrossEntropy',
  shape: 'elementwise',
  inputs: ['F', 'Y', 'T', 'R'],
  uniforms: { width: 'i32', rowCount: 'i32', outputSize: 'i32', targetSize: 'i32' },
  declarations: ROW_SOFTMAX,
  body: `
    let rowBase = (index / uniforms.width) * uniforms.width;
    let base = rowBase % uniforms.outputSize;
    let targetBase = rowBase % uniforms.targetSize;
    let top = rowTop(base);
    let still = T[rowBase + (top - base)];
    let total = 1.0 + rowRest(base, top, 1.0, 0);
    // Tangents relative to the largest output's: the softmax does not see a common shift, and nothing cancels.
    var mean = 0.0;
    var mass = 0.0;
    for (var k = 0; k < uniforms.width; k = k + 1) {
      mean = mean + expOf(F[base + k] - F[top]) / total * (T[rowBase + k] - still);
      mass = mass + Y[targetBase + k];
    }
    let p = expOf(F[index % uniforms.outputSize] - F[top]) / total;
    result[index] = R[(index / uniforms.width) % uniforms.rowCount] * mass * p * ((T[index] - still) - mean);`,
}
