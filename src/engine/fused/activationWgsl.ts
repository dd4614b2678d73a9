// How does a kernel evaluate an activation in extended range?
//
// A tile holds z and h as mantissas of 2^e. Each entry gives three WGSL bodies: the value in the same exponent, and
// the true first and second derivatives. Near 0 an activation is z times a gain, so numbers below float32 keep their
// digits; derivatives near saturation come from exp(-2|z|), because 1 - tanh^2 would be rounding noise there.
// What falls off like an exponential leaves float32 at |z| = 43 to 104: such values and derivatives have powers of two of their
// own, entry by entry, and a tile agrees on the largest of them.
import type { Activation } from '../../core/experiment.ts'
import { ARCTAN_WGSL, EXPM1_WGSL, LOGISTIC_WGSL, NORMAL_WGSL, SOFTPLUS_WGSL, SWISH_WGSL, TANH_WGSL } from './activationFunctions.ts'
import { TAIL_PRELUDE } from './tailWgsl.ts'

interface ActivationWgsl {
  /** Value in the exponent of z; may use z, e and the true preactivation x. Numbers, or Tails where `tails` says so. */
  readonly value: string
  /** First derivative; may use z, h (both mantissas), e and x. */
  readonly slope: string
  /** Second derivative; likewise. */
  readonly curvature: string
  /** What falls off like an exponential: slope and curvature, or the value too. */
  readonly tails: 'none' | 'derivatives' | 'all'
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
    tails: 'none',
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
    tails: 'none',
    needsPreactivation: false,
    bounded: null,
    ratio: null,
    uses: [],
  },
  tanh: {
    value: 'return tanhScaled(z, x, e);',
    slope: 'return tanhSlope(x);',
    curvature: 'let s = tanhSlope(x); return Tails(-2.0 * tanhAny(x) * s.mantissa, s.power);',
    tails: 'derivatives',
    needsPreactivation: true,
    bounded: '2.0e5',
    ratio: '-2.0 * tanhAny(x)',
    uses: [TAIL_PRELUDE, TANH_WGSL],
  },
  tanh3: {
    value: 'return 3.0 * tanhScaled(z, x, e);',
    slope: 'let s = tanhSlope(x); return Tails(3.0 * s.mantissa, s.power);',
    curvature: 'let s = tanhSlope(x); return Tails(-6.0 * tanhAny(x) * s.mantissa, s.power);',
    tails: 'derivatives',
    needsPreactivation: true,
    bounded: '2.0e5',
    ratio: '-2.0 * tanhAny(x)',
    uses: [TAIL_PRELUDE, TANH_WGSL],
  },
  swish: {
    value: 'let s = logistic(x); return Tails(z * s.mantissa, s.power);',
    slope: 'return swishSlope(within(x));',
    curvature: 'return swishCurvature(within(x));',
    tails: 'all',
    needsPreactivation: true,
    bounded: null,
    ratio: 'full',
    uses: [TAIL_PRELUDE, LOGISTIC_WGSL, SWISH_WGSL],
  },
  sigmoid: {
    value: 'return logistic(x);',
    slope: 'return logisticSlope(x);',
    curvature: 'let s = logisticSlope(x); return Tails(-tanhAny(0.5 * x) * s.mantissa, s.power);',
    tails: 'all',
    needsPreactivation: true,
    bounded: '2.0e5',
    offset: true,
    ratio: '-tanhAny(0.5 * x)',
    uses: [TAIL_PRELUDE, TANH_WGSL, LOGISTIC_WGSL],
  },
  softsign: {
    value: 'return z / (1.0 + abs(x));',
    slope: 'let s = 1.0 / (1.0 + abs(x)); return s * s;',
    curvature: 'let s = 1.0 / (1.0 + abs(x)); return -2.0 * sign(x) * s * s * s;',
    tails: 'none',
    needsPreactivation: true,
    bounded: '1.0e18',
    ratio: '-2.0 * sign(x) / (1.0 + abs(x))',
    uses: [],
  },
  arctan: {
    value: 'return select(arctanFar(x) * exp2i(-e), z * arctanGain(x), abs(x) < vec4f(0.41421356));',
    slope: 'return 1.0 / (1.0 + x * x);',
    curvature: 'let s = 1.0 / (1.0 + x * x); return -2.0 * x * s * s;',
    tails: 'none',
    needsPreactivation: true,
    bounded: '1.0e18',
    ratio: '-2.0 * x / (1.0 + x * x)',
    uses: [ARCTAN_WGSL],
  },
  softplus: {
    value:
      'let t = softplusTail(x); let isBelow = x < vec4f(0.0); return Tails(select(z + flushed(t) * exp2i(-e), t.mantissa * exp2i(-e), isBelow), select(vec4i(0), t.power, isBelow));',
    slope: 'return logistic(x);',
    curvature: 'return logisticSlope(x);',
    tails: 'all',
    needsPreactivation: true,
    bounded: null,
    offset: true,
    ratio: 'flushed(logistic(-x))',
    uses: [TAIL_PRELUDE, LOGISTIC_WGSL, SOFTPLUS_WGSL],
  },
  gelu: {
    value:
      'let b = normalBell(x); let t = normalTail(x); let isBelow = x < vec4f(0.0); return Tails(z * select(1.0 - flushed(b) * t, b.mantissa * t, isBelow), select(vec4i(0), b.power, isBelow));',
    slope:
      'let b = normalBell(x); let t = normalTail(x); let y = min(abs(x), vec4f(500.0)) * 0.3989423; let isBelow = x < vec4f(0.0); return Tails(select(1.0 + flushed(b) * (y - t), b.mantissa * (t - y), isBelow), select(vec4i(0), b.power, isBelow));',
    curvature: 'let b = normalBell(x); let a = min(abs(x), vec4f(500.0)); return Tails((2.0 - a * a) * 0.3989423 * b.mantissa, b.power);',
    tails: 'all',
    needsPreactivation: true,
    bounded: null,
    ratio: 'full',
    uses: [TAIL_PRELUDE, NORMAL_WGSL],
  },
  elu: {
    value:
      'return select(select((expBelow(x) - 1.0) * exp2i(-e), z * expm1Gain(max(x, vec4f(-0.25))), x > vec4f(-0.25)), z, x > vec4f(0.0));',
    slope: 'return lastOf(max(-x, vec4f(0.0)));',
    curvature: 'let s = lastOf(max(-x, vec4f(0.0))); return Tails(select(s.mantissa, vec4f(0.0), x > vec4f(0.0)), s.power);',
    tails: 'derivatives',
    needsPreactivation: true,
    bounded: null,
    ratio: 'select(vec4f(1.0), vec4f(0.0), x > vec4f(0.0))',
    uses: [TAIL_PRELUDE, EXPM1_WGSL],
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

/** See `tails` of the table. */
export function tailsOfActivation(activation: Activation): ActivationWgsl['tails'] {
  return TABLE[activation].tails
}

/** See `ratio` of the table. */
export function curvatureRatio(activation: Activation): string | null {
  return TABLE[activation].ratio
}

/** The functions that these activations (and others, who say so) share, but for those already there; once per module, before `activationWgsl`. */
export function activationPrelude(
  activations: readonly Activation[],
  others: readonly string[] = [],
  alreadyThere: readonly string[] = [],
): string {
  const all = new Set([...activations.flatMap((activation) => TABLE[activation].uses), ...others])
  return [...all].filter((text) => !alreadyThere.includes(text)).join('\n')
}

/**
 * WGSL functions `<prefix>Value(z, e)`, `<prefix>Slope(z, h, e)`, `<prefix>Curvature(z, h, e)`, float32 all; they call `exp2i` of `exponentWgsl`.
 *
 * And of what has tails `<prefix>ValueTails` and so on, with the same arguments.
 */
export function activationWgsl(prefix: string, activation: Activation): string {
  const { value, slope, curvature, tails } = TABLE[activation]
  const written = (name: string, list: string, call: string, body: string, hasTails: boolean): string => {
    const x = 'let x = z * exp2i(e);'
    return hasTails
      ? `fn ${prefix}${name}Tails(${list}) -> Tails { ${x} ${body} }
fn ${prefix}${name}(${list}) -> vec4f { return flushed(${prefix}${name}Tails(${call})); }`
      : `fn ${prefix}${name}(${list}) -> vec4f { ${x} ${body} }`
  }
  return `
${written('Value', 'z: vec4f, e: i32', 'z, e', value, tails === 'all')}
${written('Slope', 'z: vec4f, h: vec4f, e: i32', 'z, h, e', slope, tails !== 'none')}
${written('Curvature', 'z: vec4f, h: vec4f, e: i32', 'z, h, e', curvature, tails !== 'none')}`
}
