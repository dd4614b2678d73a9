import { expect, test } from 'vitest'
import { filesOf } from '../../src/cli/test.ts'

const PATHS = [
  'core/a.test.ts',
  'ui/b.test.tsx',
  'engine/c.browser.test.ts',
  'e2e/d.spec.ts',
  'e2e/playwright.config.ts',
  'bench/e.test.ts',
  'layering/table.ts',
]

test('filesOf gives each test file to exactly one suite, and benchmarks to none', () => {
  expect(filesOf('unit', PATHS)).toEqual(['core/a.test.ts', 'ui/b.test.tsx'])
  expect(filesOf('browser', PATHS)).toEqual(['engine/c.browser.test.ts'])
  expect(filesOf('e2e', PATHS)).toEqual(['d.spec.ts'])
})
