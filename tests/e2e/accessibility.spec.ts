// Can everybody use it? axe in both themes and four sizes of the page.
import { AxeBuilder } from '@axe-core/playwright'
import { expect, test } from '@playwright/test'
import { reachStep, runButton, untilReady } from './laboratory.ts'

const PLACES = [
  { name: 'desk', address: './', width: 1440, height: 900 },
  { name: 'hall', address: './?present=1', width: 1280, height: 720 },
  { name: 'phone', address: './', width: 400, height: 800 },
  { name: 'frame', address: './?embed=1', width: 720, height: 480 },
] as const

for (const theme of ['light', 'dark'] as const) {
  test(`axe finds nothing in the ${theme} theme, on desk, in the hall, on a phone and in a frame`, async ({ page }) => {
    for (const { name, address, width, height } of PLACES) {
      await page.setViewportSize({ width, height })
      await page.goto(`${address}${address.includes('?') ? '&' : '?'}theme=${theme}`)
      await untilReady(page)
      await runButton(page).click()
      await reachStep(page, 20)
      await runButton(page).click()
      const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']).analyze()
      expect(violations.map(({ id, nodes }) => `${name}: ${id} ${nodes.map((node) => node.target.join(' ')).join(', ')}`)).toEqual([])
    }
  })
}
