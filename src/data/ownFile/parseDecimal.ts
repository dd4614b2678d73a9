// Which number does a short text stand for? Decimal notation only: no hexadecimal, no "inf", no empty text that means 0.
//
// Exact for the usual fields by whole numbers below 2^53 and one division or product by a power of ten that float64 holds
// exactly, which is rounded once; everything longer goes through `Number`.

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,5})?$/u
const MOST_DIGITS = 15
const POWERS = Float64Array.from({ length: 23 }, (_, k) => Number(`1e${k}`))

/** The number, correctly rounded; NaN when the text is none. */
export function parseDecimal(text: string): number {
  let mantissa = 0
  let digits = 0
  let decimals = -1
  let at = 0
  const isNegative = text.charCodeAt(0) === 0x2d
  if (isNegative) at = 1
  for (; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30
    if (digit >= 0 && digit <= 9) {
      mantissa = 10 * mantissa + digit
      digits++
      if (decimals >= 0) decimals++
    } else if (digit === -2 && decimals < 0) decimals = 0
    else return DECIMAL.test(text) ? Number(text) : NaN
  }
  if (digits === 0) return NaN
  if (digits > MOST_DIGITS) return DECIMAL.test(text) ? Number(text) : NaN
  const size = decimals > 0 ? mantissa / POWERS[decimals] : mantissa
  return isNegative ? -size : size
}
