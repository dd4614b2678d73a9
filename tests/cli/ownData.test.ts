// ownData: does the command line read files of one's own as the page does?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ownData } from '../../src/cli/train/ownData.ts'
import { DEFAULT_EXPERIMENT, DEFAULT_MLP } from '../../src/core/defaults.ts'
import { faultOf } from '../data/faultOf.ts'
import { csvOf } from '../data/ownFile/buildFiles.ts'

let folder: string
let table: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'own-'))
  table = join(folder, 'flowers.csv')
  writeFileSync(table, csvOf(60))
})
afterAll(() => rmSync(folder, { recursive: true }))

test('ownData gives the experiment of the page, named by the file and not by its folder', async () => {
  const { experiment, samples } = await ownData([table], DEFAULT_EXPERIMENT)
  expect(experiment.data).toMatchObject({ kind: 'file', trainCount: 48, testCount: 12, file: { name: 'flowers.csv', classes: 3 } })
  expect([experiment.model.kind, samples.count]).toEqual(['mlp', 60])
})

test('ownData leaves an experiment that names the file as it is, and refuses another file', async () => {
  const { experiment } = await ownData([table], DEFAULT_MLP)
  const changed = { ...experiment, data: { ...experiment.data, trainCount: 20 } }
  expect((await ownData([table], changed)).experiment).toEqual(changed)
  const other = join(folder, 'other.csv')
  writeFileSync(other, csvOf(61))
  await expect(ownData([other], experiment)).rejects.toThrow(/^--data: another file, got other\.csv \(SHA-256 .*expected flowers\.csv/u)
})

test('ownData says which path is none, and which file is no data', async () => {
  await expect(ownData([join(folder, 'none.csv')], DEFAULT_MLP)).rejects.toThrow(/^--data: no such file/u)
  const bad = join(folder, 'bad.csv')
  writeFileSync(bad, '1,2\n3,x')
  expect((await faultOf(() => ownData([bad], DEFAULT_MLP))).detail).toContain('The data file bad.csv has "x"')
})
