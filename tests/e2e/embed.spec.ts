// Do figures in somebody's lecture page work, one at a time, and only while they are seen?
import { expect, test } from '@playwright/test'
import { listenForTrouble, reachStep, runButton, stepOf, untilReady } from './laboratory.ts'

test('both figures of the lecture page run, one at a time', async ({ page, baseURL }) => {
  const trouble = listenForTrouble(page, baseURL!)
  await page.setViewportSize({ width: 1000, height: 1400 })
  await page.goto('./lecture.html')
  const first = page.frameLocator('iframe').first()
  const second = page.frameLocator('iframe').last()
  await page.locator('iframe').first().scrollIntoViewIfNeeded()
  await untilReady(first)
  await runButton(first).click()
  await reachStep(first, 20)
  // Tall enough for both: starting the second must stop the first.
  await page.setViewportSize({ width: 1000, height: 2600 })
  await page.locator('iframe').last().scrollIntoViewIfNeeded()
  await untilReady(second)
  await runButton(second).click()
  await expect(runButton(first)).toHaveText('Run')
  await reachStep(second, 5)
  expect(trouble).toEqual({ errors: [], foreign: [] })
})

test('a figure that is scrolled away pauses and goes on when it comes back', async ({ page }) => {
  await page.setViewportSize({ width: 1000, height: 700 })
  await page.goto('./lecture.html')
  const figure = page.locator('iframe').first()
  const first = page.frameLocator('iframe').first()
  await figure.scrollIntoViewIfNeeded()
  await untilReady(first)
  await runButton(first).click()
  await reachStep(first, 5)
  await page.evaluate(() => scrollTo({ top: 0, behavior: 'instant' }))
  await expect(first.locator('.lab')).toHaveAttribute('data-phase', 'paused')
  const away = await stepOf(first)
  await figure.scrollIntoViewIfNeeded()
  await reachStep(first, away + 5)
})

test('the compact layout shows what the host asked for and leads to the whole page', async ({ page }) => {
  await page.setViewportSize({ width: 720, height: 480 })
  await page.goto('./?embed=1&theme=dark&controls=depth,tau&panels=gradientNorms,loss#v=1&p=vanish.1')
  await untilReady(page)
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  await expect(page.locator('.card[data-variant=main]')).toHaveAccessibleName('Gradient norms')
  await expect(page.locator('.card[data-variant=small]')).toHaveCount(1)
  await expect(page.locator('.topbar')).toHaveCount(0)
  await expect(page.getByRole('link', { name: /Open full/ })).toBeVisible()
  expect(await page.evaluate(() => document.documentElement.scrollHeight)).toBeLessThanOrEqual(480)
})
