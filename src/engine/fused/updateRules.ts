// What does each optimizer do with a gradient? One WGSL body each, and the slots that it needs.
//
// Mantissas of a gradient are of 2^em, those of the slots of 2^old before the step and of 2^now behind it.
import type { OptimizerSettings } from '../../core/experiment.ts'

/** Slots [seedQuads] per seed that an optimizer needs. */
export function slotCount(kind: OptimizerSettings['kind']): number {
  switch (kind) {
    case 'sgd':
    case 'perturbed':
      return 0
    case 'momentum':
    case 'nesterov':
    case 'rmsprop':
      return 1
    case 'adam':
      return 2
    default:
      return kind satisfies never
  }
}

/** How perturbed descent reads its noise from a buffer of its own. */
export const NOISE_READ = 'noise[u32(step.numbers.x) * SEEDS * SEED_QUADS + at]'

/** Bodies of `fn applied(at, g, em, old, now) -> vec4f`: the step to subtract from parameters[at]. */
export const RULES: Readonly<Record<OptimizerSettings['kind'], string>> = {
  sgd: 'return step.rates.x * scaledBy(g, em);',
  momentum: `
  let v = step.rates.z * (slots[at] * exp2i(old - now)) + g * exp2i(em - now);
  slots[at] = v;
  noteSlot(v);
  return step.rates.x * scaledBy(v, now);`,
  nesterov: `
  let own = g * exp2i(em - now);
  let v = step.rates.z * (slots[at] * exp2i(old - now)) + own;
  slots[at] = v;
  noteSlot(v);
  return step.rates.x * scaledBy(own + step.rates.z * v, now);`,
  perturbed: `return step.rates.x * (scaledBy(g, em) + step.rates.z * ${NOISE_READ});`,
  rmsprop: `
  let scaled = g * exp2i(em - now);
  let r = rootMeanSquare(slots[at] * exp2i(old - now), scaled, step.rates.z);
  slots[at] = r;
  noteSlot(r);
  return step.rates.x * quotient(scaled, r + step.corrections.x * exp2i(step.numbers.y - now));`,
  adam: `
  let scaled = g * exp2i(em - now);
  let m = step.rates.z * (slots[at] * exp2i(old - now)) + (1.0 - step.rates.z) * scaled;
  let second = at + SEEDS * SEED_QUADS;
  let r = rootMeanSquare(slots[second] * exp2i(old - now), scaled, step.rates.w);
  slots[at] = m;
  slots[second] = r;
  noteSlot(m);
  noteSlot(r);
  return step.rates.x * quotient(m * step.corrections.y, r * step.corrections.z + step.corrections.x * exp2i(step.numbers.y - now));`,
}

/** WGSL functions that the rules call. */
export const RULE_FUNCTIONS = `fn rootMeanSquare(r: vec4f, g: vec4f, decay: f32) -> vec4f {
  let m = max(r, abs(g));
  let safe = select(m, vec4f(1.0), m == vec4f(0.0));
  let a = r / safe;
  let b = g / safe;
  return m * sqrt(decay * a * a + (1.0 - decay) * b * b);
}
// 0 where nothing was ever seen; NaN passes through.
fn quotient(a: vec4f, b: vec4f) -> vec4f { return select(a / b, vec4f(0.0), b == vec4f(0.0)); }`
