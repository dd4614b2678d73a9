// What do both H1 stand on? The functions that they call and the buffers that they share, declared once.
import { activationPrelude, activationWgsl } from './activationWgsl.ts'
import { SPAN_WGSL } from './computeKernel.ts'
import { EXPONENT_PRELUDE } from './exponentWgsl.ts'
import { tangentHeadPrelude } from './tangentHeadWgsl.ts'
import { tangentWgsl, type TangentShape } from './tangentLayout.ts'

/** WGSL before the workgroup memory of an H1; `hessianForwardKernel.ts` draws the buffers. */
export function hessianForwardPrelude(shape: TangentShape): string {
  const { layout, loss } = shape.pass
  return `
${EXPONENT_PRELUDE}
${activationPrelude([layout.activation, layout.outputActivation], tangentHeadPrelude(loss.kind))}
${activationWgsl('hidden', layout.activation)}
${activationWgsl('output', layout.outputActivation)}
${tangentWgsl(shape, 'fixedTile')}
${SPAN_WGSL}
@group(0) @binding(0) var<storage, read> parameters: array<vec4f>;
@group(0) @binding(1) var<storage, read> directions: array<vec4f>;
@group(0) @binding(2) var<storage, read> activations: array<vec4f>;
@group(0) @binding(3) var<storage, read> deltas: array<vec4f>;
@group(0) @binding(4) var<storage, read> exponents: array<i32>;
@group(0) @binding(5) var<storage, read> rows: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> tangents: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> tangentExponents: array<i32>;
@group(0) @binding(8) var<uniform> span: Span;`
}
