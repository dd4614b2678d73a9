// What does the loss do with the outputs: values, gradient, and the gradient's derivative?
//
// Each row has a weight (1/n for a mean, 1 for a sum, 0 for padding), so lanes of unequal length share one pass.
// Softmax is shifted by the row's largest logit before any scale is undone: logits beyond float32 still give
// probabilities. Cross-entropy is written as sum_k y_k (logsumexp - f_k): no logarithm of a probability.
import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import type { LossSettings } from '../../core/experiment.ts'
import { runKernel, workgroupReduce, type Kernel } from './kernel.ts'
import { powerOfTwo } from './rangePlan.ts'

type LossKind = LossSettings['kind']

/** Per row: largest logit `top` and the sum `total` of exp(f - top); F is [rows, width]. */
const ROW_SOFTMAX = `
fn rowTop(base : i32) -> f32 {
  var top = F[base];
  for (var k = 1; k < uniforms.width; k = k + 1) { top = max(top, F[base + k]); }
  return top;
}
fn rowTotal(base : i32, top : f32, unit : f32) -> f32 {
  var total = 0.0;
  for (var k = 0; k < uniforms.width; k = k + 1) { total = total + exp((F[base + k] - top) * unit); }
  return total;
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
    let p = exp((F[index] - top) * uniforms.outputScale) / rowTotal(base, top, uniforms.outputScale);
    result[index] = weight * (mass * p - y) * uniforms.targetScale;`,
}

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
  const softmax = kind === 'softmaxCrossEntropy'
  const kernel: Kernel<'width' | 'targetSize' | 'rowCount' | 'outputScale' | 'targetScale'> = {
    name: `lossGradient_${kind}`,
    shape: 'elementwise',
    inputs: ['F', 'Y', 'R'],
    uniforms: { width: 'i32', targetSize: 'i32', rowCount: 'i32', outputScale: 'f32', targetScale: 'f32' },
    declarations: softmax ? ROW_SOFTMAX : '',
    body: `
      let weight = R[(index / uniforms.width) % uniforms.rowCount];
      let y = Y[index % uniforms.targetSize];
      ${GRADIENT[kind]}`,
  }
  return runKernel(kernel, [outputs, targets, rowWeights], outputs.shape, {
    width: outputs.shape[2],
    targetSize: targets.size,
    rowCount: rowWeights.size,
    outputScale: powerOfTwo(softmax ? -outputExponent : exponent - outputExponent),
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
    const kernel: Kernel<'width' | 'rowCount'> = {
      name: 'lossGradientTangent_squaredError',
      shape: 'elementwise',
      inputs: ['T', 'R'],
      uniforms: { width: 'i32', rowCount: 'i32' },
      body: 'result[index] = R[(index / uniforms.width) % uniforms.rowCount] * T[index];',
    }
    return runKernel(kernel, [outputTangent, rowWeights], outputTangent.shape, { width, rowCount: rowWeights.size }) as Tensor3D
  }
  const kernel: Kernel<'width' | 'rowCount' | 'outputSize' | 'targetSize'> = {
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
        mean = mean + exp(F[base + k] - top) / total * T[rowBase + k];
        mass = mass + Y[targetBase + k];
      }
      let p = exp(F[index % uniforms.outputSize] - top) / total;
      result[index] = R[(index / uniforms.width) % uniforms.rowCount] * mass * p * (T[index] - mean);`,
  }
  return runKernel(kernel, [outputs, targets, outputTangent, rowWeights], outputTangent.shape, {
    width,
    rowCount: rowWeights.size,
    outputSize: outputs.size,
    targetSize: targets.size,
  }) as Tensor3D
}
