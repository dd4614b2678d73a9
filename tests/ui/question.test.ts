// Does the line under a question say what to do at that moment, and only then what was found?
import { expect, test } from 'vitest'
import { hintOf, momentOf } from '../../src/ui/question.ts'

const AT_REST = { phase: 'ready', step: 0, wanted: 'pause' } as const

test('momentOf tells a run that has not begun from one that has, and from one that is over', () => {
  expect(momentOf(AT_REST)).toBe('before')
  expect(momentOf({ ...AT_REST, phase: 'starting' })).toBe('before')
  // From the click on, whatever the Worker does first.
  expect(momentOf({ ...AT_REST, phase: 'starting', wanted: 'run' })).toBe('during')
  expect(momentOf({ ...AT_REST, phase: 'paused', step: 3 })).toBe('during')
  expect(momentOf({ ...AT_REST, phase: 'diverged', step: 3 })).toBe('during')
  expect(momentOf({ phase: 'finished', step: 400, wanted: 'pause' })).toBe('after')
})

test('hintOf asks for Run before it only, and keeps the finding until the end', () => {
  const finding = 'RMSprop was first.'
  expect(hintOf('before', null, finding)).toContain('press Run')
  expect(hintOf('before', 'SGD', finding)).toBe('Your guess: SGD. Now press Run.')
  expect(hintOf('during', null, finding)).not.toMatch(/Run|RMSprop/u)
  expect(hintOf('during', 'SGD', finding)).toBe('Your guess: SGD.')
  expect(hintOf('after', null, finding)).toBe(finding)
  expect(hintOf('after', 'SGD', finding)).toBe(`You said: SGD. ${finding}`)
})
