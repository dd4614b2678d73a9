// What do both K1 stand on? The functions that they call and the buffers that they share, declared once.
import { activationPrelude, activationWgsl } from './activationWgsl.ts'
import { EXPONENT_PRELUDE } from './exponentWgsl.ts'
import { shapeWgsl, type KernelShape } from './kernelShape.ts'
import { LOSS_PRELUDE } from './lossHeadWgsl.ts'
import { TAIL_PRELUDE } from './tailWgsl.ts'

/** WGSL before the workgroup memory of a K1; `forwardBackwardKernel.ts` draws the buffers. */
export function forwardBackwardPrelude(shape: KernelShape): string {
  const { layout } = shape
  return `
${EXPONENT_PRELUDE}
${LOSS_PRELUDE}
${activationPrelude([layout.activation, layout.outputActivation], [], [TAIL_PRELUDE])}
${activationWgsl('hidden', layout.activation)}
${activationWgsl('output', layout.outputActivation)}
${shapeWgsl(shape, 'fixedTile')}
@group(0) @binding(0) var<storage, read> parameters: array<vec4f>;
@group(0) @binding(1) var<storage, read> X: array<vec4f>;
@group(0) @binding(2) var<storage, read> Y: array<vec4f>;
@group(0) @binding(3) var<storage, read> batchIndices: array<i32>;
@group(0) @binding(4) var<storage, read_write> activations: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> deltas: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> exponents: array<i32>;
@group(0) @binding(7) var<storage, read_write> rowLosses: array<vec2f>;
@group(0) @binding(8) var<uniform> step: StepParameters;`
}
