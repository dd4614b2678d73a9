// Is the production build what a lecture page may trust: its own policy, its own files, no noise?
import { expect, test } from '@playwright/test'
import { CONTENT_SECURITY_POLICY } from '../../src/cli/contentSecurityPolicy.ts'

test('the page carries its policy, breaks it nowhere and asks nobody else', async ({ page, baseURL }) => {
  const errors: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  page.on('pageerror', (error) => errors.push(error.message))
  const requests: string[] = []
  page.on('request', (request) => requests.push(request.url()))
  await page.goto('./')
  await expect(page.locator('meta[http-equiv="Content-Security-Policy"]')).toHaveAttribute('content', CONTENT_SECURITY_POLICY)
  // The shell is gone once the page itself has been mounted.
  await expect(page.locator('.shell')).toHaveCount(0)
  await page.waitForLoadState('networkidle')
  expect(errors).toEqual([])
  expect(requests.filter((url) => !url.startsWith(baseURL ?? '') && !/^(?:data|blob):/.test(url))).toEqual([])
})

test('the frame of the page stands before any script has run', async ({ browser, baseURL }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL })
  const page = await context.newPage()
  await page.goto('./')
  await expect(page).toHaveTitle(/Plateau/)
  await expect(page.locator('.shell > header')).toHaveCSS('height', '48px')
  await context.close()
})

test('image shards arrive as they are, without a content encoding', async ({ request }) => {
  const manifest = await request.get('./data/manifest.json')
  expect(manifest.ok()).toBe(true)
  const shard = await request.get('./data/digits.bin')
  expect(shard.headers()['content-encoding']).toBeUndefined()
  expect(shard.headers()['content-length']).toBe(String((await shard.body()).length))
})

test('scripts carry the policy as a header, since a Worker does not inherit a meta tag', async ({ page, request }) => {
  await page.goto('./')
  const script = await page.locator('script[type="module"][src]').first().getAttribute('src')
  const response = await request.get(script ?? '')
  expect(response.headers()['content-security-policy']).toBe(CONTENT_SECURITY_POLICY)
})
