// cosineWords
import { describe, expect, test } from 'vitest'
import { cosineHeadline, cosineRows, cosineTable } from '../../src/plots/cosineWords.ts'
import { plainText } from '../../src/plots/scene.ts'
import { cosineSample, evenCosines } from './plotSamples.ts'

const armOf = (change: object) => ({
  arm: 'A' as const,
  label: 'A',
  current: { ...cosineSample('A', evenCosines(-0.5, 0.5)), ...change },
  unavailable: null,
})
const rowsOf = (change: object) => new Map(cosineRows([armOf(change)]).map(({ name, values }) => [name.trim(), plainText(values[0])]))

describe('the words of the cosine plot', () => {
  test('name every quantity of the gradients: three confusions, diversity, its bound, variance, share below zero', () => {
    const rows = rowsOf({})
    expect(rows.get('confusion η')).toBe('0.31')
    expect(rows.get('of directions')).toBe('0.4')
    expect(rows.get('on average')).toBe('0.02')
    expect(rows.get('diversity Δ')).toBe('0.05')
    expect(rows.get('batch bound n Δ')).toBe('500')
    expect(rows.get('gradient variance')).toBe('1')
    expect(rows.get('below zero')).toBe('50 %')
  })
  test('tell all pairs of batches apart from the independent pairs, in the column and in the table', () => {
    const { pairs } = cosineSample('A', evenCosines(-0.5, 0.5))
    const rows = rowsOf({ batches: { ...pairs, count: 12, min: -0.25 } })
    expect(rows.get('all pairs of batches')).toBe('12')
    expect(cosineTable({ arms: [armOf({ batches: { ...pairs, count: 12, min: -0.25 } })], theory: [] }).rows.map((row) => row[1])).toEqual([
      'batches of 128',
      'batches of 128, all of 12',
      'samples',
    ])
    expect(cosineTable({ arms: [armOf({})], theory: [] }).rows).toHaveLength(2)
  })
  test('show numbers that float64 does not hold from their logarithms, and never as 0', () => {
    const tiny = { eta: 0, etaAverage: 0, gradientVariance: 0, log10: { eta: -434.5, etaAverage: -Infinity, gradientVariance: -300 } }
    const rows = rowsOf(tiny)
    expect(rows.get('confusion η')).toBe('3.16e-435')
    expect(rows.get('on average')).toBe('0')
    expect(rows.get('gradient variance')).toBe('10^-300')
    expect(cosineHeadline({ arms: [armOf(tiny)], theory: [] })).toContain('⁻⁴³⁵')
  })
  test('leave numbers in range as they are', () => {
    expect(rowsOf({ eta: 0.31, log10: { eta: Math.log10(0.31), etaAverage: null, gradientVariance: 0 } }).get('confusion η')).toBe('0.31')
    expect(rowsOf({ eta: null, log10: { eta: null, etaAverage: null, gradientVariance: null } }).get('confusion η')).toBe('–')
  })
})
