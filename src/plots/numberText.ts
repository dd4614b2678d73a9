// How does a number look on a plot? Real minus signs, real exponents, as many digits as matter.
import type { Label, TextRun } from './scene.ts'

/** 10 to a whole power, typeset; 10^0 is written 1 and 10^1 is written 10. */
export function powerOfTen(exponent: number): Label {
  if (exponent === 0) return '1'
  if (exponent === 1) return '10'
  return [{ text: '10' }, { text: signed(exponent), shift: 'super' }]
}

/** A whole or short decimal number with a real minus sign and thin spaces between groups from 10 000 on. */
export function plainNumber(value: number, digits = 12): string {
  const rounded = Number(value.toPrecision(digits))
  const text = Math.abs(rounded) >= 1e-4 || rounded === 0 ? String(Math.abs(rounded)) : Math.abs(rounded).toFixed(20).replace(/0+$/u, '')
  const [whole, fraction] = text.split('.')
  const grouped = whole.length > 4 ? whole.replaceAll(/\B(?=(?:\d{3})+$)/gu, '\u2009') : whole
  return `${rounded < 0 ? '−' : ''}${grouped}${fraction === undefined ? '' : `.${fraction}`}`
}

/**
 * A measured number in `digits` significant digits: plain between 0.001 and 100 000, else a mantissa times a power of ten.
 *
 * Infinite values are written as such and NaN as a dash: nothing was measured.
 */
export function measuredNumber(value: number, digits = 3): Label {
  if (Number.isNaN(value)) return '–'
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞'
  const size = Math.abs(value)
  if (size === 0) return '0'
  if (size >= 1e-3 && size < 1e5) return plainNumber(value, digits)
  return scientific(value, digits)
}

/** The same from its log10, for values that no float holds; -Infinity is 0. */
export function measuredFromLog10(log10: number, digits = 2): Label {
  if (Number.isNaN(log10)) return '–'
  if (log10 === -Infinity) return '0'
  if (log10 > -300 && log10 < 300) return measuredNumber(10 ** log10, digits)
  const exponent = Math.floor(log10)
  return product((10 ** (log10 - exponent)).toPrecision(digits), exponent)
}

function scientific(value: number, digits: number): Label {
  const [mantissa, exponent] = value.toExponential(digits - 1).split('e')
  return product(mantissa.replace('-', '−'), Number(exponent))
}

function product(mantissa: string, exponent: number): Label {
  const short = mantissa.includes('.') ? mantissa.replace(/\.?0+$/u, '') : mantissa
  const power: readonly TextRun[] = [{ text: '10' }, { text: signed(exponent), shift: 'super' }]
  if (short === '1') return power
  return [{ text: `${short}×10` }, power[1]]
}

function signed(value: number): string {
  return value < 0 ? `−${-value}` : String(value)
}
