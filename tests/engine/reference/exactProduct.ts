// The big-product twin: products of doubles without any rounding, in whole numbers times powers of two.

/** integer * 2^exponent. */
export interface ExactNumber {
  readonly integer: bigint
  readonly exponent: number
}

/** A finite double as it is. */
export function exactly(value: number): ExactNumber {
  let integer = value
  let exponent = 0
  while (!Number.isInteger(integer) || Math.abs(integer) < 2 ** 52) {
    if (integer === 0) return { integer: 0n, exponent: 0 }
    integer *= 2
    exponent--
  }
  return { integer: BigInt(integer), exponent }
}

export const exactProduct = (values: ArrayLike<number>): ExactNumber =>
  Array.from(values, exactly).reduce((a, b) => ({ integer: a.integer * b.integer, exponent: a.exponent + b.exponent }), {
    integer: 1n,
    exponent: 0,
  })

/** Relative difference of mantissa * 2^exponent from the exact number, itself exact to 2^-60. */
export function relativeGap(mantissa: number, exponent: number, exact: ExactNumber): number {
  if (exact.integer === 0n) return mantissa === 0 ? 0 : Infinity
  const bits = exact.integer.toString(2).replace('-', '').length
  const shift = bits - 62
  const leading = shift > 0 ? exact.integer >> BigInt(shift) : exact.integer << BigInt(-shift)
  // 62 leading bits against the mantissa's 53, both as whole numbers.
  const own = exactly(mantissa)
  const places = exact.exponent + shift - (own.exponent + exponent)
  const ownInteger = places >= 0 ? own.integer >> BigInt(places) : own.integer << BigInt(-places)
  return Math.abs(Number(ownInteger - leading) / Number(leading))
}
