// parseManifest
import { describe, expect, test } from 'vitest'
import { MANIFEST_NAME, parseManifest } from '../../src/data/manifest.ts'
import { faultOf } from './faultOf.ts'
import { readPublic } from './readPublic.ts'

const text = new TextDecoder().decode(await readPublic(MANIFEST_NAME))

/** The shipped manifest with one value replaced; the path is written like `sets.0.shards.0.file`. */
function changed(path: string, value: unknown): string {
  const root: unknown = JSON.parse(text)
  const keys = path.split('.')
  const last = keys.pop()!
  const parent = keys.reduce((node, key) => (node as Record<string, unknown>)[key], root) as Record<string, unknown>
  if (value === undefined) delete parent[last]
  else parent[last] = value
  return JSON.stringify(root)
}

describe('parseManifest', () => {
  test('reads the shipped list', () => {
    const manifest = parseManifest(text, MANIFEST_NAME)
    expect(manifest.sets.map((set) => set.name)).toEqual(['fashionMnist', 'digits'])
    expect(manifest).toEqual(JSON.parse(text))
  })

  test.each([
    ['no JSON', text.slice(0, 100), 'not valid JSON'],
    ['a list at the top', '[]', 'the file is not an object'],
    ['another format', changed('format', 'x'), 'not a data manifest of version 1'],
    ['a later version', changed('version', 2), 'not a data manifest of version 1'],
    ['no sets', changed('sets', []), 'sets is not a list'],
    ['a set that is null', changed('sets.0', null), 'sets[0] is not an object'],
    ['a side of half a pixel', changed('sets.0.height', 0.5), 'sets[0].height'],
    ['a side given as text', changed('sets.0.width', '28'), 'sets[0].width'],
    ['a missing title', changed('sets.1.title', undefined), 'sets[1].title'],
    ['a title with a line break', changed('sets.1.title', 'a\nb'), 'sets[1].title'],
    ['a class name that is a number', changed('sets.0.classNames.3', 3), 'sets[0].classNames[3]'],
    ['a file outside the folder', changed('sets.0.shards.0.file', '../secret.bin'), 'sets[0].shards[0].file'],
    ['a file on another site', changed('sets.0.shards.0.file', 'https://example.org/a.bin'), 'sets[0].shards[0].file'],
    ['a digest that is too short', changed('sets.0.shards.0.sha256', 'abc'), 'sets[0].shards[0].sha256'],
    ['a content of a gigabyte', changed('sets.0.shards.0.contentBytes', 2 ** 30), 'sets[0].shards[0].contentBytes'],
    ['a negative count', changed('sets.0.shards.0.train', -1), 'sets[0].shards[0].train'],
  ])('refuses %s and says where', async (_what, spoilt, words) => {
    const fault = await faultOf(() => parseManifest(spoilt, MANIFEST_NAME))
    expect(fault).toMatchObject({ type: 'dataCorrupt', file: MANIFEST_NAME })
    expect(fault.detail).toContain(words)
  })

  test('takes nothing from a poisoned prototype', async () => {
    const spoilt = changed('sets.0.title', undefined).replace('"name":"fashionMnist"', '"name":"fashionMnist","__proto__":{"title":"x"}')
    expect((await faultOf(() => parseManifest(spoilt, 'm'))).detail).toContain('sets[0].title')
  })
})
