// What does the loss do with the outputs: values, gradient, and the gradient's derivative?
//
// Each row has a weight (1/n for a mean, 1 for a sum, 0 for padding), so lanes of unequal length share one pass.
// Softmax is shifted by the row's largest logit before any scale is undone: logits beyond float32 still give
// probabilities. Cross-entropy is written as sum_k y_k (logsumexp - f_k): no logarithm of a probability.
import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import type { LossSettings } from '../../core/experiment.ts'
import { EXPONENTIAL } from './exponential.ts'
import { runKernel, workgroupReduce, type Kernel } from './kernel.ts'
import { powerOfTwo } from './rangePlan.ts'

type LossKind = LossSettings['kind']

/** Per row: largest logit `top` and the sum `total` of exp(f - top); F is [rows, width]. */
const ROW_SOFTMAX = `${EXPONENTIAL}
fn rowTop(base : i32) -> f32 {
  var top = F[base];
  for (var k = 1; k < uniforms.width; k = k + 1) { top = max(top, F[base + k]); }
  return top;
}
fn rowTotal(base : i32, top : f32, unit : f32) -> f32 {
  var total = 0.0;
  for (var k = 0; k < uniforms.width; k = k + 1) { total = total + expOf((F[base + k] - top) * unit); }
  return total;
}`

// sum log(1 + expOf(-y f)); below 0.05 the logarithm by its series, remainder 5e-8 relative.
const MARGIN_LOSS = `${EXPONENTIAL}
fn marginLoss(margin : f32) -> f32 {
  let e = expOf(-abs(margin));
  let series = e * (1.0 - e * (0.5 - e * (0.33333334 - e * (0.25 - e * 0.2))));
  return max(-margin, 0.0) + select(log(1.0 + e), series, e < 0.05);
}`

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
  softmaxCrossEntropy: `${ROW_SOFTMAX}
fn rowLoss(base : i32, targetBase : i32) -> f32 {
  let top = rowTop(base);
  let logTotal = log(rowTotal(base, top, 1.0));
  var sum = 0.0;
  for (var k = 0; k < uniforms.width; k = k + 1) { sum = sum + Y[targetBase + k] * ((top - F[base + k]) + logTotal); }
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
  softmaxCrossEntropy: `
    let base = (index / uniforms.width) * uniforms.width;
    let targetBase = base % uniforms.targetSize;
    var mass = 0.0;
    for (var k = 0; k < uniforms.width; k = k + 1) { mass = mass + Y[targetBase + k]; }
    let top = rowTop(base);
    let p = expOf((F[index] - top) * uniforms.outputScale) / rowTotal(base, top, uniforms.outputScale);
    result[index] = weight * (mass * p - y) * uniforms.targetScale;`,
  logistic: 'result[index] = -weight * y * sigmoid(-y * F[index] * uniforms.outputScale) * uniforms.targetScale;',
}

const GRADIENT_DECLARATIONS: Readonly<Record<LossKind, string>> = { squaredError: '', softmaxCrossEntropy: ROW_SOFTMAX, logistic: SIGMOID }

/**
 * dLoss/df, [lanes, n, c], stored with exponent `exponent`; the outputs are stored with `outputExponent`.
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
  const kernel: Kernel<'width' | 'targetSize' | 'rowCount' | 'outputScale' | 'targetScale'> = {
    name: `lossGradient_${kind}`,
    shape: 'elementwise',
    inputs: ['F', 'Y', 'R'],
    uniforms: { width: 'i32', targetSize: 'i32', rowCount: 'i32', outputScale: 'f32', targetScale: 'f32' },
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
    let total = rowTotal(base, top, 1.0);
    var mean = 0.0;
    var mass = 0.0;
    for (var k = 0; k < uniforms.width; k = k + 1) {
      mean = mean + expOf(F[base + k] - top) / total * T[rowBase + k];
      mass = mass + Y[targetBase + k];
    }
    let p = expOf(F[index % uniforms.outputSize] - top) / total;
    result[index] = R[(index / uniforms.width) % uniforms.rowCount] * mass * p * (T[index] - mean);`,
}
