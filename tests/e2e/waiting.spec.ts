// What does a person feel when things take long? Answers at the click, progress, a way out, and nothing lost.
import { expect, test } from '@playwright/test'
import { listenForTrouble, reachStep, runButton, stepOf, untilReady } from './laboratory.ts'

/** An MLP whose exact spectrum, and so its snapshot, takes seconds, in the engine that every machine has. */
const WIDE = '#v=1&l=fashion.1&depth=3&width=16&data=digits&engine=float64'
/** A network of images with many seeds and two arms: its start takes long, and so does each of its steps. */
const HEAVY = '#v=1&l=race.1&model=cnn&data=digits&engine=float64&depth=6&width=8&seeds=16'
/** Fits the memory, and trains a step a minute. */
const A_STEP_A_MINUTE = '#v=1&l=race.1&model=cnn&data=digits&engine=float64&depth=24&width=24&seeds=32'

test('an exact spectrum shows how far it is, and Escape ends it and leaves the old picture', async ({ page, baseURL }) => {
  const trouble = listenForTrouble(page, baseURL!)
  await page.goto(`./${WIDE}`)
  await untilReady(page)
  await page.getByRole('button', { name: 'Make Hessian the main plot' }).click({ force: true })
  const card = page.locator('.stage-main .card')
  await card.hover()
  const solve = card.getByRole('button', { name: 'Solve exactly' })
  await expect(solve).toBeVisible()
  const caption = card.locator('.card-head .sub')
  await expect(caption).toContainText('Lanczos')
  await solve.click()
  await expect(card.getByRole('progressbar', { name: 'Hessian' })).toHaveAttribute('aria-valuetext', /Exact Hessian|Eigenvalues/u)
  await page.keyboard.press('Escape')
  await expect(card.getByRole('progressbar')).toHaveCount(0, { timeout: 3000 })
  await expect(caption).toContainText('Lanczos')
  await expect(solve).toBeVisible()
  // The Worker of the eigenvalues was ended, the run was not.
  await runButton(page).click()
  await reachStep(page, 5)
  expect(trouble).toEqual({ errors: [], foreign: [] })
})

test('a snapshot can be watched and taken back, and the run goes on', async ({ page, baseURL }) => {
  const trouble = listenForTrouble(page, baseURL!)
  const downloads: string[] = []
  page.on('download', (download) => downloads.push(download.suggestedFilename()))
  await page.goto(`./${WIDE}`)
  await untilReady(page)
  await page.getByRole('button', { name: 'Export' }).click()
  await page.getByRole('button', { name: /^Snapshot, JSON/u }).click()
  const line = page.getByRole('progressbar', { name: 'Snapshot' })
  await expect(line).toHaveAttribute('aria-valuenow', /[1-9]/u, { timeout: 30_000 })
  await page.getByRole('button', { name: 'Cancel: Snapshot' }).click()
  await expect(line).toHaveCount(0, { timeout: 5000 })
  await runButton(page).click()
  await reachStep(page, 1)
  expect(downloads).toEqual([])
  expect(trouble).toEqual({ errors: [], foreign: [] })
})

test('Run is answered at the click while a long start is measured, and training begins without it', async ({ page, baseURL }) => {
  const trouble = listenForTrouble(page, baseURL!)
  await page.goto(`./${HEAVY}`)
  await expect(page.locator('.progress')).toContainText('Measuring', { timeout: 60_000 })
  await page.keyboard.press('Space')
  await expect(runButton(page)).toHaveText(/Starting|Pause/u, { timeout: 2000 })
  await expect(page.locator('.lab')).toHaveAttribute('data-phase', 'running', { timeout: 15_000 })
  await page.keyboard.press('Space')
  await expect(runButton(page)).toHaveText(/Pausing|Run/u, { timeout: 2000 })
  // The lesson asks about a chain; here is none.
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('What makes it learn?')
  await page.getByRole('button', { name: 'Back to the lesson' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Which optimizer leaves the plateau first?')
  expect(trouble).toEqual({ errors: [], foreign: [] })
})

test('a step of a minute is announced with what makes it shorter, shows how far it is, and is held at the click', async ({
  page,
  baseURL,
}) => {
  const trouble = listenForTrouble(page, baseURL!)
  await page.goto(`./${A_STEP_A_MINUTE}`)
  await expect(page.locator('.slow-step')).toHaveText(
    /^A step will take about \d+ (s|minutes) here: with (\d+ seeds?|width \d+ and 1 seed) it would be about \d/u,
    {
      timeout: 60_000,
    },
  )
  await page.keyboard.press('Space')
  const line = page.locator('.progress', { hasText: /^Step 1$/u })
  await expect(line).toBeVisible({ timeout: 60_000 })
  const lab = page.locator('.lab')
  for (let click = 0; click < 2; click++) {
    await page.keyboard.press('Space')
    await expect(lab).toHaveAttribute('data-phase', 'ready', { timeout: 2000 })
    await expect(line).toHaveCount(0)
    await page.keyboard.press('Space')
    await expect(lab).toHaveAttribute('data-phase', 'running', { timeout: 2000 })
    await expect(line).toBeVisible()
  }
  expect(await stepOf(page)).toBe(0)
  // Another start ends the step as well.
  await page.getByRole('button', { name: 'New seed' }).click()
  await expect(lab).not.toHaveAttribute('data-phase', 'running', { timeout: 2000 })
  expect(trouble).toEqual({ errors: [], foreign: [] })
})
