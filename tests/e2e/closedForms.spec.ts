// Do closed forms over depth, width, batch size and input stand beside their measurements, with their conditions ticked?
import { expect, test, type Page } from '@playwright/test'
import { listenForTrouble, reachStep, runButton, untilReady } from './laboratory.ts'

async function viewOf(page: Page, hash: string, panel: string, view: string, step: number): Promise<void> {
  await page.goto(`./${hash}`)
  await untilReady(page)
  if (step > 0) {
    await runButton(page).click()
    await reachStep(page, step)
    if ((await runButton(page).textContent())?.includes('Pause') === true) await runButton(page).click()
  }
  const make = page.getByRole('button', { name: `Make ${panel} the main plot` })
  if ((await make.count()) > 0) await make.click({ force: true })
  await page.getByRole('radio', { name: view, exact: true }).check({ force: true })
}

test('the shallow network with fixed output signs trains under its exact kernel', async ({ page, baseURL }) => {
  const trouble = listenForTrouble(page, baseURL!)
  const network = 'model=mlp&depth=2&width=64&act=tanh&bias=0&param=ntk&outw=signs&init=unitNormal'
  const run = 'data=line&n=20&ntest=0&loss=squaredError&reduce=sum&batch=20&lr=0.05&engine=float64&seeds=1&vs=none&steps=60'
  await viewOf(page, `#v=1&${network}&${run}`, 'Kernel drift', 'Exact and by width', 40)
  const plot = page.locator('.stage-main [data-panel=kernel]')
  for (const words of ['kernel K(x, x)', 'infinite width', 'x² mean σ′²', 'curvature of the outputs'])
    await expect(plot).toContainText(words)
  const theory = page.getByRole('complementary', { name: 'Theory' })
  await expect(theory).toContainText('A kernel that is a mean over units')
  // Not at the start any more: the limit of drawn weights is crossed.
  await expect(theory.getByRole('listitem').filter({ hasText: 'infinite width' }).getByLabel('fails')).toHaveCount(1)
  // The curvature of the outputs is measured because the view asks for it.
  await expect(plot).toContainText('x² max|σ″| / √m', { timeout: 60_000 })
  expect(trouble).toEqual({ errors: [], foreign: [] })
})

test('batches stand beside what diversity says, and the table has both', async ({ page }) => {
  const network = 'model=mlp&depth=2&width=12&act=identity&bias=0&init=unitNormal'
  const run = 'data=teacher&din=10&n=200&ntest=0&loss=squaredError&batch=20&lr=1e-4&engine=float64&seeds=1&vs=none&steps=60'
  await viewOf(page, `#v=1&${network}&${run}`, 'Gradient cosines', 'Batches', 20)
  const plot = page.locator('.stage-main [data-panel=cosines]')
  for (const words of ['batch size B', 'expected', 'lower bound of n Delta', 'width']) await expect(plot).toContainText(words)
  await expect(page.getByRole('complementary', { name: 'Theory' })).toContainText('samples do not share a batch norm')
})

test('the width that a budget leaves is drawn under its slider', async ({ page }) => {
  await page.goto('./#v=1&model=mlp&depth=6&params=4000&data=mixture&engine=float64&vs=none')
  await untilReady(page)
  await expect(page.getByRole('img', { name: /^Width by depth at this budget/u })).toBeVisible()
})
