import { describe, expect, test } from 'vitest'
import { closingLine, noReport, tallyPlaywright, tallyVitest } from '../../src/cli/testReports.ts'

const file = (name: string, status: string, ...statuses: readonly string[]) => ({
  name: `/somewhere/tests/${name}`,
  status,
  message: '',
  assertionResults: statuses.map((each, index) => ({ status: each, fullName: `${name} ${index}` })),
})

describe('tallyVitest', () => {
  test('counts what passed, failed and was skipped', () => {
    const report = {
      success: false,
      testResults: [file('a.test.ts', 'failed', 'passed', 'failed', 'passed'), file('b.test.ts', 'passed', 'pending', 'todo')],
    }
    expect(tallyVitest(report, ['a.test.ts', 'b.test.ts'])).toEqual({
      passed: 2,
      failed: 1,
      skipped: ['b.test.ts 0', 'b.test.ts 1'],
      faults: [],
    })
  })
  test('counts a file that did not load as one failure', () => {
    const report = { success: false, testResults: [file('a.test.ts', 'passed', 'passed'), file('b.test.ts', 'failed')] }
    expect(tallyVitest(report, [])).toMatchObject({ passed: 1, failed: 1 })
  })
  test('counts a file that the runner never saw as one failure', () => {
    const report = { success: true, testResults: [file('a.test.ts', 'passed', 'passed')] }
    const tally = tallyVitest(report, ['a.test.ts', 'core/b.test.ts'])
    expect(tally.failed).toBe(1)
    expect(tally.faults[0]).toContain('core/b.test.ts')
  })
  test('counts a run without any test as one failure', () => {
    expect(tallyVitest({ success: true, testResults: [] }, [])).toMatchObject({ passed: 0, failed: 1 })
  })
  test('counts an error outside every test as one failure', () => {
    expect(tallyVitest({ success: false, testResults: [file('a.test.ts', 'passed', 'passed')] }, ['a.test.ts'])).toMatchObject({
      passed: 1,
      failed: 1,
    })
  })
})

const suite = (name: string, ...statuses: readonly string[]) => ({
  file: name,
  suites: [{ file: name, specs: statuses.map((status, index) => ({ title: `${name} ${index}`, tests: [{ status }] })) }],
})

describe('tallyPlaywright', () => {
  test('counts nested suites, a flaky test as failed, a skipped one as neither', () => {
    const report = { suites: [suite('a.spec.ts', 'expected', 'unexpected', 'flaky', 'skipped')], errors: [] }
    expect(tallyPlaywright(report, ['a.spec.ts'])).toEqual({ passed: 1, failed: 2, skipped: ['a.spec.ts 3'], faults: [] })
  })
  test('counts errors outside tests, unseen files and an empty run as failures', () => {
    expect(tallyPlaywright({ suites: [suite('a.spec.ts', 'expected')], errors: [{ message: 'no server' }] }, ['a.spec.ts'])).toMatchObject({
      passed: 1,
      failed: 1,
    })
    expect(tallyPlaywright({ suites: [suite('a.spec.ts', 'expected')], errors: [] }, ['b.spec.ts'])).toMatchObject({ passed: 1, failed: 1 })
    expect(tallyPlaywright({ suites: [], errors: [] }, [])).toMatchObject({ passed: 0, failed: 1 })
  })
})

describe('closingLine', () => {
  test('adds the reports up', () => {
    expect(
      closingLine([
        { passed: 3, failed: 0, skipped: [], faults: [] },
        noReport('crashed'),
        { passed: 4, failed: 2, skipped: ['x'], faults: [] },
      ]),
    ).toBe('7 passed, 3 failed')
  })
})
