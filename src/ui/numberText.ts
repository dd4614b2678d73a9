// How does a number look in a box, a sentence or a readout? Short, with a true minus sign, and readable back.

/** Up to `digits` significant digits, without trailing zeros; very large and small ones as 2.1e−5. */
export function shortNumber(value: number, digits = 3): string {
  if (Number.isNaN(value)) return '–'
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞'
  if (value === 0) return '0'
  const size = Math.abs(value)
  const text = size >= 1e-3 && size < 1e5 ? String(Number(value.toPrecision(digits))) : Number(value.toPrecision(digits)).toExponential()
  return text.replace('e+', 'e').replaceAll('-', '−')
}

/** Thousands in groups: 12 000. */
export function groupedNumber(value: number): string {
  return Math.round(value)
    .toString()
    .replaceAll(/\B(?=(\d{3})+(?!\d))/g, '\u202f')
}

/** Powers of ten as 2e−5 with one digit where two arms share a small card: cut words say less than round ones. */
export function compactPowers(text: string): string {
  if (!text.includes(' · ')) return text
  return text.replaceAll(/(?:(\d+(?:\.\d+)?)×)?10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)/gu, (_, digits: string | undefined, raised: string) => {
    const exponent = [...raised].map((sign) => (sign === '⁻' ? '-' : String('⁰¹²³⁴⁵⁶⁷⁸⁹'.indexOf(sign)))).join('')
    return Number(`${digits ?? 1}e${exponent}`)
      .toExponential(0)
      .replace('e+', 'e')
      .replace('-', '−')
  })
}

/** What somebody typed: numbers with e, a comma, a true minus, √, e and π alone; null when it is none. */
export function readNumber(text: string): number | null {
  const tidy = text.trim().replaceAll('−', '-').replaceAll(',', '.').replaceAll(/\s/g, '')
  const root = /^(?:√|sqrt)\(?(\d+(?:\.\d+)?)\)?$/i.exec(tidy)
  if (root !== null) return Math.sqrt(Number(root[1]))
  if (tidy === 'e') return Math.E
  if (tidy === 'π' || tidy === 'pi') return Math.PI
  if (tidy === '') return null
  const value = Number(tidy)
  return Number.isFinite(value) ? value : null
}
