// Does a question stay while one plays with its lesson, and leave when it would ask about something else?
import { describe, expect, test } from 'vitest'
import { DEFAULT_EXPERIMENT } from '../../src/core/defaults.ts'
import { parseExperiment } from '../../src/core/parseExperiment.ts'
import { findLesson, LESSONS } from '../../src/lessons/catalogue.ts'
import { questionStands } from '../../src/lessons/questionStands.ts'
import { stateOfHash } from '../../src/store/effects/address.ts'
import { createLabStore } from '../../src/store/labStore.ts'
import { questionOf } from '../../src/ui/question.ts'

const lessonOf = (id: string) => findLesson(id, null)!
/** What the page shows for an address. */
const shownFor = (hash: string) => questionOf({ ...createLabStore().getState(), ...stateOfHash(hash, createLabStore().getState()) })

describe.each(LESSONS.map((lesson) => [lesson.id, lesson] as const))('the question of %s', (_id, lesson) => {
  test('stands for its lesson, its twist, and whatever its sliders reach', () => {
    const { experiment, twist } = lesson
    expect(questionStands(lesson, experiment)).toBe(true)
    expect(questionStands(lesson, twist.experiment)).toBe(true)
    const played = {
      ...experiment,
      seed: 99,
      steps: 77,
      batch: 3,
      model: { ...experiment.model, depth: 5, width: 9 },
      init: { ...experiment.init, tau: 1.1 },
      optimizer: { ...experiment.optimizer, lr: 0.3 },
    }
    expect(questionStands(lesson, played)).toBe(true)
  })
  test('leaves with another kind of network, other data, or another loss', () => {
    const { experiment } = lesson
    const kind = experiment.model.kind === 'mlp' ? 'cnn' : 'mlp'
    expect(questionStands(lesson, { ...experiment, model: { ...experiment.model, kind } })).toBe(false)
    const data = experiment.data.kind === 'mixture' ? 'digits' : 'mixture'
    expect(questionStands(lesson, { ...experiment, data: { ...experiment.data, kind: data } })).toBe(false)
    expect(questionStands(lesson, { ...experiment, loss: { kind: 'logistic', reduction: 'mean' } })).toBe(false)
  })
  test('names fields that the experiment or arm B really has', () => {
    for (const path of lesson.about ?? []) expect(path).toMatch(/^(optimizer|versus)\./)
  })
})

describe('what a question compares', () => {
  test('must still be there: without arm B there is no race', () => {
    const race = lessonOf('race')
    expect(questionStands(race, { ...race.experiment, versus: null })).toBe(false)
    expect(questionStands(race, { ...race.experiment, optimizer: { ...race.experiment.optimizer, kind: 'adam' } })).toBe(false)
    expect(questionStands(race, { ...race.experiment, versus: { ...race.experiment.versus, model: { depth: 3 } } })).toBe(false)
  })
  test('may take another number', () => {
    const freeze = lessonOf('freeze')
    expect(questionStands(freeze, { ...freeze.experiment, versus: { model: { width: 128 } } })).toBe(true)
    expect(questionStands(freeze, { ...freeze.experiment, versus: { model: { depth: 3 } } })).toBe(false)
  })
  test('is asked again when the change is undone', () => {
    const { experiment } = parseExperiment({ model: { kind: 'mlp' } }, DEFAULT_EXPERIMENT)
    const lesson = { id: 'race', revision: 1 }
    expect(questionOf({ lesson, experiment }).left?.id).toBe('race')
    expect(questionOf({ lesson, experiment: DEFAULT_EXPERIMENT })).toEqual({ lesson: lessonOf('race'), left: null })
  })
})

describe('a link', () => {
  test("that puts a network of images on a lesson of chains does not ask the lesson's question", () => {
    expect(shownFor('#v=1&l=vanish.1&model=cnn')).toEqual({ lesson: null, left: lessonOf('vanish') })
    expect(shownFor('#v=1&p=race.1&model=cnn&data=digits')).toMatchObject({ lesson: null, left: { id: 'race' } })
  })
  test('that only turns the knobs of a lesson keeps it', () => {
    expect(shownFor('#v=1&l=race.1&depth=12&seed=7&lr=0.2')).toMatchObject({ lesson: { id: 'race' }, left: null })
  })
})
