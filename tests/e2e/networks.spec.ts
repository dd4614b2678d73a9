// Can somebody go from a chain to any network of the papers by the controls alone, and hand it on by its link?
import { expect, test, type Page } from '@playwright/test'
import { listenForTrouble, reachStep, runButton, untilReady } from './laboratory.ts'

const model = (page: Page, name: 'Chain' | 'MLP' | 'CNN') => page.getByRole('group', { name: 'Model' }).getByText(name, { exact: true })

/** A change starts again; waits until the new start is measured. */
async function restarted(page: Page): Promise<void> {
  await expect(page.locator('.lab')).toHaveAttribute('data-phase', /starting|ready/)
  await untilReady(page)
}

test('a CNN trains from the model switch, and its link restores it', async ({ page, context, baseURL }) => {
  const trouble = listenForTrouble(page, baseURL!)
  await page.goto('./')
  await untilReady(page)
  await model(page, 'CNN').click()
  await expect(page.getByText('14×14 → 4 conv 16 → mean → 10')).toBeVisible()
  await expect(page).toHaveURL(/model=cnn/)
  // No rule had to give way.
  await expect(page.locator('.notice')).toHaveCount(0)
  await page.getByLabel('Channels, typed').fill('4')
  await page.getByLabel('Channels, typed').press('Enter')
  await page.getByLabel('Norm', { exact: true }).selectOption('batch')
  await page.getByLabel('Skip connections', { exact: true }).selectOption('2')
  await expect(page.getByText('batch norm · 1 skip')).toBeVisible()
  await restarted(page)
  await expect(page.locator('.card-note').first()).toContainText('frozen statistics')
  await runButton(page).click()
  await reachStep(page, 3)
  await runButton(page).click()
  await expect(page).toHaveURL(/norm=batch/)
  const there = await context.newPage()
  await there.goto(page.url())
  await expect(there.getByText('14×14 → 4 conv 4 → mean → 10 · batch norm · 1 skip')).toBeVisible()
  await untilReady(there)
  await there.keyboard.press('ArrowRight')
  await reachStep(there, 1)
  expect(trouble).toEqual({ errors: [], foreign: [] })
})

test('an image-to-image network brings its targets and loss without a notice, and undo takes all of it back', async ({ page }) => {
  await page.goto('./#v=1&p=fashion.1&model=cnn&depth=3&width=2&side=7&n=64&ntest=16&probe=8&pairs=4&pairbatch=8')
  await untilReady(page)
  await page.getByLabel('Family of networks').selectOption('imageToImage')
  await expect(page).toHaveURL(/targets=inputs/)
  await expect(page).toHaveURL(/loss=squaredError/)
  await expect(page.locator('.notice')).toHaveCount(0)
  await restarted(page)
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(page).not.toHaveURL(/targets=inputs/)
  await expect(page.getByLabel('Family of networks')).toHaveValue('plain')
})

test('with equal parameters the depth slider solves the width', async ({ page }) => {
  await page.goto('./#v=1&p=fashion.1&n=200&ntest=50&side=7&engine=float64')
  await untilReady(page)
  await page.getByLabel('equal parameters').click()
  const solved = page.getByTestId('solved-width')
  await expect(solved).toContainText('width 64')
  const depth = page.getByLabel('Depth, typed')
  await depth.fill('12')
  await depth.press('Enter')
  // 8 010 weights at 49 inputs, 10 outputs and 3 matrices are 8 010 with 12 matrices again: ten of 25 x 25 and biases.
  await expect(solved).toContainText('width 25')
  await restarted(page)
  await expect(page).toHaveURL(/params=\d+/)
  await page.reload()
  await expect(solved).toContainText('width 25')
  await untilReady(page)
  await page.getByLabel('equal parameters').click()
  await expect(page.getByLabel('Width, typed')).toHaveValue('25')
})

test('More settings shows what the choices read, and nothing else', async ({ page }) => {
  await page.goto('./#v=1&p=fashion.1&n=200&ntest=50&side=7&engine=float64')
  await untilReady(page)
  await page.getByLabel('Optimizer', { exact: true }).selectOption('perturbed')
  await page.getByLabel('Data', { exact: true }).selectOption('orthogonal')
  await page.getByRole('button', { name: 'More settings' }).click()
  const dialog = page.getByRole('dialog', { name: 'More settings' })
  await expect(dialog.getByLabel(/^Noise s on the gradient/)).toBeVisible()
  await expect(dialog.getByLabel(/^Momentum/)).toHaveCount(0)
  await expect(dialog.getByLabel('Loss', { exact: true })).toHaveValue('logistic')
  await expect(dialog.getByRole('option', { name: 'Cross-entropy (needs classes)' })).toBeDisabled()
  await expect(dialog.getByLabel('Image side')).toHaveCount(0)
  await dialog.getByLabel('How batches are drawn').selectOption('full')
  await page.keyboard.press('Escape')
  await expect(page.getByLabel('Batch size')).toHaveValue('all')
  await expect(page.locator('.notice')).toHaveCount(0)
  await untilReady(page)
  await runButton(page).click()
  await reachStep(page, 5)
})
