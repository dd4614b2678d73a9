// What do all end-to-end tests need? A page that listens for trouble, and the words for its parts.
import { expect, type FrameLocator, type Locator, type Page } from '@playwright/test'

export const PANELS = ['loss', 'gradientNorms', 'cosines', 'hessian', 'kernel'] as const
export type PanelName = (typeof PANELS)[number]

type Scope = Page | FrameLocator

/** The button that runs and pauses. */
export const runButton = (scope: Scope): Locator => scope.locator('.transport .button.primary')

/** Steps done, read from the counter. */
export async function stepOf(scope: Scope): Promise<number> {
  const text = (await scope.getByTestId('step').textContent()) ?? ''
  return Number(text.split('/')[0].replaceAll(/\D/g, ''))
}

/** Waits until at least `step` steps are done. */
export async function reachStep(scope: Scope, step: number, timeout = 60_000): Promise<void> {
  await expect.poll(() => stepOf(scope), { timeout }).toBeGreaterThanOrEqual(step)
}

/** Waits until the picture of step 0 stands. */
export async function untilReady(scope: Scope): Promise<void> {
  await expect(scope.locator('.lab')).toHaveAttribute('data-phase', 'ready', { timeout: 60_000 })
}

/** What a plot shows: the pixels of its canvas and the words above, as one string. */
export async function pictureOf(scope: Scope, panel: PanelName): Promise<string> {
  return scope.locator(`.stage [data-panel=${panel}]`).evaluate((host) => {
    const canvas = host.querySelector('canvas')
    return `${canvas?.toDataURL() ?? ''}${host.querySelector('svg')?.innerHTML ?? ''}`
  })
}

/** Errors of console and page, and requests that leave the origin. */
export interface Trouble {
  readonly errors: readonly string[]
  readonly foreign: readonly string[]
}

/** Collects from now on; call before the first navigation. */
export function listenForTrouble(page: Page, baseURL: string): Trouble {
  const errors: string[] = []
  const foreign: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('request', (request) => {
    if (!request.url().startsWith(baseURL) && !/^(?:data|blob):/.test(request.url())) foreign.push(request.url())
  })
  return { errors, foreign }
}

/** Puts a few lines before the Worker's own script; its headers stay. */
export async function prependToWorker(page: Page, prologue: string): Promise<void> {
  await page.route(/\/assets\/worker-.*\.js$/, async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, body: `${prologue}\n${await response.text()}` })
  })
}
