// Do two numbers of a small card look alike?
import { expect, test } from 'vitest'
import { compactPowers } from '../../src/ui/numberText.ts'

test('compactPowers writes every power of two arms in one way, and leaves one arm as it is', () => {
  expect(compactPowers('A 2×10⁻⁴ · B 10⁻⁹')).toBe('A 2e−4 · B 1e−9')
  expect(compactPowers('A 2.8×10⁻³² · B 1.96×10¹²')).toBe('A 3e−32 · B 2e12')
  expect(compactPowers('A 0.5 · B 0')).toBe('A 0.5 · B 0')
  expect(compactPowers('2.8×10⁻³²')).toBe('2.8×10⁻³²')
})
