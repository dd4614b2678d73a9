// loadDataset in a real browser: its own DecompressionStream and crypto.subtle, files served over http
import { expect, test } from 'vitest'
import { loadDataset } from '../../src/data/loadDataset.ts'
import type { ReadAsset } from '../../src/data/readAsset.ts'
import { sha256, sha256ByHand } from '../../src/data/sha256.ts'
import { faultOf } from './faultOf.ts'
import { GOLDEN_INPUTS } from './goldenInputs.ts'

const fetchFromRoot: ReadAsset = async (name, options) => {
  const response = await fetch(`/${name}`, { signal: options?.signal })
  if (!response.ok) throw new Error(`status ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}
const settings = {
  kind: 'fashionMnist',
  side: 7,
  trainCount: 10_000,
  testCount: 2000,
  inputs: 1,
  outputs: 1,
  scaling: 'unit',
  noise: 0,
  targets: 'labels',
  file: null,
} as const

test('loadDataset gives the same bits in the browser as in Node', async () => {
  const { train, test } = await loadDataset(settings, { readAsset: fetchFromRoot, seed: 1 })
  expect([train.count, test.count]).toEqual([10_000, 2000])
  expect(await sha256(new Uint8Array(train.inputs.buffer))).toBe(GOLDEN_INPUTS)
})

test('loadDataset says that a file is missing when the server answers with its start page', async () => {
  const readAsset: ReadAsset = (name, options) => fetchFromRoot(name.replace('mnist-2', 'mnist-none'), options)
  expect(await faultOf(() => loadDataset(settings, { readAsset, seed: 1 }))).toMatchObject({
    type: 'dataMissing',
    file: 'data/fashion-mnist-2.bin',
  })
})

test('loadDataset refuses a damaged file', async () => {
  const readAsset: ReadAsset = async (name, options) => {
    const bytes = await fetchFromRoot(name, options)
    if (name.endsWith('4.bin')) bytes[1000] ^= 1
    return bytes
  }
  expect(await faultOf(() => loadDataset(settings, { readAsset, seed: 1 }))).toMatchObject({
    type: 'dataCorrupt',
    file: 'data/fashion-mnist-4.bin',
  })
})

test('sha256ByHand agrees with the browser', async () => {
  const bytes = await fetchFromRoot('data/digits.bin')
  expect(sha256ByHand(bytes)).toBe(await sha256(bytes))
})
