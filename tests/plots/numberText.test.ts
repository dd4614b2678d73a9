// Do numbers on plots look like numbers in a paper?
import { describe, expect, test } from 'vitest'
import { measuredFromLog10, measuredNumber, plainNumber, powerOfTen } from '../../src/plots/numberText.ts'
import { inlineText, plainText } from '../../src/plots/scene.ts'

describe('powerOfTen', () => {
  test('typesets the exponent and writes 1 and 10 plainly', () => {
    expect(powerOfTen(0)).toBe('1')
    expect(powerOfTen(1)).toBe('10')
    expect(powerOfTen(-4)).toEqual([{ text: '10' }, { text: '−4', shift: 'super' }])
  })
})

describe('plainNumber', () => {
  test('uses a real minus sign, thin spaces from 10 000 on and no exponent', () => {
    expect([plainNumber(-0.5), plainNumber(1500), plainNumber(12_345), plainNumber(0.000_02), plainNumber(0)]).toEqual([
      '−0.5',
      '1500',
      '12\u2009345',
      '0.00002',
      '0',
    ])
  })
})

describe('measuredNumber', () => {
  test('switches to powers of ten below 0.001 and from 100 000 on', () => {
    expect(plainText(measuredNumber(0.001_234))).toBe('0.00123')
    expect(plainText(measuredNumber(0.000_340_2))).toBe('3.4e-4')
    expect(plainText(measuredNumber(-123_456))).toBe('-1.23e5')
    expect(plainText(measuredNumber(1e-12))).toBe('10^-12')
  })

  test('names what is no number', () => {
    expect([measuredNumber(NaN), measuredNumber(Infinity), measuredNumber(-Infinity), measuredNumber(0)]).toEqual(['–', '∞', '−∞', '0'])
  })
})

describe('measuredFromLog10', () => {
  test('agrees with measuredNumber where floats reach, and goes on where they do not', () => {
    expect(measuredFromLog10(-5, 2)).toEqual(measuredNumber(1e-5, 2))
    expect(plainText(measuredFromLog10(-700.5))).toBe('3.2e-701')
    expect(measuredFromLog10(-Infinity)).toBe('0')
  })
})

describe('inlineText', () => {
  test('raises exponents with letters of their own', () => {
    expect(inlineText(measuredNumber(2e-5, 2))).toBe('2×10⁻⁵')
  })
})
