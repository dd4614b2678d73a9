// Is a run ever lost, or a plot ever blank? No WebGPU, a GPU lost mid-run, a missing shard, a divergence, a refusal.
import { expect, test } from '@playwright/test'
import { prependToWorker, reachStep, runButton, stepOf, untilReady } from './laboratory.ts'

/** A network small enough for a software adapter. */
const SMALL = 'v=1&p=fashion.1&data=digits&depth=2&width=8&batch=16&steps=100000'

test('without WebGPU the same experiment runs on the CPU and says so', async ({ page }) => {
  await prependToWorker(page, "Object.defineProperty(navigator, 'gpu', { value: undefined });")
  await page.goto('./#v=1&p=fashion.1')
  await untilReady(page)
  const chip = page.locator('.topbar .chip')
  await expect(chip).toContainText('CPU')
  await chip.click()
  await expect(page.locator('.backend')).toContainText(/WebGPU/)
  await page.keyboard.press('Escape')
  await runButton(page).click()
  await reachStep(page, 5)
})

test('a GPU that is lost mid-run comes back, and the run goes on', async ({ page }) => {
  await prependToWorker(
    page,
    `const ask = GPUAdapter.prototype.requestDevice
     GPUAdapter.prototype.requestDevice = async function (...given) {
       const device = await ask.apply(this, given)
       new BroadcastChannel('lose-the-gpu').onmessage = () => device.destroy()
       return device
     }`,
  )
  await page.goto(`./#${SMALL}&engine=network`)
  await untilReady(page)
  await expect(page.locator('.topbar .chip')).toContainText('WebGPU')
  await runButton(page).click()
  await reachStep(page, 3)
  const before = await stepOf(page)
  // A channel has one origin by itself; it knows no target.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  await page.evaluate(() => new BroadcastChannel('lose-the-gpu').postMessage('now'))
  await expect(page.locator('.notice')).toContainText('The GPU was lost')
  await expect(runButton(page)).toHaveText('Pause', { timeout: 60_000 })
  await reachStep(page, before + 3)
})

test('a missing shard is a sentence and a retry, never a wrong number', async ({ page }) => {
  let missing = true
  await page.route('**/data/digits.bin', (route) => (missing ? route.fulfill({ status: 404 }) : route.continue()))
  await page.goto(`./#${SMALL}&engine=float64`)
  const card = page.getByRole('alert')
  await expect(card).toContainText('The images did not arrive')
  missing = false
  await card.getByRole('button', { name: 'Try again' }).click()
  await untilReady(page)
  await expect(card).toHaveCount(0)
})

test('a diverging run stops, keeps its curves, names the layer and offers a smaller rate', async ({ page }) => {
  await page.goto('./#v=1&p=race.1&depth=3&tau=4&lr=50&seeds=1&vs=none')
  await untilReady(page)
  await runButton(page).click()
  const card = page.getByRole('alert')
  await expect(card).toContainText('left the finite numbers')
  await expect(card).toContainText(/weight|layer/i)
  await card.getByRole('button', { name: /Rate ÷ 10/ }).click()
  await expect(page.getByLabel('Learning rate, typed')).toHaveValue('5')
})

test('what does not fit is refused before the run, with the nearest that does', async ({ page }) => {
  await page.goto('./#v=1&p=fashion.1&depth=2000&width=1024')
  const card = page.getByRole('alert')
  await expect(card).toContainText('The nearest that fits')
  await card.getByRole('button', { name: 'Use the nearest that fits' }).click()
  await expect(card).toHaveCount(0)
})
