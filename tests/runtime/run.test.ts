// What does a run promise to its page? The same numbers every time, whatever is measured or interrupted.
import { expect, test } from 'vitest'
import { lossesOf, openPage, shortRace } from './runHarness.ts'

test('a run streams every loss of every seed of both arms, then finishes', async () => {
  const page = openPage(shortRace())
  await page.finished()
  await page.close()
  for (const arm of ['A', 'B'] as const) {
    const losses = lossesOf(page.samples(), arm)
    expect(losses).toHaveLength(60 * 4)
    expect(losses.every(Number.isFinite)).toBe(true)
  }
  expect(page.messages.filter(({ type }) => type === 'fault')).toEqual([])
})
