// Does every link that was ever published still mean what it meant?
//
// The file only grows. A new field of the experiment may appear in the result, so each link is compared field by field
// with what it meant on its first day; a red line here is never mended by editing the file.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { LESSONS } from '../../src/lessons/catalogue.ts'
import { decodeLink } from '../../src/share/decodeLink.ts'
import { lessonPreset } from '../../src/share/presets.ts'

interface PublishedLink {
  readonly what: string
  readonly hash: string
  readonly presetId: string | null
  readonly notices: readonly string[]
  readonly experiment: Readonly<Record<string, unknown>>
}

const LINKS = JSON.parse(readFileSync(new URL('../fixtures/links.json', import.meta.url), 'utf8')) as readonly PublishedLink[]

describe('a published link', () => {
  test.each(LINKS)('keeps its meaning: $what', ({ hash, presetId, notices, experiment }) => {
    const decoded = decodeLink(hash, lessonPreset)
    expect(decoded.experiment).toMatchObject(experiment)
    expect(decoded.presetId).toBe(presetId)
    expect(decoded.notices.map(({ path, problem }) => `${path} ${problem}`)).toEqual(notices)
  })

  test('stands in the file for every lesson', () => {
    const named = new Set(LINKS.map(({ presetId }) => presetId))
    expect(LESSONS.filter(({ id, revision }) => !named.has(`${id}.${revision}`)).map(({ id }) => id)).toEqual([])
  })
})
