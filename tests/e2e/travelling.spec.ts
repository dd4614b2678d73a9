// Can one go back: to the lesson before, to a step before, to the page as it was before the hall, and to what was copied?
import { expect, test } from '@playwright/test'
import { listenForTrouble, pictureOf, reachStep, runButton, untilReady } from './laboratory.ts'

test('Back and Forward lead through the lessons that were looked at', async ({ page, baseURL }) => {
  const trouble = listenForTrouble(page, baseURL!)
  // Written as links once were: the page writes it in another way.
  await page.goto('./#v=1&l=race.1')
  await untilReady(page)
  const question = page.getByRole('heading', { level: 1 })
  await page.keyboard.press('2')
  await expect(question).toContainText('How much gradient')
  await page.keyboard.press('3')
  await expect(question).toContainText('valley, a hill or a saddle')
  await page.goBack()
  await page.goBack()
  await expect(question).toContainText('Which optimizer leaves the plateau first?')
  await page.goForward()
  await expect(question).toContainText('How much gradient')
  await page.goForward()
  await expect(question).toContainText('valley, a hill or a saddle')
  expect(trouble).toEqual({ errors: [], foreign: [] })
})

test('the arrow keys look back without stopping the run, and D shows the numbers', async ({ page }) => {
  await page.goto('./')
  await untilReady(page)
  await runButton(page).click()
  await reachStep(page, 40)
  await runButton(page).click()
  await expect(runButton(page)).toHaveText('Run')
  await runButton(page).blur()
  await page.keyboard.press('Shift+ArrowLeft')
  await expect(page.getByRole('button', { name: 'live' })).toBeVisible()
  await page.keyboard.press('Shift+ArrowRight')
  await expect(page.getByRole('button', { name: 'live' })).toHaveCount(0)
  await page.keyboard.press('d')
  await expect(page.getByRole('dialog', { name: 'Loss as a table' })).toBeVisible()
})

test('F makes the page large enough for a hall and small again, plots included', async ({ page }) => {
  await page.goto('./')
  await untilReady(page)
  await page.keyboard.press('f')
  await expect(page.locator('html')).toHaveAttribute('data-present', '1')
  // On a wide wall too the plots have the room: the theory is a drawer.
  await expect(page.locator('.theory')).toBeHidden()
  expect((await page.locator('.stage-main').boundingBox())!.width).toBeGreaterThan(1000)
  await page.getByRole('button', { name: 'Theory' }).click()
  await expect(page.locator('.theory')).toBeVisible()
  await page.getByRole('button', { name: 'Theory' }).click()
  const tick = page.locator('.stage-main [data-panel=loss] text').first()
  await expect.poll(async () => Number(await tick.getAttribute('font-size'))).toBeGreaterThanOrEqual(18)
  await page.keyboard.press('f')
  await expect.poll(async () => Number(await tick.getAttribute('font-size'))).toBeLessThan(14)
})

test('a dark page is printed light and is dark again afterwards', async ({ page }) => {
  await page.goto('./?theme=dark')
  await untilReady(page)
  await runButton(page).click()
  await reachStep(page, 30)
  await runButton(page).click()
  await expect(runButton(page)).toHaveText('Run')
  const light = await page.evaluate(() => {
    dispatchEvent(new Event('beforeprint'))
    const { theme } = document.documentElement.dataset
    return { theme, words: document.querySelector('.stage-main [data-panel=loss] svg')!.innerHTML }
  })
  expect(light.theme).toBe('light')
  // At once: a printer waits for no frame.
  expect(light.words).toContain('#59616e')
  expect(light.words).not.toContain('#9aa6b6')
  await page.evaluate(() => dispatchEvent(new Event('afterprint')))
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  await expect.poll(() => pictureOf(page, 'loss')).toContain('#9aa6b6')
})

test('a copied link is answered on its own button', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.goto('./#v=1&p=race.1&depth=12')
  await untilReady(page)
  await page.getByRole('button', { name: 'Share' }).click()
  const copy = page.getByRole('button', { name: 'Copy: Link' })
  await copy.click()
  await expect(copy).toHaveText('Copied')
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('depth=12')
})
