// How does a kernel evaluate an activation in extended range?
//
// A tile holds z and h as mantissas of 2^e. Each entry gives three WGSL bodies: the value in the same exponent, and
// the true first and second derivatives. Near 0 an activation is z times a gain, so numbers below float32 keep their
// digits; derivatives near saturation come from exp(-2|z|), because 1 - tanh^2 would be rounding noise there.
import type { Activation } from '../../core/experiment.ts'
import { ARCTAN_WGSL, EXPM1_WGSL, LOGISTIC_WGSL, NORMAL_WGSL, SOFTPLUS_WGSL, TANH_WGSL } from './activationFunctions.ts'

interface ActivationWgsl {
  /** Value in the exponent of z; may use z, e and the true preactivation x. */
  readonly value: string
  /** First derivative; may use z, h (both mantissas), e and x. */
  readonly slope: string
  /** Second derivative; likewise. */
  readonly curvature: string
  /** Whether slope or curvature need z, so that the forward pass must keep it. */
  readonly needsPreactivation: boolean
  /** Saturates: a tile with e > 0 is evaluated at true scale, |x| held below this, and e becomes 0. Null: it does not. */
  readonly bounded: string | null
  /** Does not map 0 to 0: a tile with e < 0 is evaluated at true scale, and padding is set to 0 again. */
  readonly offset?: boolean
  /**
   * How act''(z) Rz G enters the backward tangent, with delta = act'(z) G at hand.
   *
   * A ratio act''/act' of x where it has no pole spares the product G = W^T delta; otherwise 'full'; null where act'' is 0.
   */
  readonly ratio: string | null
  /** WGSL that the bodies call. */
  readonly uses: readonly string[]
}

const ZERO = 'return vec4f(0.0);'

const TABLE: Readonly<Record<Activation, ActivationWgsl>> = {
  identity: {
    value: 'return z;',
    slope: 'return vec4f(1.0);',
    curvature: ZERO,
    needsPreactivation: false,
    bounded: null,
    ratio: null,
    uses: [],
  },
  relu: {
    // Turned so that NaN passes through.
    value: 'return select(z, vec4f(0.0), z <= vec4f(0.0));',
    slope: 'return select(vec4f(1.0), vec4f(0.0), h <= vec4f(0.0));',
    curvature: ZERO,
    needsPreactivation: false,
    bounded: null,
    ratio: null,
    uses: [],
  },
  tanh: {
    value: 'return tanhScaled(z, x, e);',
    slope: 'return tanhSlope(x);',
    curvature: 'return -2.0 * tanhAny(x) * tanhSlope(x);',
    needsPreactivation: true,
    bounded: '1.0e4',
    ratio: '-2.0 * tanhAny(x)',
    uses: [TANH_WGSL],
  },
  tanh3: {
    value: 'return 3.0 * tanhScaled(z, x, e);',
    slope: 'return 3.0 * tanhSlope(x);',
    curvature: 'return -6.0 * tanhAny(x) * tanhSlope(x);',
    needsPreactivation: true,
    bounded: '1.0e4',
    ratio: '-2.0 * tanhAny(x)',
    uses: [TANH_WGSL],
  },
  swish: {
    value: 'return z * logistic(x);',
    slope: 'let y = within(x); let s = logistic(y); return s * (1.0 + y * logistic(-y));',
    curvature: 'let y = within(x); let s = logistic(y); let t = logistic(-y); return s * t * (2.0 + y * (t - s));',
    needsPreactivation: true,
    bounded: null,
    ratio: 'full',
    uses: [LOGISTIC_WGSL],
  },
  sigmoid: {
    value: 'return logistic(x);',
    slope: 'return logistic(x) * logistic(-x);',
    curvature: 'return -tanhAny(0.5 * x) * logistic(x) * logistic(-x);',
    needsPreactivation: true,
    bounded: '1.0e4',
    offset: true,
    ratio: '-tanhAny(0.5 * x)',
    uses: [TANH_WGSL, LOGISTIC_WGSL],
  },
  softsign: {
    value: 'return z / (1.0 + abs(x));',
    slope: 'let s = 1.0 / (1.0 + abs(x)); return s * s;',
    curvature: 'let s = 1.0 / (1.0 + abs(x)); return -2.0 * sign(x) * s * s * s;',
    needsPreactivation: true,
    bounded: '1.0e18',
    ratio: '-2.0 * sign(x) / (1.0 + abs(x))',
    uses: [],
  },
  arctan: {
    value: 'return select(arctanFar(x) * exp2i(-e), z * arctanGain(x), abs(x) < vec4f(0.41421356));',
    slope: 'return 1.0 / (1.0 + x * x);',
    curvature: 'let s = 1.0 / (1.0 + x * x); return -2.0 * x * s * s;',
    needsPreactivation: true,
    bounded: '1.0e18',
    ratio: '-2.0 * x / (1.0 + x * x)',
    uses: [ARCTAN_WGSL],
  },
  softplus: {
    value: 'return max(z, vec4f(0.0)) + softplusTail(x) * exp2i(-e);',
    slope: 'return logistic(x);',
    curvature: 'return logistic(x) * logistic(-x);',
    needsPreactivation: true,
    bounded: null,
    offset: true,
    ratio: 'logistic(-x)',
    uses: [LOGISTIC_WGSL, SOFTPLUS_WGSL],
  },
  gelu: {
    value: 'return z * normalDistribution(x);',
    slope: 'return normalDistribution(x) + clamp(x, vec4f(-13.0), vec4f(13.0)) * normalDensity(x);',
    curvature: 'let a = min(abs(x), vec4f(13.0)); return (2.0 - a * a) * normalDensity(a);',
    needsPreactivation: true,
    bounded: null,
    ratio: 'full',
    uses: [NORMAL_WGSL],
  },
  elu: {
    value:
      'return select(select((expBelow(x) - 1.0) * exp2i(-e), z * expm1Gain(max(x, vec4f(-0.25))), x > vec4f(-0.25)), z, x > vec4f(0.0));',
    slope: 'return select(expBelow(x), vec4f(1.0), x > vec4f(0.0));',
    curvature: 'return select(expBelow(x), vec4f(0.0), x > vec4f(0.0));',
    needsPreactivation: true,
    bounded: null,
    ratio: 'select(vec4f(1.0), vec4f(0.0), x > vec4f(0.0))',
    uses: [EXPM1_WGSL],
  },
}

/** Whether the forward pass must keep z for this activation's derivatives. */
export function needsPreactivation(activation: Activation): boolean {
  return TABLE[activation].needsPreactivation
}

/**
 * Statement that brings mantissas of 2^e to true scale where the activation does not go with powers of two; '' where it always does.
 *
 * @param each given a statement about one variable, does it to every mantissa.
 */
export function toTrueScale(activation: Activation, each: (statement: (variable: string) => string) => string): string {
  const { bounded, offset } = TABLE[activation]
  if (bounded === null && offset !== true) return ''
  const when = bounded === null ? 'e < 0' : offset === true ? 'e != 0' : 'e > 0'
  // Far beyond saturation the preactivation's size is of no use.
  const hold = (variable: string): string =>
    bounded === null
      ? `${variable} = ${variable} * exp2i(e);`
      : `${variable} = clamp(${variable} * exp2i(e), vec4f(-${bounded}), vec4f(${bounded}));`
  return `if (${when}) { ${each(hold)} e = 0; }`
}

/** Whether the activation gives 0 for 0, so that padding and tiny numbers stay what they are. */
export function keepsZero(activation: Activation): boolean {
  return TABLE[activation].offset !== true
}

/** See `ratio` of the table. */
export function curvatureRatio(activation: Activation): string | null {
  return TABLE[activation].ratio
}

/** The functions that these activations (and others, who say so) share; once per module, before `activationWgsl`. */
export function activationPrelude(activations: readonly Activation[], others: readonly string[] = []): string {
  return [...new Set([...activations.flatMap((activation) => TABLE[activation].uses), ...others])].join('\n')
}

/** WGSL functions `<prefix>Value(z, e)`, `<prefix>Slope(z, h, e)`, `<prefix>Curvature(z, h, e)`; they call `exp2i` of `exponentWgsl`. */
export function activationWgsl(prefix: string, activation: Activation): string {
  const { value, slope, curvature } = TABLE[activation]
  const x = 'let x = z * exp2i(e);'
  return `
fn ${prefix}Value(z: vec4f, e: i32) -> vec4f { ${x} ${value} }
fn ${prefix}Slope(z: vec4f, h: vec4f, e: i32) -> vec4f { ${x} ${slope} }
fn ${prefix}Curvature(z: vec4f, h: vec4f, e: i32) -> vec4f { ${x} ${curvature} }`
}
