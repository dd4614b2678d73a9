// Can somebody who has never seen the page use it? First visit, run, pause, step, edit, share, keys; on the production build.
import { readFile } from 'node:fs/promises'
import { expect, test } from '@playwright/test'
import { listenForTrouble, PANELS, pictureOf, reachStep, runButton, stepOf, untilReady, type PanelName } from './laboratory.ts'

test('the default scene runs, moves four plots, pauses and steps, without an error or a foreign request', async ({ page, baseURL }) => {
  const trouble = listenForTrouble(page, baseURL!)
  await page.goto('./')
  await untilReady(page)
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Which optimizer leaves the plateau first?')
  const moving: readonly PanelName[] = ['loss', 'gradientNorms', 'hessian', 'kernel']
  const before = await Promise.all(PANELS.map((panel) => pictureOf(page, panel)))
  await runButton(page).click()
  await reachStep(page, 60)
  await runButton(page).click()
  await expect(runButton(page)).toHaveText('Run')
  for (const panel of moving) await expect.poll(() => pictureOf(page, panel)).not.toBe(before[PANELS.indexOf(panel)])
  // One sample has no pairs: the card says so and stays as it is.
  await expect(page.locator('.stage [data-panel=cosines]')).toContainText('One sample, no pair')

  const paused = await stepOf(page)
  await page.getByRole('button', { name: 'Step' }).click()
  await expect.poll(() => stepOf(page)).toBe(paused + 1)
  expect(trouble).toEqual({ errors: [], foreign: [] })
})

test('one click leads to real images', async ({ page }) => {
  await page.goto('./')
  await untilReady(page)
  await page.getByRole('button', { name: 'Real images' }).click()
  await expect(page.getByLabel('Data', { exact: true })).toHaveValue('fashionMnist')
  await expect(page).toHaveURL(/p=fashion\.1/)
  await expect(page.getByText('17\u202f418 weights')).toBeVisible()
})

test('all five plots move on real images', async ({ page, baseURL }) => {
  const trouble = listenForTrouble(page, baseURL!)
  // The engine of the CPU: a software adapter would spend a minute on what this measures in seconds.
  await page.goto('./#v=1&p=fashion.1&engine=float64')
  await untilReady(page)
  const before = await Promise.all(PANELS.map((panel) => pictureOf(page, panel)))
  await runButton(page).click()
  await reachStep(page, 20)
  for (const [index, panel] of PANELS.entries()) {
    await expect.poll(() => pictureOf(page, panel), { message: panel, timeout: 60_000 }).not.toBe(before[index])
  }
  expect(trouble).toEqual({ errors: [], foreign: [] })
})

test('a slider restarts a running run with the same seed and leaves the old one as a ghost', async ({ page }) => {
  await page.goto('./')
  await untilReady(page)
  await runButton(page).click()
  await reachStep(page, 40)
  const depth = page.getByLabel('Depth, typed')
  await depth.fill('8')
  await depth.press('Enter')
  await expect(page.locator('.ghost-chip')).toHaveText('depth 24')
  await expect(page).toHaveURL(/depth=8/)
  await expect(page).not.toHaveURL(/seed=/)
  await expect(runButton(page)).toHaveText('Pause')
  await reachStep(page, 10)
  await page.keyboard.press('Control+z')
  await expect(depth).toHaveValue('24')
})

test('a rate that changes on the way marks the time axis, and the run goes on', async ({ page }) => {
  await page.goto('./')
  await untilReady(page)
  await runButton(page).click()
  await reachStep(page, 30)
  const rate = page.getByLabel('Learning rate of arm A, typed')
  await rate.fill('0.02')
  await rate.press('Enter')
  await expect(page.locator('.scrubber .mark')).toHaveCount(1)
  expect(await stepOf(page)).toBeGreaterThanOrEqual(30)
  await expect(page).toHaveURL(/ch=\d+A/)
})

test('a shared link restores the same experiment and the same first losses', async ({ page, context }) => {
  const firstLosses = async (on: typeof page) => {
    await untilReady(on)
    await on.keyboard.press('Shift+ArrowRight')
    await expect.poll(() => stepOf(on)).toBe(10)
    await on.getByRole('button', { name: 'Loss as a table' }).click()
    const rows = on.getByRole('dialog').locator('tbody tr')
    await expect(rows).not.toHaveCount(0)
    return rows.allTextContents()
  }
  await page.goto('./#v=1&p=race.1&depth=12&tau=1.7&seed=42&seeds=8')
  await untilReady(page)
  await page.getByRole('button', { name: 'Share' }).click()
  const link = await page.getByRole('textbox', { name: 'Link' }).inputValue()
  await page.keyboard.press('Escape')
  const there = await context.newPage()
  await there.goto(link)
  await expect(there.getByLabel('Depth, typed')).toHaveValue('12')
  expect(await firstLosses(there)).toEqual(await firstLosses(page))
})

test('a bad link never breaks the page: each field that does not fit is told', async ({ page, baseURL }) => {
  const trouble = listenForTrouble(page, baseURL!)
  await page.goto('./#v=1&p=nowhere.9&depth=99999&lr=abc&<img src=x onerror=alert(1)>=1&__proto__=2&z=!!')
  await untilReady(page)
  await expect(page.locator('.notice')).toContainText('settings did not fit')
  await expect(page.getByLabel('Depth, typed')).toHaveValue('2000')
  await expect(page.locator('img[src=x]')).toHaveCount(0)
  expect(trouble.errors).toEqual([])
})

test('keys drive the page and leave a text box alone', async ({ page }) => {
  await page.goto('./')
  await untilReady(page)
  await page.keyboard.press('ArrowRight')
  await expect.poll(() => stepOf(page)).toBe(1)
  await page.keyboard.press('Shift+ArrowRight')
  await expect.poll(() => stepOf(page)).toBe(11)
  await page.keyboard.press('r')
  await expect.poll(() => stepOf(page)).toBe(0)
  await untilReady(page)
  await page.keyboard.press('n')
  await expect(page).toHaveURL(/seed=8/)
  await untilReady(page)
  await page.keyboard.press('Space')
  await reachStep(page, 5)
  await page.keyboard.press('Space')
  await expect(runButton(page)).toHaveText('Run')
  const theme = () => page.locator('html').getAttribute('data-theme')
  const before = await theme()
  await page.keyboard.press('t')
  await expect.poll(theme).not.toBe(before)
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'How this page works' })).toBeVisible()
  await page.keyboard.press('Escape')
  await page.getByLabel('Depth, typed').focus()
  await page.keyboard.type('t')
  await expect.poll(theme).not.toBe(before)
})

test('everything stands on 1440 x 900 without scrolling, and nothing is wider than a phone', async ({ page }) => {
  await page.goto('./')
  await untilReady(page)
  const overflow = () =>
    page.evaluate(() =>
      ['.controls', '.theory', '.lab-grid'].filter((part) => {
        const element = document.querySelector(part)
        return element !== null && element.scrollHeight > element.clientHeight + 1
      }),
    )
  expect(await overflow()).toEqual([])
  await page.setViewportSize({ width: 400, height: 800 })
  expect(await page.evaluate(() => document.querySelector('.lab-grid')!.scrollWidth)).toBeLessThanOrEqual(400)
  await expect(runButton(page)).toBeInViewport()
})

test('a run leaves as a file and comes back as the same experiment; pictures say where they come from', async ({ page }) => {
  await page.goto('./#v=1&p=race.1&depth=10&seed=99&seeds=4')
  await untilReady(page)
  await page.keyboard.press('Shift+ArrowRight')
  await expect.poll(() => stepOf(page)).toBe(10)
  const save = async (entry: RegExp) => {
    await page.getByRole('button', { name: 'Export' }).click()
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: entry }).click()])
    return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) }
  }
  const run = await save(/Run, JSON/)
  expect(run.name).toBe('plateau-race-seed99.json')
  const csv = await save(/Numbers, CSV/)
  const lines = csv.bytes.toString().split('\n')
  expect(lines[0]).toBe('run,arm,seed,step,series,value')
  expect(lines.filter((line) => /^now,A,\d+,\d+,loss,/.test(line))).toHaveLength(40)
  const svg = await save(/Picture, SVG/)
  expect(svg.bytes.toString()).toContain('"seed":99')
  const png = await save(/Picture, PNG/)
  expect(png.bytes.subarray(1, 4).toString()).toBe('PNG')
  expect(png.bytes.toString('latin1')).toContain('"seed":99')

  await page.goto('./')
  await untilReady(page)
  await page.getByLabel('Open a run').setInputFiles({ name: run.name, mimeType: 'application/json', buffer: run.bytes })
  await expect(page.getByLabel('Depth, typed')).toHaveValue('10')
  await expect(page).toHaveURL(/seed=99/)
  await page.getByLabel('Open a run').setInputFiles({ name: 'no.json', mimeType: 'application/json', buffer: Buffer.from('{"a":1}') })
  await expect(page.locator('.notice')).toContainText('The file holds no experiment')
})
