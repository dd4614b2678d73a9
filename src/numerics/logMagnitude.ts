// How does one count below 1e-308 and above 1e308?
//
// Two forms. LogMagnitude (sign, natural log) for products over many layers; ScaledNumber
// (mantissa, binary exponent) for norms, because powers of two round nothing and fit a message as two numbers.
// Never square first and take the root later: g^2 underflows float64 below |g| = 1e-154.

/** A real number as sign and natural logarithm of its size; zero is sign 0 with log -Infinity. */
export interface LogMagnitude {
  readonly sign: -1 | 0 | 1
  readonly log: number
}

/** The number `mantissa * 2 ** exponent`; after `normalised` |mantissa| is in [1, 2), zero is (0, 0). */
export interface ScaledNumber {
  readonly mantissa: number
  readonly exponent: number
}

/** Zero in sign and log form. */
export const LOG_ZERO: LogMagnitude = { sign: 0, log: -Infinity }

/** Both 2^1000 and 2^-1000 are ordinary numbers. */
const LARGEST_POWER = 1000
const POWERS = Float64Array.from({ length: 2 * LARGEST_POWER + 1 }, (_, i) => 2 ** (i - LARGEST_POWER))
const LOG10_OF_2 = Math.log10(2)
const doubleView = new Float64Array(1)
const halfView = new Uint32Array(doubleView.buffer)
const HIGH_HALF = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0

/** Sign and log magnitude of a finite number. */
export function logMagnitudeOf(value: number): LogMagnitude {
  if (value === 0) return LOG_ZERO
  return { sign: value > 0 ? 1 : -1, log: Math.log(Math.abs(value)) }
}

/** The plain number; 0 or Infinity where float64 ends. */
export function toNumber(value: LogMagnitude): number {
  return value.sign === 0 ? 0 : value.sign * Math.exp(value.log)
}

/** Product; exact in range, rounded only in the sum of logs. */
export function multiply(a: LogMagnitude, b: LogMagnitude): LogMagnitude {
  if (a.sign === 0 || b.sign === 0) return LOG_ZERO
  return { sign: a.sign === b.sign ? 1 : -1, log: a.log + b.log }
}

/** Sum; loses relative precision only where the terms cancel, as any sum does. */
export function add(a: LogMagnitude, b: LogMagnitude): LogMagnitude {
  if (a.sign === 0) return b
  if (b.sign === 0) return a
  const [large, small] = a.log >= b.log ? [a, b] : [b, a]
  const gap = small.log - large.log
  if (a.sign === b.sign) return { sign: a.sign, log: large.log + Math.log1p(Math.exp(gap)) }
  if (gap === 0) return LOG_ZERO
  return { sign: large.sign, log: large.log + Math.log(-Math.expm1(gap)) }
}

/** Base-10 logarithm of the size; -Infinity for zero. */
export function log10Of(value: LogMagnitude): number {
  return value.log / Math.LN10
}

/** Largest e with 2 ** e <= |value|; -Infinity for 0, NaN or Infinity pass through as Infinity. */
export function binaryExponent(value: number): number {
  if (value === 0) return -Infinity
  doubleView[0] = value
  const biased = (halfView[HIGH_HALF] >>> 20) & 0x7ff
  if (biased === 0x7ff) return Infinity
  if (biased !== 0) return biased - 1023
  doubleView[0] = value * 2 ** 54
  return ((halfView[HIGH_HALF] >>> 20) & 0x7ff) - 1023 - 54
}

/** `value * 2 ** exponent` for any integer exponent, without overflow on the way. */
export function timesPowerOfTwo(value: number, exponent: number): number {
  // Matrices ask this of every entry: a look at a table instead of a power.
  if (exponent >= -LARGEST_POWER && exponent <= LARGEST_POWER) return value * POWERS[exponent + LARGEST_POWER]
  let result = value
  let left = exponent
  while (left > LARGEST_POWER && Number.isFinite(result) && result !== 0) {
    result *= 2 ** LARGEST_POWER
    left -= LARGEST_POWER
  }
  while (left < -LARGEST_POWER && result !== 0) {
    result *= 2 ** -LARGEST_POWER
    left += LARGEST_POWER
  }
  return result * 2 ** Math.max(-LARGEST_POWER, Math.min(LARGEST_POWER, left))
}

/** The same number with |mantissa| in [1, 2); non-finite mantissas keep exponent 0. */
export function normalised(mantissa: number, exponent = 0): ScaledNumber {
  if (mantissa === 0) return { mantissa: 0, exponent: 0 }
  const own = binaryExponent(mantissa)
  if (own === Infinity) return { mantissa, exponent: 0 }
  return { mantissa: timesPowerOfTwo(mantissa, -own), exponent: exponent + own }
}

/** The plain number; 0 or Infinity where float64 ends. */
export function scaledToNumber(value: ScaledNumber): number {
  return timesPowerOfTwo(value.mantissa, value.exponent)
}

/** Base-10 logarithm of the size; -Infinity for zero. */
export function log10OfScaled(value: ScaledNumber): number {
  return Math.log10(Math.abs(value.mantissa)) + (value.mantissa === 0 ? 0 : value.exponent * LOG10_OF_2)
}

/** Mantissa and exponent of a number given as sign and log. */
export function scaledOf(value: LogMagnitude): ScaledNumber {
  if (value.sign === 0) return { mantissa: 0, exponent: 0 }
  const exponent = Math.floor(value.log / Math.LN2)
  return normalised(value.sign * Math.exp(value.log - exponent * Math.LN2), exponent)
}

/** Exponent e such that all |values| are below 2 ** (e + 1); -Infinity when all are zero. */
function largestExponent(values: ArrayLike<number>): number {
  let largest = 0
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i])
    if (size > largest || Number.isNaN(size)) largest = size
    if (Number.isNaN(size)) break
  }
  return binaryExponent(largest)
}

/**
 * Sum of squares of the values times 2 ** exponent, right where the squares leave float64.
 *
 * @param exponent common binary exponent that the values were divided by.
 */
export function scaledSumOfSquares(values: ArrayLike<number>, exponent = 0): ScaledNumber {
  const largest = largestExponent(values)
  if (largest === -Infinity) return { mantissa: 0, exponent: 0 }
  if (largest === Infinity) return { mantissa: plainSumOfSquares(values), exponent: 0 }
  // Multiplying in two halves keeps the factor itself inside float64 for subnormal values.
  const half = 2 ** -Math.trunc(largest / 2)
  const rest = 2 ** -(largest - Math.trunc(largest / 2))
  let sum = 0
  for (let i = 0; i < values.length; i++) {
    const v = values[i] * half * rest
    sum += v * v
  }
  return normalised(sum, 2 * (largest + exponent))
}

/** Euclidean norm of the values times 2 ** exponent, as mantissa and exponent. */
export function scaledNorm(values: ArrayLike<number>, exponent = 0): ScaledNumber {
  const square = scaledSumOfSquares(values, exponent)
  const odd = square.exponent % 2 !== 0
  return normalised(Math.sqrt(odd ? square.mantissa * 2 : square.mantissa), (square.exponent - (odd ? 1 : 0)) / 2)
}

/** Euclidean norm as a plain number, without overflow or underflow on the way. */
export function norm(values: ArrayLike<number>): number {
  // The plain sum is right, and several times faster, unless it comes near the ends of the range.
  const plain = plainSumOfSquares(values)
  if (plain > 1e-280 && plain < 1e300) return Math.sqrt(plain)
  return scaledToNumber(scaledNorm(values))
}

/** Root of the sum of squares of scaled numbers, such as the global norm from the norms of the layers. */
export function combinedNorm(parts: readonly ScaledNumber[]): ScaledNumber {
  let largest = -Infinity
  for (const part of parts) if (part.mantissa !== 0) largest = Math.max(largest, part.exponent)
  if (largest === -Infinity) return { mantissa: 0, exponent: 0 }
  const aligned = parts.map((part) => (part.mantissa === 0 ? 0 : timesPowerOfTwo(part.mantissa, part.exponent - largest)))
  return scaledNorm(aligned, largest)
}

function plainSumOfSquares(values: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i] * values[i]
  return sum
}
