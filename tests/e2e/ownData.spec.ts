// Can somebody train on data of their own? Dropped or chosen, looked at, accepted, trained, linked; and what is broken says so.
import { readFile } from 'node:fs/promises'
import { AxeBuilder } from '@axe-core/playwright'
import { expect, test, type Locator, type Page } from '@playwright/test'
import { parseImageShard } from '../../src/data/imageShard.ts'
import { gunzip } from '../../src/data/gunzip.ts'
import { csvOf, gzipped, idxBytes } from '../data/ownFile/buildFiles.ts'
import { listenForTrouble, reachStep, runButton, untilReady } from './laboratory.ts'

interface Dropped {
  readonly name: string
  readonly bytes: Uint8Array
}

const textFile = (name: string, words: string): Dropped => ({ name, bytes: new TextEncoder().encode(words) })
const IRIS = textFile('flowers.csv', `sepal,petal,species\r\n${csvOf(150).replaceAll('\n', '\r\n')}\r\n`)

/** Lets files fall on the middle of the page, as a hand would. */
async function drop(page: Page, files: readonly Dropped[]): Promise<void> {
  const parts = files.map(({ name, bytes }) => ({ name, base64: Buffer.from(bytes).toString('base64') }))
  await page.evaluate((given) => {
    const dataTransfer = new DataTransfer()
    for (const { name, base64 } of given) {
      dataTransfer.items.add(new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], name))
    }
    for (const type of ['dragenter', 'dragover', 'drop']) {
      document.querySelector('.stage')!.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }))
    }
  }, parts)
}

const dialogOf = (page: Page): Locator => page.getByRole('dialog', { name: /Your own data|This file cannot be used/u })

/** The first shard of the shipped images as a pair of IDX files, the labels packed. */
async function mnistPair(): Promise<readonly Dropped[]> {
  const packed = new Uint8Array(await readFile(new URL('../../public/data/fashion-mnist-0.bin', import.meta.url)))
  const { count, labels, pixels } = parseImageShard(await gunzip(packed, 2 ** 24, 'shard'), 'shard')
  return [
    { name: 'train-images-idx3-ubyte', bytes: idxBytes([count, 28, 28], pixels) },
    { name: 'train-labels-idx1-ubyte.gz', bytes: gzipped(idxBytes([count], labels)) },
  ]
}

test('a dropped table is previewed, accepted and trained, and its link asks for the file', async ({ page, context, baseURL }) => {
  const trouble = listenForTrouble(page, baseURL!)
  await page.goto('./')
  await untilReady(page)
  await drop(page, [IRIS])
  const dialog = dialogOf(page)
  await expect(dialog.getByRole('row')).toHaveCount(26)
  await expect(dialog).toContainText('150 of 2 numbers')
  await expect(dialog).toContainText('nothing is uploaded')
  await expect(dialog.getByRole('listitem')).toHaveText(['050', '150', '250'])
  await dialog.getByRole('button', { name: 'Accept' }).click()
  await untilReady(page)
  await expect(page.getByLabel('Data', { exact: true })).toHaveValue('file')
  await runButton(page).click()
  await reachStep(page, 60)
  expect(trouble).toEqual({ errors: [], foreign: [] })

  // Another visitor has the link and not the file.
  await expect(page).toHaveURL(/file=[0-9a-f]{64}\.1\.2\.1\.3\.flowers\.csv/u)
  const other = await context.newPage()
  const theirs = listenForTrouble(other, baseURL!)
  await other.goto(page.url())
  await page.close()
  const needed = other.getByRole('alert').filter({ hasText: 'This run needs a file' })
  await expect(needed).toContainText(/Choose flowers\.csv \(SHA-256 [0-9a-f]{8}…\)/u)
  const link = other.url()
  await drop(other, [textFile('other.csv', csvOf(90))])
  await expect(dialogOf(other).getByRole('alert')).toContainText('this is another file')
  await dialogOf(other).getByRole('button', { name: 'Cancel' }).click()
  await expect(needed).toBeVisible()
  const chooser = other.waitForEvent('filechooser')
  await needed.getByRole('button', { name: 'Choose the file' }).click()
  await (await chooser).setFiles({ name: 'renamed.txt', mimeType: 'text/plain', buffer: Buffer.from(IRIS.bytes) })
  await expect(needed).toBeHidden()
  await untilReady(other)
  expect(other.url()).toBe(link)
  await runButton(other).click()
  await reachStep(other, 20)
  expect(theirs).toEqual({ errors: [], foreign: [] })
})

test('a pair of IDX files shows 25 pictures and trains; they are chosen from the list of data', async ({ page, baseURL }) => {
  const trouble = listenForTrouble(page, baseURL!)
  // The engine of the CPU: a software adapter would spend its time on compiling.
  await page.goto('./#v=1&p=fashion.1&engine=float64&side=7')
  await untilReady(page)
  const chooser = page.waitForEvent('filechooser')
  await page.getByLabel('Data', { exact: true }).selectOption({ label: 'Choose a file …' })
  const pair = await mnistPair()
  await (await chooser).setFiles(pair.map(({ name, bytes }) => ({ name, mimeType: '', buffer: Buffer.from(bytes) })))
  const dialog = dialogOf(page)
  await expect(dialog.getByRole('img', { name: /^Sample \d+: \d$/u })).toHaveCount(25)
  await expect(dialog).toContainText('2 000 of 28 × 28')
  // Something is painted: no canvas is of one colour.
  const colours = await dialog
    .locator('canvas')
    .evaluateAll((all) =>
      (all as HTMLCanvasElement[]).map((canvas) => new Set(canvas.getContext('2d')!.getImageData(0, 0, 28, 28).data).size),
    )
  expect(Math.min(...colours)).toBeGreaterThan(5)
  await dialog.getByRole('button', { name: 'Accept' }).click()
  await untilReady(page)
  await expect(page.getByLabel('Data', { exact: true })).toHaveValue('file')
  await runButton(page).click()
  await reachStep(page, 3)
  expect(trouble).toEqual({ errors: [], foreign: [] })
})

test('a file that cannot be used says why in one sentence and changes nothing', async ({ page, baseURL }) => {
  const trouble = listenForTrouble(page, baseURL!)
  await page.goto('./')
  await untilReady(page)
  await runButton(page).click()
  await reachStep(page, 20)
  const address = page.url()
  for (const [bad, sentence] of [
    [textFile('notes.csv', '1,2\n3,hello'), 'The data file notes.csv has "hello" in line 2, column 2, which is no number.'],
    [
      { name: 'a.gz', bytes: gzipped(idxBytes([9, 2, 2], new Uint8Array(36))).slice(0, 30) },
      'The data file a.gz is damaged: it cannot be decompressed.',
    ],
    [textFile('empty.csv', ''), 'The data file empty.csv is empty.'],
  ] as const) {
    await drop(page, [bad])
    await expect(dialogOf(page).getByRole('alert')).toHaveText(sentence)
    await page.keyboard.press('Escape')
    await expect(dialogOf(page)).toBeHidden()
  }
  expect(page.url()).toBe(address)
  await expect(page.getByLabel('Data', { exact: true })).toHaveValue('point')
  await reachStep(page, 60)
  expect(trouble).toEqual({ errors: [], foreign: [] })
})

for (const theme of ['light', 'dark'] as const) {
  test(`axe finds nothing in the preview in the ${theme} theme`, async ({ page }) => {
    await page.goto(`./?theme=${theme}`)
    await untilReady(page)
    for (const files of [[IRIS], await mnistPair()]) {
      await drop(page, files)
      await expect(dialogOf(page).getByRole('button', { name: 'Accept' })).toBeVisible()
      const { violations } = await new AxeBuilder({ page })
        .include('dialog[open]')
        .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
        .analyze()
      expect(violations.map(({ id, nodes }) => `${id} ${nodes.map((node) => node.target.join(' ')).join(', ')}`)).toEqual([])
      await page.keyboard.press('Escape')
    }
  })
}

test('words are classes, and two of them one number for the logistic loss', async ({ page }) => {
  const rows = Array.from({ length: 60 }, (_, i) => `${i % 7},${i % 2 === 0 ? i : -i},${i % 2 === 0 ? 'yes' : 'no'}`)
  await page.goto('./')
  await untilReady(page)
  await drop(page, [textFile('answers.csv', rows.join('\n'))])
  const dialog = dialogOf(page)
  await expect(dialog).toContainText('The last column is read as classes, because it holds words.')
  await expect(dialog.getByRole('listitem')).toHaveText(['no30', 'yes30'])
  await dialog.getByRole('button', { name: 'Accept' }).click()
  await untilReady(page)
  await page.getByRole('button', { name: 'More settings' }).click()
  await page.getByRole('combobox', { name: 'Loss', exact: true }).selectOption('logistic')
  await expect(page.getByRole('combobox', { name: 'Targets', exact: true })).toHaveValue('signs')
  await page.keyboard.press('Escape')
  await untilReady(page)
  await runButton(page).click()
  await reachStep(page, 20)
  await expect(page).toHaveURL(/targets=signs/u)
})

test('a table has as many targets as its owner says, and the link says so', async ({ page }) => {
  const rows = Array.from({ length: 60 }, (_, i) => [i, i / 3, 2 * i + 0.5, 1 - i / 7].join(','))
  await page.goto('./')
  await untilReady(page)
  await drop(page, [textFile('curves.csv', rows.join('\n'))])
  const dialog = dialogOf(page)
  await dialog.getByLabel('Last columns that are predicted').fill('2')
  await dialog.getByLabel('Last columns that are predicted').press('Enter')
  await expect(dialog).toContainText('The last 2 columns are read as numbers to be predicted, as chosen.')
  await expect(dialog).toContainText('60 of 2 numbers')
  await dialog.getByRole('button', { name: 'Accept' }).click()
  await untilReady(page)
  await runButton(page).click()
  await reachStep(page, 20)
  await expect(page).toHaveURL(/\.1\.2\.1\.n2\.curves\.csv/u)
})
