// Which exponent do the biases of each layer carry, for passes that only measure?
//
// Training keeps these numbers as a by-product of its update; a measuring pass has no update before its forward half,
// so it computes them from the weights of the moment: one workgroup a layer.
import { createKernel, SPAN_WGSL, type ComputeKernel, type Spans } from './computeKernel.ts'
import { EXPONENT_PRELUDE } from './exponentWgsl.ts'
import type { FusedLayout } from './layout.ts'

/** The kernel: parameters of one seed -> [L] exponents; dispatch one workgroup a layer. */
export async function createBiasExponentKernel(device: GPUDevice, layout: FusedLayout, spans: Spans): Promise<ComputeKernel> {
  const code = `
${EXPONENT_PRELUDE}
${SPAN_WGSL}
size QUADS = ${layout.quads}u;
size BIAS_START = ${layout.biasStart}u;
@group(0) @binding(0) var<storage, read> parameters: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> exponents: array<i32>;
@group(0) @binding(2) var<uniform> span: Span;
var<workgroup> largestBits: atomic<u32>;
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lid: u32, @builtin(workgroup_id) group: vec3u) {
  let layer = group.x + span.first.x;
  for (var column = lid; column < QUADS; column += 64u) {
    atomicMax(&largestBits, sizeBits(parameters[BIAS_START + layer * QUADS + column]));
  }
  workgroupBarrier();
  let bits = atomicLoad(&largestBits);
  if (lid == 0u) { exponents[layer] = select(excess(bits), NO_EXPONENT, bits == 0u); }
}`
  return createKernel(device, 'bias exponents', code, ['read', 'write'], spans)
}
