// Does each view of an instrument show its own picture, and does a view that needs more than the schedule measures ask for it?
import { expect, test } from '@playwright/test'
import { listenForTrouble, pictureOf, reachStep, runButton, stepOf, untilReady } from './laboratory.ts'

test('the five views of the Hessian show five pictures', async ({ page, baseURL }) => {
  const trouble = listenForTrouble(page, baseURL!)
  await page.goto('./#v=1&p=curvature.1')
  await untilReady(page)
  await runButton(page).click()
  await reachStep(page, 30)
  await runButton(page).click()
  await expect(runButton(page)).toHaveText('Run')
  const make = page.getByRole('button', { name: 'Make Hessian the main plot' })
  if ((await make.count()) > 0) await make.click({ force: true })
  const pictures = new Set<string>()
  for (const [name, words] of [
    ['Spectrum', 'eigenvalue'],
    ['Over time', 'three largest and three smallest eigenvalues'],
    ['Rescaled', 'eigenvalue'],
    ['Layers', 'by layer'],
    ['Entries', 'entries'],
  ] as const) {
    await page.getByRole('radio', { name, exact: true }).check({ force: true })
    await expect(page.locator('.stage-main [data-panel=hessian]')).toContainText(words)
    pictures.add(await pictureOf(page, 'hessian'))
  }
  // An optimizer that rescales nothing feels the plain spectrum; every other view is a picture of its own.
  expect(pictures.size).toBeGreaterThanOrEqual(4)
  expect(trouble).toEqual({ errors: [], foreign: [] })
})

test('the entries of a network that the schedule leaves out are measured when the view asks', async ({ page }) => {
  await page.goto('./#v=1&p=narrow-mlp.1&depth=3&width=4&engine=float64')
  await untilReady(page)
  await page.getByRole('button', { name: 'Make Hessian the main plot' }).click({ force: true })
  await page.getByRole('radio', { name: 'Entries', exact: true }).check({ force: true })
  // 64 x 4 + 4, 4 x 4 + 4, 4 x 10 + 10.
  await expect(page.locator('.stage-main [data-panel=hessian]')).toContainText('330 × 330 entries', { timeout: 60_000 })
})

test('the mean over seeds is one click from the median', async ({ page }) => {
  await page.goto('./')
  await untilReady(page)
  await runButton(page).click()
  await reachStep(page, 40)
  await runButton(page).click()
  await expect(runButton(page)).toHaveText('Run')
  const median = await pictureOf(page, 'loss')
  await page.getByRole('radio', { name: 'Mean', exact: true }).check({ force: true })
  await expect(page.locator('.stage-main .sub')).toContainText('mean bold')
  expect(await pictureOf(page, 'loss')).not.toBe(median)
})

test('the gradient card shows the batch of the step at once when it is asked to, and does not start again', async ({ page, baseURL }) => {
  const trouble = listenForTrouble(page, baseURL!)
  await page.goto('./#v=1&p=narrow-mlp.1&depth=4&width=6&engine=float64&batch=16')
  await untilReady(page)
  const make = page.getByRole('button', { name: 'Make Gradient norms the main plot' })
  if ((await make.count()) > 0) await make.click({ force: true })
  await runButton(page).click()
  await reachStep(page, 20)
  await runButton(page).click()
  await expect(runButton(page)).toHaveText('Run')
  const step = await stepOf(page)
  const card = page.locator('.card[data-variant=main]')
  await expect(card).toContainText('norm by layer')
  await expect(card).not.toContainText('batch of 16')
  await card.getByLabel('Gradient norms of').selectOption('Batch of the step')
  await expect(card).toContainText('norm by layer, batch of 16')
  expect(await stepOf(page)).toBe(step)
  await runButton(page).click()
  await reachStep(page, step + 20)
  await expect(card).toContainText('norm by layer, batch of 16')
  expect(trouble).toEqual({ errors: [], foreign: [] })
})
